package smpp

import (
	"bytes"
	"testing"
)

// benchSubmit is a submit_sm as a gateway sends it: 140 octets of text.
func benchSubmit() *SubmitSM {
	return &SubmitSM{
		SourceAddrTON: TONAlphanumeric, SourceAddr: "SMSir", DestAddrTON: TONInternational, DestAddrNPI: NPIISDN, DestinationAddr: sample2,
		RegisteredDelivery: ReceiptAlways, ValidityPeriod: "000003000000000R", ShortMessage: bytes.Repeat([]byte("Hello, wor"), 14),
	}
}

func benchReceipt(b *testing.B) *DeliverSM {
	var p DeliverSM
	if err := p.DecodePDU(readGolden(b, "deliver_sm_receipt")); err != nil {
		b.Fatal(err)
	}
	return &p
}

func BenchmarkEncode(b *testing.B) {
	buf := make([]byte, 0, 1024)
	b.Run("submit_sm", func(b *testing.B) {
		p := benchSubmit()
		b.ReportAllocs()
		for b.Loop() {
			buf, _ = p.AppendPDU(buf[:0], 7)
		}
	})
	b.Run("submit_sm_sar", func(b *testing.B) {
		p := benchSubmit()
		p.TLVs.SetSAR(SAR{1, 2, 1})
		b.ReportAllocs()
		for b.Loop() {
			buf, _ = p.AppendPDU(buf[:0], 7)
		}
	})
	b.Run("submit_sm_resp", func(b *testing.B) {
		p := &SubmitSMResp{MessageID: "4e5f0c1e7d0a4c6b"}
		b.ReportAllocs()
		for b.Loop() {
			buf, _ = p.AppendPDU(buf[:0], 7)
		}
	})
	b.Run("deliver_sm_receipt", func(b *testing.B) {
		p := benchReceipt(b)
		b.ReportAllocs()
		for b.Loop() {
			buf, _ = p.AppendPDU(buf[:0], 7)
		}
	})
	b.Run("deliver_sm_resp", func(b *testing.B) {
		p := &DeliverSMResp{}
		b.ReportAllocs()
		for b.Loop() {
			buf, _ = p.AppendPDU(buf[:0], 7)
		}
	})
	b.Run("enquire_link", func(b *testing.B) {
		p := &EnquireLink{}
		b.ReportAllocs()
		for b.Loop() {
			buf, _ = p.AppendPDU(buf[:0], 7)
		}
	})
	if len(buf) == 0 {
		b.Fatal("nothing was written")
	}
}

// decodeBench measures decoding into one PDU that is used again, and into a new one each time.
func decodeBench(b *testing.B, name string, p PDU, into func(frame []byte, used bool) error) {
	frame, err := p.AppendPDU(nil, 7)
	if err != nil {
		b.Fatal(err)
	}
	for _, used := range []bool{true, false} {
		kind := "/new"
		if used {
			kind = "/used"
		}
		b.Run(name+kind, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := into(frame, used); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDecode(b *testing.B) {
	var submit SubmitSM
	decodeBench(b, "submit_sm", benchSubmit(), func(frame []byte, used bool) error {
		if !used {
			submit = SubmitSM{}
		}
		return submit.DecodePDU(frame)
	})
	sar := benchSubmit()
	sar.TLVs.SetSAR(SAR{1, 2, 1})
	decodeBench(b, "submit_sm_sar", sar, func(frame []byte, used bool) error {
		if !used {
			submit = SubmitSM{}
		}
		return submit.DecodePDU(frame)
	})
	var resp SubmitSMResp
	decodeBench(b, "submit_sm_resp", &SubmitSMResp{MessageID: "4e5f0c1e7d0a4c6b"}, func(frame []byte, used bool) error {
		if !used {
			resp = SubmitSMResp{}
		}
		return resp.DecodePDU(frame)
	})
	var deliver DeliverSM
	decodeBench(b, "deliver_sm_receipt", benchReceipt(b), func(frame []byte, used bool) error {
		if !used {
			deliver = DeliverSM{}
		}
		return deliver.DecodePDU(frame)
	})
	var deliverResp DeliverSMResp
	decodeBench(b, "deliver_sm_resp", &DeliverSMResp{}, func(frame []byte, _ bool) error { return deliverResp.DecodePDU(frame) })
	var link EnquireLink
	decodeBench(b, "enquire_link", &EnquireLink{}, func(frame []byte, _ bool) error { return link.DecodePDU(frame) })
	frame, err := benchSubmit().AppendPDU(nil, 7)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("any", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, _, err := Decode(frame); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkReader(b *testing.B) {
	frame, err := benchSubmit().AppendPDU(nil, 7)
	if err != nil {
		b.Fatal(err)
	}
	source := &endless{frame: frame}
	r := NewReader(source)
	r.SetMaxLength(0)
	b.ReportAllocs()
	b.SetBytes(int64(len(frame)))
	for b.Loop() {
		if _, err := r.ReadPDU(); err != nil {
			b.Fatal(err)
		}
	}
}

// endless is a stream of one frame over and over.
type endless struct {
	frame []byte
	at    int
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		m := copy(p[n:], e.frame[e.at:])
		n, e.at = n+m, (e.at+m)%len(e.frame)
	}
	return n, nil
}

func BenchmarkReceipt(b *testing.B) {
	p := benchReceipt(b)
	b.Run("parse", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := p.Receipt(); err != nil {
				b.Fatal(err)
			}
		}
	})
	r, err := p.Receipt()
	if err != nil {
		b.Fatal(err)
	}
	buf := make([]byte, 0, 256)
	b.Run("format", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			buf = r.AppendText(buf[:0])
		}
	})
}
