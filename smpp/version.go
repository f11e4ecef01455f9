package smpp

import "fmt"

// InterfaceVersion is the version of SMPP that a side speaks: interface_version of a bind, sc_interface_version of its
// response. Any value is taken when read.
//
// SMPP 3.4 §5.2.4, SMPP 5.0 §4.7.13
type InterfaceVersion uint8

// Versions. 0x00 to 0x32 also mean 3.3 or earlier. A peer whose bind response does not tell its version speaks 3.3, says
// SMPP 3.4 §5.3.2.25; in practice many that speak 3.4 forget to tell.
const (
	Version33 InterfaceVersion = 0x33
	Version34 InterfaceVersion = 0x34
	Version50 InterfaceVersion = 0x50
)

// HasTLVs reports whether a peer of this version understands TLVs and bind_transceiver. Nothing newer than 3.3 may be
// sent to one that does not.
//
// SMPP 3.4 §3.4
func (v InterfaceVersion) HasTLVs() bool { return v >= Version34 }

// String is "3.4" for 0x34 and so on, "3.3 or earlier" for what is below 0x33.
func (v InterfaceVersion) String() string {
	if v < Version33 {
		return "3.3 or earlier"
	}
	return fmt.Sprintf("%d.%d", uint8(v)>>4, uint8(v)&0x0F)
}
