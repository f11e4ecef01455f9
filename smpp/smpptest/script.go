package smpptest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/smsir/smsir/smpp"
)

// Script says how an [SMSC] behaves. The zero value is a well-behaved carrier without receipts. The functions are called
// one at a time.
type Script struct {
	// Bind answers the n-th bind, from 1; nil accepts.
	Bind func(n int, p *smpp.Bind) Answer
	// Submit answers the n-th submit_sm, from 1; nil accepts it.
	Submit func(n int, p *smpp.SubmitSM) Answer
	// Query and Cancel answer query_sm and cancel_sm; nil refuses. A status RINVCMDID comes as generic_nack.
	Query  func(p *smpp.QuerySM) *smpp.QuerySMResp
	Cancel func(p *smpp.CancelSM) *smpp.CancelSMResp
	// Redeliver is after how long a receipt or message comes again that was not answered with ROK; what was not answered
	// at all comes again with the next bind. 0: nothing comes again.
	Redeliver time.Duration
	// Acked is told of each delivery that was answered with ROK, if Redeliver is set; nil: nobody is.
	Acked func(p *smpp.DeliverSM)
	// Mute leaves enquire_link without answer.
	Mute bool
	// Version is the sc_interface_version of bind responses; 0 leaves it out.
	Version smpp.InterfaceVersion
	// SystemID is that of bind responses.
	SystemID string
}

// Answer is what becomes of one request. The zero value accepts at once.
type Answer struct {
	Status    smpp.CommandStatus
	MessageID string        // "" is the number of the submit_sm, in decimal
	NoID      bool          // the message_id is empty
	After     time.Duration // how late the answer is
	Silent    bool          // there is none
	Times     int           // how often it comes; 0 is once
	Sequence  func(sequence uint32) uint32
	Nack      bool   // generic_nack in its place
	Text      string // additional_status_info_text
	Unbind    bool   // unbind is sent in its place, and the connection closed when it is answered
	// Cut breaks the connection after so many octets of the answer; -1 in its place.
	Cut      int
	Receipts []Receipt
}

// Receipt is a delivery receipt about a message that was accepted.
type Receipt struct {
	State  smpp.MessageState
	Stat   string // a word of the carrier's own for it
	Err    string
	ID     func(messageID string) string // another form of it; nil is the same
	Before bool                          // it comes before the answer
	After  time.Duration                 // how long after the answer, or how long before it is sent
	Times  int                           // 0 is once
	TLVs   bool                          // receipted_message_id and message_state as well
	Text   string                        // instead of the text of SMPP 3.4 Appendix B
	// Reference sends the user_message_reference of the message back.
	Reference bool
}

// Hex turns a decimal id into a hexadecimal one, as some carriers do between answer and receipt.
func Hex(id string) string {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		return id
	}
	return strings.ToUpper(strconv.FormatUint(n, 16))
}

// Padded fills an id up with zeros to ten characters.
func Padded(id string) string { return fmt.Sprintf("%010s", id) }

// deliver makes the deliver_sm of a receipt.
func (r Receipt) deliver(p *smpp.SubmitSM, id string, now time.Time) *smpp.DeliverSM {
	if r.ID != nil {
		id = r.ID(id)
	}
	text := r.Text
	if text == "" {
		body := smpp.Receipt{
			MessageID: id, Sub: "001", Dlvrd: "001", SubmitDate: smpp.ReceiptDate(now), DoneDate: smpp.ReceiptDate(now),
			Stat: r.Stat, State: r.State, Err: r.Err, Text: "-",
		}
		if r.Err == "" {
			body.Err = "000"
		}
		text = string(body.AppendText(nil))
	}
	d := &smpp.DeliverSM{
		SourceAddrTON: p.DestAddrTON, SourceAddrNPI: p.DestAddrNPI, SourceAddr: p.DestinationAddr,
		DestAddrTON: p.SourceAddrTON, DestAddrNPI: p.SourceAddrNPI, DestinationAddr: p.SourceAddr,
		ESMClass: smpp.TypeDeliveryReceipt, ShortMessage: []byte(text),
	}
	if r.TLVs {
		d.TLVs.SetReceiptedMessageID(id)
		d.TLVs.SetMessageState(r.State)
	}
	if ref, ok := p.TLVs.UserMessageReference(); r.Reference && ok {
		d.TLVs.SetUserMessageReference(ref)
	}
	return d
}
