package smppconn

import (
	"bytes"
	"time"

	"github.com/smsir/smsir/smpp"
)

// Trace is one PDU as it crossed the wire, with its secrets hidden: the octets of passwords and of what people write to
// each other are stars. Of a receipt, only the part behind "text:" is.
type Trace struct {
	At     time.Time
	Sent   bool // by this side
	Header smpp.Header
	// Octets are those of the wire, of the same length. Of a PDU that could not be read there is the header only, because
	// nobody knows where its secrets are.
	Octets []byte
	Err    error // why it could not be read
}

func (c *Conn) traceRead(b []byte, p smpp.PDU, err error) {
	if c.o.Trace == nil {
		return
	}
	c.trace(false, b, p, err)
}

func (c *Conn) traceBatch(batch queue) {
	if c.o.Trace == nil {
		return
	}
	start := 0
	for _, it := range batch.items {
		b := batch.octets[start:it.end]
		_, p, err := c.o.PDU.Decode(b)
		c.trace(true, b, p, err)
		start = it.end
	}
}

func (c *Conn) trace(sent bool, b []byte, p smpp.PDU, err error) {
	t := Trace{At: time.Now(), Sent: sent, Err: err}
	t.Header, _ = smpp.ParseHeader(b) // a whole PDU has a header
	t.Octets = bytes.Clone(b[:smpp.HeaderLength])
	if err == nil {
		t.Octets = c.hide(b, p, t.Header.SequenceNumber)
	}
	c.o.Trace(t)
}

// hide writes the PDU again with stars for its secrets. It decodes b anew, because p belongs to the application.
func (c *Conn) hide(b []byte, p smpp.PDU, sequence uint32) []byte {
	if !hasSecrets(p) {
		return bytes.Clone(b)
	}
	own := smpp.New(p.CommandID())
	if c.o.PDU.DecodePDU(b, own) != nil {
		return bytes.Clone(b[:smpp.HeaderLength])
	}
	switch p := own.(type) {
	case *smpp.Bind:
		p.Password = string(stars([]byte(p.Password)))
		hidePayload(p.TLVs, false)
	case *smpp.Outbind:
		p.Password = string(stars([]byte(p.Password)))
	case *smpp.SubmitSM:
		stars(p.ShortMessage)
		hidePayload(p.TLVs, false)
	case *smpp.SubmitMulti:
		stars(p.ShortMessage)
		hidePayload(p.TLVs, false)
	case *smpp.ReplaceSM:
		stars(p.ShortMessage)
		hidePayload(p.TLVs, false)
	case *smpp.DeliverSM:
		stars(secret(p.ShortMessage, p.ESMClass.IsReceipt()))
		hidePayload(p.TLVs, p.ESMClass.IsReceipt())
	case *smpp.DataSM:
		hidePayload(p.TLVs, p.ESMClass.IsReceipt())
	}
	octets, err := c.o.PDU.AppendPDU(nil, own, sequence)
	if err != nil {
		return bytes.Clone(b[:smpp.HeaderLength])
	}
	return octets
}

func hasSecrets(p smpp.PDU) bool {
	switch p.(type) {
	case *smpp.Bind, *smpp.Outbind, *smpp.SubmitSM, *smpp.SubmitMulti, *smpp.ReplaceSM, *smpp.DeliverSM, *smpp.DataSM:
		return true
	}
	return false
}

func hidePayload(tlvs smpp.TLVs, receipt bool) {
	for i := range tlvs {
		if tlvs[i].Tag == smpp.TagMessagePayload {
			stars(secret(tlvs[i].Value, receipt))
		}
	}
}

// secret is the part of user data that is nobody's business.
func secret(data []byte, receipt bool) []byte {
	if !receipt {
		return data
	}
	if i := bytes.Index(bytes.ToLower(data), []byte("text:")); i >= 0 {
		return data[i+len("text:"):]
	}
	return nil
}

// stars overwrites b.
func stars(b []byte) []byte {
	for i := range b {
		b[i] = '*'
	}
	return b
}
