package simulator

import (
	"time"

	"github.com/smsir/smsir"
)

// Range is a span of durations, both ends included.
type Range struct {
	Min, Max time.Duration
}

// Numbers of the table start with this; two digits follow. The block 555-0100 to 555-0199 is reserved for fiction.
const block = "+120255501"

// The networks of the table: MCC 001 is for tests (ITU-T E.212).
const (
	network1 = "00101"
	network2 = "00102"
)

// DefaultSender is the number that replies go to when the submission left the sender to the provider.
const DefaultSender = block + "99"

// Delays that belong to a row of the table and that no setting changes.
const (
	repeatAfter  = 300 * time.Millisecond  // between the copies of a duplicated receipt
	earlyReport  = 200 * time.Millisecond  // from the submission to a receipt that comes before the answer
	earlyAnswer  = 1500 * time.Millisecond // from the submission to the answer behind such a receipt, at the latest
	afterReport  = 300 * time.Millisecond  // from the receipt, once taken, to that answer
	replyExcerpt = 100                     // characters of the text that a reply quotes
)

// script is what the carrier does with a submission to a number.
type script struct {
	does     string       // for people, and the row in docs/simulator.md
	refusals int          // how many submissions of one message it refuses before it takes one
	refusal  refusal      // what it answers then
	silent   bool         // takes the message and never answers
	mute     bool         // reports nothing, and a status query learns nothing
	early    bool         // reports before it answers
	answer   Range        // from the submission; zero: as configured
	report   Range        // from the answer, or from the end of the response timer; zero: as configured
	status   smsir.Status // what it reports
	copies   int          // how often
	reply    Range        // from the report to the recipient's reply; zero: no reply
}

// refusal is a negative answer.
type refusal struct {
	verdict    Verdict
	state      smsir.AttemptState
	class      smsir.FailureClass
	retryAfter time.Duration
	code       string
	text       string
	wireCode   string // SMPP 3.4 §5.1.3, command_status
	wireText   string
}

const always = 1 << 30

func invalidAddress() refusal {
	return refusal{
		verdict: Refused, state: smsir.AttemptRefused, class: smsir.ClassPermanent, code: "refused",
		text: "The simulator refused the number for good.", wireCode: "0x0000000B", wireText: "ESME_RINVDSTADR invalid destination address",
	}
}

func systemError() refusal {
	return refusal{
		verdict: Refused, state: smsir.AttemptRefused, class: smsir.ClassRetry, code: "refused",
		text: "The simulator refused the message for now.", wireCode: "0x00000008", wireText: "ESME_RSYSERR system error, try again",
	}
}

// throttled counts as not sent: the carrier says that it dropped the submission unread.
func throttled() refusal {
	return refusal{
		verdict: Throttled, state: smsir.AttemptNotSent, class: smsir.ClassThrottle, retryAfter: time.Second, code: "throttled",
		text: "The simulator asked to slow down.", wireCode: "0x00000058", wireText: "ESME_RTHROTTLED allowed message limits exceeded",
	}
}

func about(d time.Duration) Range { return Range{d - d/10, d + d/10} }

// scripts is the table of numbers: row NN is what happens to +1 202 555 01NN.
func scripts() []script {
	return []script{
		0:  {does: "Delivered", status: smsir.Delivered, copies: 1},
		1:  {does: "Slow: answered after about 1.5 s, delivered about 5 s later", status: smsir.Delivered, copies: 1, answer: about(1500 * time.Millisecond), report: about(5 * time.Second)},
		2:  {does: "Accepted, then undelivered", status: smsir.Undelivered, copies: 1},
		3:  {does: "Accepted, then expired at the network", status: smsir.Expired, copies: 1},
		4:  {does: "Refused for good", refusals: always, refusal: invalidAddress()},
		5:  {does: "Refused once for now; the next attempt is accepted and delivered", refusals: 1, refusal: systemError(), status: smsir.Delivered, copies: 1},
		6:  {does: "Throttled twice with retry after 1 s, then accepted and delivered", refusals: 2, refusal: throttled(), status: smsir.Delivered, copies: 1},
		7:  {does: "No answer, so unknown; a receipt about 3 s later says delivered", silent: true, status: smsir.Delivered, copies: 1, report: about(3 * time.Second)},
		8:  {does: "No answer, no receipt, no word to a status query: unknown for ever", silent: true, mute: true},
		9:  {does: "The receipt comes before the answer", early: true, status: smsir.Delivered, copies: 1},
		10: {does: "Delivered, and the receipt comes three times", status: smsir.Delivered, copies: 3},
		11: {does: "Delivered, and about 1 s later the recipient replies", status: smsir.Delivered, copies: 1, reply: about(time.Second)},
	}
}

// scriptOf is what happens to a submission to a number: a row of the table, or row 0 for any other number. What is no
// number at all is refused.
func scriptOf(table []script, to string) *script {
	if !isE164(to) {
		return &script{refusals: always, refusal: invalidAddress()}
	}
	if nn, ok := inBlock(to); ok && nn < len(table) {
		return &table[nn]
	}
	return &table[0]
}

// inBlock gives NN of a number of the block.
func inBlock(to string) (nn int, ok bool) {
	if !isE164(to) || len(to) != len(block)+2 || to[:len(block)] != block {
		return 0, false
	}
	return int(to[len(block)]-'0')*10 + int(to[len(block)+1]-'0'), true
}

// networkOf is the network that receipts about a number name: that of its row of the table, one of two that exist nowhere. Of
// other numbers the carrier does not know the network, as many do not.
func networkOf(table []script, to string) string {
	nn, ok := inBlock(to)
	switch {
	case !ok || nn >= len(table):
		return ""
	case nn%2 == 0:
		return network1
	}
	return network2
}

// isE164 reports whether to is a plus sign and 7 to 15 digits (ITU-T E.164 §6).
func isE164(to string) bool {
	if len(to) < 8 || len(to) > 16 || to[0] != '+' {
		return false
	}
	for _, c := range []byte(to[1:]) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// reportWords are how a receipt says a status: stat and err of the receipt's text (SMPP 3.4, Appendix B).
func reportWords(s smsir.Status) (stat, code string) {
	switch s {
	case smsir.Undelivered:
		return "UNDELIV", "011"
	case smsir.Expired:
		return "EXPIRED", "034"
	}
	return "DELIVRD", "000"
}

// reportFailure explains a receipt that is not good news.
func reportFailure(s smsir.Status) *smsir.Failure {
	stat, code := reportWords(s)
	switch s {
	case smsir.Undelivered:
		return &smsir.Failure{Class: smsir.ClassPermanent, Code: "undelivered", Text: "The network could not deliver the message to the handset.", ProviderCode: code, ProviderText: stat}
	case smsir.Expired:
		return &smsir.Failure{Class: smsir.ClassRecipientTemp, Code: "expired_at_network", Text: "The handset was out of reach until the message expired at the network.", ProviderCode: code, ProviderText: stat}
	}
	return nil
}

// draws gives the random choices of one submission: the same for the same seed, attempt and count of submissions of
// that attempt, whatever else happens.
type draws struct {
	state uint64
}

// What a draw is for; each has a number of its own, so that one more draw changes no other.
const (
	drawAnswer = iota + 1
	drawReport
	drawReply
	drawReference
	drawReplyReference
	drawQuery
	drawBackoff // and up: one per try
)

func drawsOf(seed uint64, attempt smsir.ID, repeat int) draws {
	return draws{mix(mix(seed^0x736d736972)^uint64(attempt)) ^ mix(uint64(repeat)+1)}
}

// number is the draw for a purpose.
func (d draws) number(purpose int) uint64 {
	return mix(d.state + uint64(purpose)*0x9e3779b97f4a7c15)
}

// within draws a duration of whole milliseconds.
func (d draws) within(purpose int, r Range) time.Duration {
	span := uint64((r.Max-r.Min)/time.Millisecond) + 1
	return r.Min + time.Duration(d.number(purpose)%span)*time.Millisecond
}

// mix scatters the bits of x (the finaliser of SplitMix64, by Guy Steele, Doug Lea and Christine Flood, 2014).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
