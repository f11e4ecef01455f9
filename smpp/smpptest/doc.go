// Package smpptest plays the other side of an SMPP connection in tests: an [SMSC] that follows a script and can break
// every habit of a carrier, and an [ESME] whose every octet the test decides about.
//
// Both speak through any net.Conn, so that they work in a testing/synctest bubble with net.Pipe as well as over TCP. They
// know the codec of package smpp and nothing of package smppconn: what they test is not what they are made of.
package smpptest
