package smsir

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Receipt is one delivery report as it arrived from a provider. It is stored, deduplicated and
// matched before the provider gets its acknowledgement.
type Receipt struct {
	ID        ID   // given by the store
	Provider  UUID // the provider that reported it; receipts never cross providers
	Reference string
	Aliases   []string // what Reference may be as well, likeliest first, where a provider writes its ids in several ways
	Attempt   ID       // ours, where the provider carries it back; 0 otherwise
	To        string   // E.164 of the recipient, "" when the report does not say
	Status    Status   // Sent (not final), Delivered, Undelivered or Expired
	NonSend   bool     // the provider says the message definitely never left it (move T21)
	Part      bool     // it is about one part of several; otherwise, about the whole message
	DoneAt    time.Time
	ArrivedAt time.Time
	Code      string // the provider's error code, word for word
	Raw       string // the report as it came, at most 4 KiB
	Error     *Failure
	Price     Money  // what the provider says it charged; zero when it does not say
	Network   string // the recipient's mobile network: MCC and MNC as the provider writes them, "" when it does not say
	Fraud     bool   // Error is of ClassBlocked because of suspected fraud, not because the recipient opted out
	Unmapped  bool   // the adapter's table does not have the code: it is counted and told
}

// Inbound is one message from a handset (MO), whole or a part of one.
type Inbound struct {
	ID         ID   // given by the store
	Workspace  UUID // given by the store, from the provider
	Provider   UUID
	Reference  string // the provider's id; "" when it gives none
	From       string // E.164 where it is a number, else as it came
	To         string
	Text       string
	ReceivedAt time.Time
	Raw        string // as it came, at most 4 KiB

	// Part is set if this is one part of a longer message: there is no Text then. Parts are kept on disk and
	// put together; Incomplete says that some never came.
	Part       *InboundPart
	Incomplete bool

	TextRemovedAt time.Time // when the workspace's rule removed the text; zero while Text is the text
}

// InboundPart is one part of a concatenated message (3GPP TS 23.040 §9.2.3.24.1).
type InboundPart struct {
	Reference uint16 // the same for all parts of a message
	Total     uint8  // parts of the message, from 2
	Number    uint8  // of this part, 1 to Total
	Encoding  Encoding
	Locking   uint8  // national language of the locking shift table, 0 for none; GSM 7-bit only
	Single    uint8  // likewise of the single shift table
	Data      []byte // without header: septets, one in each octet, or UTF-16 with the high octet first
}

// RawLimit is how much of a report is kept as it came, in bytes.
const RawLimit = 4 << 10

// Storable returns what every database takes of a text from outside: at most limit bytes of UTF-8, without NUL. What is
// no character becomes U+FFFD.
func Storable(text string, limit int) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\ufffd"), "\x00", "\ufffd")
	if len(text) <= limit {
		return text
	}
	for !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit]
}
