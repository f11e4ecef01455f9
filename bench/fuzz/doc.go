// Package fuzz throws bytes at the parsers of what comes from outside that no single package can be asked about: the calls of
// every kind of provider. It holds no code outside its tests.
//
// What it checks: nothing panics or hangs, what proves nothing changes nothing, and what is believed can be stored.
package fuzz
