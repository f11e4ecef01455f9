// Package sim plays days of a gateway's life in milliseconds: the real stages on the real store, in virtual time, against
// carriers, clients, crashes and clocks that a seed draws. Afterwards the oracle judges it, and everything must have ended.
//
// It is in charge of finding what no single test thinks of. It holds no code of its own outside its tests: TestSim plays
// seeds (SIM_SEEDS of them from SIM_FIRST on) and names the ones that fail. The database of most seeds is SQLite in memory,
// of every tenth SQLite on the disk; every fortieth has several nodes on PostgreSQL (SIM_SHARED), where there is one. Doors,
// adapters and sockets are not in it.
//
// PostgreSQL runs outside the bubble. That works because a goroutine that waits for a socket does not count as blocked:
// virtual time stands still until the server has answered. The server is told the time before each call (see server).
//
// What a seed decides: everything that is drawn, each draw by what it is for and not by when it is made. What it does not
// decide: which of the goroutines that are ready at the same instant runs first, which is Go's choice, and what a server does
// first of what reaches it at the same instant. A failing seed therefore meets the same faults at the same moments again, but
// may need to be played more than once.
package sim
