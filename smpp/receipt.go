package smpp

import (
	"bytes"
	"strings"
	"unicode/utf16"
)

// Receipt is what a delivery receipt says about an earlier message. The texts are word for word as they came.
//
// SMPP 3.4 Appendix B
type Receipt struct {
	// MessageID is the message_id that the SMSC gave to the message. Some SMSCs write it in hexadecimal in one place and
	// in decimal in the other, or fill it up with zeros: compare with care.
	MessageID string
	// Sub and Dlvrd count the messages that were submitted and delivered, usually "001". Often missing.
	Sub, Dlvrd string
	// SubmitDate and DoneDate are when the message was submitted and reached its state: see [ParseReceiptDate].
	SubmitDate, DoneDate string
	// Stat is the word for the state, such as "DELIVRD", or one of the carrier's own.
	Stat string
	// State is what Stat means, or the TLV message_state, which wins. [StateUnknown] if there is neither, or if Stat is
	// no word of the standard.
	State MessageState
	// Err is the network's or the SMSC's own error code, usually "000".
	Err string
	// NetworkErrorCode is the TLV of that name, zero if there is none.
	NetworkErrorCode NetworkErrorCode
	// Text is the beginning of the message, at most 20 characters by the standard.
	Text string
}

// Receipt reads the delivery receipt that the PDU brings: the text of Appendix B, and the TLVs receipted_message_id,
// message_state and network_error_code, which win over the text. Ask [ESMClass.IsReceipt] first.
//
// The error is [ErrReceipt] if neither says which message it is about or what became of it. That is still a receipt,
// though one that cannot be matched, and no message for people.
//
// SMPP 3.4 §2.11 and Appendix B
func (p *DeliverSM) Receipt() (Receipt, error) {
	return receipt(p.ESMClass, p.UserData(), p.TLVs)
}

// Receipt is [DeliverSM.Receipt].
//
// SMPP 3.4 §2.11 and Appendix B
func (p *DataSM) Receipt() (Receipt, error) {
	return receipt(p.ESMClass, p.UserData(), p.TLVs)
}

func receipt(c ESMClass, data []byte, l TLVs) (Receipt, error) {
	if c.UDHI() && len(data) > 0 && int(data[0]) < len(data) {
		data = data[1+int(data[0]):]
	}
	r, err := ParseReceipt(data)
	if id, ok := l.ReceiptedMessageID(); ok && id != "" {
		r.MessageID, err = id, nil
	}
	if state, ok := l.MessageState(); ok {
		r.State, err = state, nil
	}
	r.NetworkErrorCode, _ = l.NetworkErrorCode()
	return r, err
}

// ParseReceipt reads the text of a delivery receipt:
//
//	id:0123456789 sub:001 dlvrd:001 submit date:2611231457 done date:2611231458 stat:DELIVRD err:000 text:Hello
//
// The fields may come in any order and any may be missing; names are read in any case; spaces after the colon, commas
// between the fields, dates with seconds, century or punctuation, and the text in UCS-2 are taken. The message's own text
// is kept from passing for a field: after stat, everything behind "text:" is text, and where the text comes before stat,
// only an unbroken row of fields with stat at the very end counts.
//
// The error is [ErrReceipt] if the text has neither id nor stat. Nothing of text is kept.
//
// SMPP 3.4 Appendix B
func ParseReceipt(text []byte) (Receipt, error) {
	s := receiptString(text)
	r := Receipt{State: StateUnknown}
	rest, hasText := r.parseFields(s)
	if hasText {
		r.Text = rest
		if r.Stat == "" {
			if at := fieldsAtEnd(rest); at >= 0 {
				r.Text = strings.TrimRight(rest[:at], " ")
				r.parseFields(rest[at:])
			}
		}
	}
	if state, ok := ParseStat(r.Stat); ok {
		r.State = state
	}
	if r.MessageID == "" && r.Stat == "" {
		return r, ErrReceipt
	}
	return r, nil
}

// receiptString turns UCS-2 into UTF-8 and takes off NULs and spaces at the ends.
func receiptString(text []byte) string {
	if len(text) >= 2 && text[0] == 0 && text[1] != 0 {
		units := make([]uint16, len(text)/2)
		for i := range units {
			units[i] = uint16(text[2*i])<<8 | uint16(text[2*i+1])
		}
		return strings.Trim(string(utf16.Decode(units)), "\x00")
	}
	return string(bytes.Trim(text, "\x00"))
}

// receiptField is a field of a receipt's text.
type receiptField int

const (
	noField receiptField = iota
	fieldID
	fieldSub
	fieldDlvrd
	fieldSubmitDate
	fieldDoneDate
	fieldStat
	fieldErr
	fieldText
)

// fieldAt finds the name of a field with its colon at the beginning of s, and how long both are.
func fieldAt(s string) (receiptField, int) {
	for _, f := range [...]struct {
		name  string
		field receiptField
	}{
		{"id:", fieldID},
		{"sub:", fieldSub},
		{"dlvrd:", fieldDlvrd},
		{"submit date:", fieldSubmitDate},
		{"submit_date:", fieldSubmitDate},
		{"submitdate:", fieldSubmitDate},
		{"done date:", fieldDoneDate},
		{"done_date:", fieldDoneDate},
		{"donedate:", fieldDoneDate},
		{"stat:", fieldStat},
		{"status:", fieldStat},
		{"err:", fieldErr},
		{"error:", fieldErr},
		{"text:", fieldText},
	} {
		if len(s) >= len(f.name) && strings.EqualFold(s[:len(f.name)], f.name) {
			return f.field, len(f.name)
		}
	}
	return noField, 0
}

// value reads the value of a field from s, which begins after the colon: what it is, and how many octets it takes with
// the spaces before it. A date may have a time after a space.
func (f receiptField) value(s string) (string, int) {
	from := 0
	for from < len(s) && isSpace(s[from]) {
		from++
	}
	if next, _ := fieldAt(s[from:]); next != noField {
		return "", 0
	}
	to := from
	for to < len(s) && !isSeparator(s[to]) {
		to++
	}
	if f == fieldSubmitDate || f == fieldDoneDate {
		at := to + 1
		if to < len(s) && s[to] == ' ' && at < len(s) && isDigit(s[at]) {
			to = at
			for to < len(s) && !isSeparator(s[to]) {
				to++
			}
		}
	}
	return s[from:to], to
}

// isSpace also sees a NUL as a space: some SMSCs end fields with it.
func isSpace(c byte) bool     { return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0 }
func isSeparator(c byte) bool { return isSpace(c) || c == ',' || c == ';' }
func isDigit(c byte) bool     { return '0' <= c && c <= '9' }

// parseFields reads the fields up to the text, each where it stands first, and returns the text.
func (r *Receipt) parseFields(s string) (text string, ok bool) {
	for at := 0; at < len(s); {
		if isSeparator(s[at]) {
			at++
			continue
		}
		f, n := fieldAt(s[at:])
		if f == fieldText {
			return s[at+n:], true
		}
		if f == noField {
			for at < len(s) && !isSeparator(s[at]) {
				at++
			}
			continue
		}
		v, m := f.value(s[at+n:])
		if field := r.field(f); *field == "" {
			*field = v
		}
		at += n + m
	}
	return "", false
}

// field is where the value of f belongs.
func (r *Receipt) field(f receiptField) *string {
	switch f {
	case fieldID:
		return &r.MessageID
	case fieldSub:
		return &r.Sub
	case fieldDlvrd:
		return &r.Dlvrd
	case fieldSubmitDate:
		return &r.SubmitDate
	case fieldDoneDate:
		return &r.DoneDate
	case fieldStat:
		return &r.Stat
	case fieldErr:
		return &r.Err
	}
	return &r.Text
}

// fieldsAtEnd finds where the unbroken row of fields at the end of s begins, -1 if s does not end with one or stat is not
// among them.
func fieldsAtEnd(s string) int {
	begin, stat := -1, false
	for at := 0; at < len(s); {
		if isSeparator(s[at]) {
			at++
			continue
		}
		f, n := fieldAt(s[at:])
		if f == noField || f == fieldText {
			begin, stat = -1, false
			for at < len(s) && !isSeparator(s[at]) {
				at++
			}
			continue
		}
		if begin < 0 {
			begin = at
		}
		stat = stat || f == fieldStat
		_, m := f.value(s[at+n:])
		at += n + m
	}
	if !stat {
		return -1
	}
	return begin
}

// AppendText appends the text of Appendix B to dst. Empty fields are left out; Stat is made from State if it is empty.
// [ParseReceipt] reads it back as long as no value but Text has spaces, commas or semicolons.
//
// SMPP 3.4 Appendix B
func (r Receipt) AppendText(dst []byte) []byte {
	stat := r.Stat
	if stat == "" {
		stat = r.State.Stat()
	}
	begin := len(dst)
	for _, f := range [...]struct{ name, value string }{
		{"id:", r.MessageID},
		{"sub:", r.Sub},
		{"dlvrd:", r.Dlvrd},
		{"submit date:", r.SubmitDate},
		{"done date:", r.DoneDate},
		{"stat:", stat},
		{"err:", r.Err},
	} {
		if f.value == "" {
			continue
		}
		if len(dst) > begin {
			dst = append(dst, ' ')
		}
		dst = append(append(dst, f.name...), f.value...)
	}
	if r.Text != "" {
		dst = append(append(dst, " text:"...), r.Text...)
	}
	return dst
}
