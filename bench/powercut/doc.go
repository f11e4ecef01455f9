// Package powercut works out what a disk may hold after the power was cut, at any moment of a run of a program that keeps its
// data in one folder.
//
// The program runs as its users get it, under strace ([Command]), which writes down each change that it asks the system for,
// with the bytes, and when it came back ([Recorder]). A [Disk] replays that record. What a sync covered is on the disk; what
// came later may be there in part, in another order, with torn writes, or not at all ([Mode]); the same goes for names made
// and removed since the folder was synced. [Disk.Cut] draws one such state.
//
// It is in charge of states that a disk may be in, and of saying so when a record is not whole: a call that it does not
// understand is an error, and [Disk.Verify] compares the replay with the real folder, byte for byte. It is not in charge of
// load, nor of what must be in an image.
//
// What it assumes: a sync that came back is kept; a write harms no byte outside its own range; a file's name is on the disk
// when its folder was synced, as POSIX has it, and not already when the file was. Writes through a shared memory map are not
// seen; a file that is written so must be left out.
package powercut
