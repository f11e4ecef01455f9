package smpp

import "fmt"

// TON is the type of number of an address: addr_ton, source_addr_ton, dest_addr_ton, esme_addr_ton.
//
// SMPP 3.4 §5.2.5
type TON uint8

// Types of number.
//
// SMPP 3.4 §5.2.5
const (
	TONUnknown          TON = 0
	TONInternational    TON = 1 // digits with country code, usually without "+"
	TONNational         TON = 2
	TONNetworkSpecific  TON = 3 // also used for short codes
	TONSubscriberNumber TON = 4
	TONAlphanumeric     TON = 5 // a name, at most 11 characters of GSM 7-bit
	TONAbbreviated      TON = 6 // also used for short codes
)

// String names the type of number.
func (t TON) String() string {
	switch t {
	case TONUnknown:
		return "unknown"
	case TONInternational:
		return "international"
	case TONNational:
		return "national"
	case TONNetworkSpecific:
		return "network specific"
	case TONSubscriberNumber:
		return "subscriber number"
	case TONAlphanumeric:
		return "alphanumeric"
	case TONAbbreviated:
		return "abbreviated"
	}
	return fmt.Sprintf("TON %d", uint8(t))
}

// NPI is the numbering plan of an address: addr_npi, source_addr_npi, dest_addr_npi, esme_addr_npi.
//
// SMPP 3.4 §5.2.6
type NPI uint8

// Numbering plans.
//
// SMPP 3.4 §5.2.6
const (
	NPIUnknown     NPI = 0
	NPIISDN        NPI = 1  // E.163/E.164
	NPIData        NPI = 3  // X.121
	NPITelex       NPI = 4  // F.69
	NPILandMobile  NPI = 6  // E.212
	NPINational    NPI = 8  //
	NPIPrivate     NPI = 9  //
	NPIERMES       NPI = 10 //
	NPIInternet    NPI = 14 // IP
	NPIWAPClientID NPI = 18 // to be defined by the WAP Forum
)

// String names the numbering plan.
func (n NPI) String() string {
	switch n {
	case NPIUnknown:
		return "unknown"
	case NPIISDN:
		return "ISDN (E.163/E.164)"
	case NPIData:
		return "data (X.121)"
	case NPITelex:
		return "telex (F.69)"
	case NPILandMobile:
		return "land mobile (E.212)"
	case NPINational:
		return "national"
	case NPIPrivate:
		return "private"
	case NPIERMES:
		return "ERMES"
	case NPIInternet:
		return "Internet (IP)"
	case NPIWAPClientID:
		return "WAP client ID"
	}
	return fmt.Sprintf("NPI %d", uint8(n))
}
