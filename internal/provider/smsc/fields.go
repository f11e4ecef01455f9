package smsc

import "github.com/smsir/smsir"

// The settings.
const (
	settingAddress     = "address"
	settingSystemID    = "system_id"
	settingPassword    = "password"
	settingMode        = "bind"
	settingBinds       = "binds"
	settingWindow      = "window"
	settingTLS         = "tls"
	settingPin         = "tls_fingerprint"
	settingSystemType  = "system_type"
	settingVersion     = "interface_version"
	settingSender      = "sender"
	settingTo          = "dest_ton_npi"
	settingNumber      = "number_ton_npi"
	settingShort       = "short_ton_npi"
	settingName        = "name_ton_npi"
	settingPlus        = "plus"
	settingAlphabet    = "alphabet"
	settingGSM7        = "data_coding"
	settingUCS2        = "data_coding_ucs2"
	settingLong        = "long_messages"
	settingReceipts    = "receipts"
	settingValidity    = "validity_period"
	settingServiceType = "service_type"
	settingReference   = "user_message_reference"
	settingIDForm      = "message_id"
	settingWords       = "receipt_words"
	settingZone        = "receipt_zone"
	settingCodes       = "codes"
	settingTLVs        = "tlvs"
	settingNetwork     = "network_tlvs"
	settingEnquire     = "enquire_link_timer"
	settingResponse    = "response_timer"
	settingQuery       = "query_sm"
	settingQueryAfter  = "query_after"
	settingNotFound    = "query_not_found"
	settingCancel      = "cancel_sm"
)

const defaultWindow = 10

// Choices.
const (
	modeTransceiver = "transceiver"
	modeBoth        = "transmitter and receiver"
	modeTransmitter = "transmitter"

	tlsUnverified = "on, certificate not checked"

	alphabetGSM7   = "GSM 7-bit"
	alphabetLatin1 = "Latin 1"
	alphabetUCS2   = "UCS-2"

	longUDH     = "UDH"
	longUDH16   = "UDH, 16-bit reference"
	longSAR     = "SAR TLVs"
	longPayload = "message_payload"

	idLearn   = "learn"
	idAsIs    = "as it is"
	idDecimal = "decimal to hexadecimal" // the answer is decimal, the receipt hexadecimal
	idHex     = "hexadecimal to decimal"

	notFoundNothing = "says nothing"
	notFoundLost    = "is not delivered"
)

func modes() []string     { return []string{modeTransceiver, modeBoth, modeTransmitter} }
func tlsModes() []string  { return []string{"off", "on", tlsUnverified} }
func alphabets() []string { return []string{alphabetGSM7, alphabetLatin1, alphabetUCS2} }
func longs() []string     { return []string{longUDH, longUDH16, longSAR, longPayload} }
func receipts() []string  { return []string{"all", "failures", "none"} }
func versions() []string  { return []string{"3.3", "3.4", "5.0"} }
func notFounds() []string { return []string{notFoundNothing, notFoundLost} }
func idNames() []string   { return []string{idLearn, idAsIs, idDecimal, idHex} }

const planPattern = `[0-6]/[0-9]{1,2}`

// fields are the settings in the order of the form: what every carrier gives out, then what some want.
func fields() []smsir.Field {
	return []smsir.Field{
		{
			Name: settingAddress, Label: "Address", Type: "text", Required: true, Pattern: `[^\s,]+:[0-9]{1,5}([ ,]+[^\s,]+:[0-9]{1,5})*`,
			Help: "Host and port of the carrier, such as smpp.example.net:2775. Several with commas between them: the binds are spread over them.",
		},
		{Name: settingSystemID, Label: "System id", Type: "text", Required: true, Help: "The name of your account at the carrier."},
		{Name: settingPassword, Label: "Password", Type: "password", Required: true, Secret: true, Help: "The password of the system id. SMPP allows 8 characters; longer ones are sent as they are."},
		{
			Name: settingMode, Label: "Kind of bind", Type: "select", Default: modeTransceiver, Options: modes(),
			Help: "A transceiver sends and receives on one connection. Some carriers want a transmitter and a receiver apart. A transmitter alone gets no receipts.",
		},
		{Name: settingBinds, Label: "Connections", Type: "number", Default: "1", Pattern: `[1-9]|1[0-6]`, Help: "How many binds the carrier allows, 1 to 16. With a receiver apart, one more is opened."},
		{
			Name: settingWindow, Label: "Window", Type: "number", Default: "10", Pattern: `[1-9][0-9]{0,2}|1000`,
			Help: "How many messages may wait for their answer at once, over all connections together. The carrier says how many it allows.",
		},
		{
			Name: settingTLS, Label: "TLS", Type: "select", Default: "off", Options: tlsModes(),
			Help: "Whether the connection is encrypted. Without the check of the certificate anybody on the way can read along: use it for a test only.",
		},
		{
			Name: settingPin, Label: "Fingerprint of the certificate", Type: "text", Pattern: `([0-9A-Fa-f]{2}:?){32}`,
			Help: "SHA-256 of the carrier's certificate, 64 digits, if no public authority vouches for it. Then this certificate and no other is taken.",
		},
		{Name: settingSystemType, Label: "System type", Type: "text", Pattern: `.{0,12}`, Help: "system_type of the bind. Leave it empty unless the carrier asks for one."},
		{Name: settingVersion, Label: "SMPP version", Type: "select", Default: "3.4", Options: versions(), Help: "interface_version of the bind. Nearly all carriers speak 3.4."},
		{
			Name: settingSender, Label: "Default sender", Type: "text", Pattern: `\+[1-9][0-9]{6,14}|[0-9]{3,8}|[A-Za-z0-9 ]{1,11}`,
			Help: "Number with + and country code, short code, or alphanumeric sender, for messages that name none. Empty leaves it to the carrier.",
		},
		{Name: settingTo, Label: "TON/NPI of recipients", Type: "text", Default: "1/1", Pattern: planPattern, Help: "dest_addr_ton and dest_addr_npi. 1/1 is an international number."},
		{Name: settingNumber, Label: "TON/NPI of numbers", Type: "text", Default: "1/1", Pattern: planPattern, Help: "Of senders that are long numbers."},
		{Name: settingShort, Label: "TON/NPI of short codes", Type: "text", Default: "3/0", Pattern: planPattern, Help: "Of senders with 3 to 8 digits. Some carriers want 0/1 or 6/0."},
		{Name: settingName, Label: "TON/NPI of names", Type: "text", Default: "5/0", Pattern: planPattern, Help: "Of alphanumeric senders."},
		{Name: settingPlus, Label: "Numbers with plus sign", Type: "checkbox", Default: "false", Help: "Whether the carrier wants + in front of international numbers. Nearly none does."},
		{
			Name: settingAlphabet, Label: "Alphabet", Type: "select", Default: alphabetGSM7, Options: alphabets(),
			Help: "How texts without special letters travel. If @ arrives as another character, the carrier's default alphabet is Latin 1.",
		},
		{Name: settingGSM7, Label: "data_coding of GSM 7-bit", Type: "number", Default: "0", Pattern: `[0-9]{1,3}`, Help: "0 to 255. 0 is the SMSC's default alphabet."},
		{Name: settingUCS2, Label: "data_coding of UCS-2", Type: "number", Default: "8", Pattern: `[0-9]{1,3}`, Help: "0 to 255. 8 nearly everywhere; a few carriers want 24 for a flash message."},
		{
			Name: settingLong, Label: "Long messages", Type: "select", Default: longUDH, Options: longs(),
			Help: "How the parts of a long message belong together. UDH works nearly everywhere; with message_payload the carrier cuts the text itself.",
		},
		{Name: settingReceipts, Label: "Delivery receipts", Type: "select", Default: "all", Options: receipts(), Help: "Which receipts to ask for (registered_delivery)."},
		{Name: settingValidity, Label: "Tell the validity", Type: "checkbox", Default: "true", Help: "Whether validity_period is sent, as a relative time. Switch it off for carriers that refuse it."},
		{Name: settingServiceType, Label: "Service type", Type: "text", Pattern: `.{0,5}`, Help: "service_type. Leave it empty unless the carrier asks for one."},
		{
			Name: settingReference, Label: "Send a reference", Type: "checkbox", Default: "false",
			Help: "Whether user_message_reference is sent. Carriers that return it in receipts let SMSir settle messages whose answer was lost.",
		},
		{
			Name: settingIDForm, Label: "Message ids", Type: "select", Default: idLearn, Options: idNames(),
			Help: "How the ids of receipts relate to those of answers. SMSir learns it from the first receipts; set what it has learned if receipts must match right after a restart too.",
		},
		{
			Name: settingQuery, Label: "Ask for missing receipts", Type: "checkbox", Default: "false",
			Help: "Whether the carrier is asked with query_sm about messages that it took and sends no receipt for. Ask the carrier whether it answers query_sm: many do not, and some charge for it.",
		},
		{Name: settingQueryAfter, Label: "Minutes until query_sm", Type: "number", Default: "15", Pattern: `[1-9][0-9]{0,3}`, Help: "How long a receipt may take before the carrier is asked, 1 to 1440. Later questions come less and less often."},
		{
			Name: settingNotFound, Label: "A message that query_sm does not find", Type: "select", Default: notFoundNothing, Options: notFounds(),
			Help: "Carriers forget messages, delivered or not. Only if yours forgets those alone that it could not deliver, let it end as not delivered.",
		},
		{
			Name: settingCancel, Label: "Cancel at the carrier", Type: "checkbox", Default: "false",
			Help: "Whether canceling a message that the carrier has already taken asks the carrier to delete it (cancel_sm).",
		},
		{
			Name: settingWords, Label: "Words of receipts", Type: "text",
			Help: "What the carrier's own words mean, such as FAILED=undelivered, BUFFRED=sent, ACCEPTD=delivered. Values: sent, delivered, undelivered, expired.",
		},
		{
			Name: settingNetwork, Label: "Network in receipts", Type: "text", Pattern: `0[xX][0-9A-Fa-f]{1,4}( *, *0[xX][0-9A-Fa-f]{1,4})?`,
			Help: "The TLV in which receipts tell the recipient's network, such as 0x1403: MCC and MNC as digits. Two where they come apart, such as 0x1503, 0x1504. Ask the carrier; empty: it does not tell.",
		},
		{Name: settingZone, Label: "Time zone of receipts", Type: "text", Default: "UTC", Help: "The zone of the dates in receipts, such as Africa/Nairobi."},
		{
			Name: settingCodes, Label: "Meaning of errors", Type: "text",
			Help: "What the carrier's own error codes mean, such as 0x0400=blocked, 0x0421=throttle. Values: retry, throttle, permanent, config, blocked, recipient_temp.",
		},
		{
			Name: settingTLVs, Label: "Further TLVs", Type: "text",
			Help: "TLVs on every message, such as 0x1400=1101234567890123456, 0x1401=hex:0A0B: entity and template ids where the law asks for them. Text gets a NUL at its end, hex: is taken as it is.",
		},
		{Name: settingEnquire, Label: "Seconds between signs of life", Type: "number", Default: "30", Pattern: `[0-9]{1,4}`, Help: "enquire_link_timer: how long nothing may come before the carrier is asked."},
		{Name: settingResponse, Label: "Seconds to wait for an answer", Type: "number", Default: "60", Pattern: `[0-9]{1,4}`, Help: "response_timer. What comes later still counts while the connection stands."},
	}
}
