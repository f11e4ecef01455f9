package smsc

import (
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/gsm"
	"github.com/smsir/smsir/smpp"
)

// parts are the submit_sm of a message, in order.
func (c *carrier) parts(s smsir.Submission) ([]*smpp.SubmitSM, error) {
	p := c.profile
	coding, segments, err := p.segments(s, c.reference.Add(1))
	if err != nil {
		return nil, err
	}
	base := smpp.SubmitSM{ServiceType: p.serviceType, DataCoding: coding, RegisteredDelivery: p.registered}
	base.DestAddrTON, base.DestAddrNPI, base.DestinationAddr = p.to.ton, p.to.npi, p.digits(s.To)
	from := s.From
	if from == "" {
		from = p.sender
	}
	base.SourceAddrTON, base.SourceAddrNPI, base.SourceAddr = p.source(from)
	if p.validity {
		base.ValidityPeriod, err = smpp.RelativeTime(max(s.Validity.Truncate(time.Second), time.Second)).Format()
		if err != nil {
			return nil, err
		}
	}
	if p.reference {
		base.TLVs.SetUserMessageReference(c.answers.mark(s))
	}
	base.TLVs = append(base.TLVs, p.tlvs...)
	all := make([]*smpp.SubmitSM, len(segments))
	for i := range segments {
		part := base
		part.TLVs = base.TLVs.Clone()
		p.fill(&part, &segments[i])
		all[i] = &part
	}
	return all, nil
}

// segment is the user data of one part.
type segment struct {
	gsm.Segment
	sar *smpp.SAR
}

// segments encodes and cuts a text as the profile has it.
func (p *profile) segments(s smsir.Submission, reference uint32) (smpp.DataCoding, []segment, error) {
	opt := gsm.Options{Reference: uint16(reference), Reference16: p.long == longUDH16} //nolint:gosec // it wraps
	latin, ok := p.latin1(s.Text)
	var cut []gsm.Segment
	var err error
	coding := p.ucs2
	switch {
	case p.long == longPayload:
		return p.whole(s)
	case ok:
		coding = smpp.DataCodingLatin1
		cut, err = gsm.SplitBinary(latin, opt)
	default:
		if s.Encoding == smsir.EncodingUCS2 || p.alphabet != alphabetGSM7 {
			opt.Force = gsm.ForceUCS2
		} else {
			coding = p.gsm7
		}
		cut, err = gsm.Split(s.Text, opt)
	}
	if err != nil {
		return 0, nil, err
	}
	if len(cut) > 0 && cut[0].Encoding == gsm.UCS2 {
		coding = p.ucs2
	}
	all := make([]segment, len(cut))
	for i, g := range cut {
		all[i] = segment{Segment: g}
		if p.long == longSAR && len(cut) > 1 {
			all[i].sar = &smpp.SAR{MsgRefNum: uint16(reference), TotalSegments: uint8(len(cut)), SegmentSeqnum: uint8(i + 1)} //nolint:gosec // at most 255 segments
		}
	}
	return coding, all, nil
}

// whole is a text in one piece, for message_payload.
func (p *profile) whole(s smsir.Submission) (smpp.DataCoding, []segment, error) {
	if latin, ok := p.latin1(s.Text); ok {
		return smpp.DataCodingLatin1, []segment{{Segment: gsm.Segment{UserData: latin}}}, nil
	}
	if s.Encoding == smsir.EncodingGSM7 && p.alphabet == alphabetGSM7 {
		if septets, err := gsm.EncodeGSM7(nil, s.Text, gsm.DefaultLanguage, gsm.DefaultLanguage); err == nil {
			return p.gsm7, []segment{{Segment: gsm.Segment{UserData: septets}}}, nil
		}
	}
	return p.ucs2, []segment{{Segment: gsm.Segment{UserData: gsm.EncodeUCS2(nil, s.Text)}}}, nil
}

// fill puts a segment into a submit_sm.
func (p *profile) fill(part *smpp.SubmitSM, g *segment) {
	switch {
	case p.long == longPayload:
		part.TLVs.SetMessagePayload(g.UserData)
	case g.sar != nil:
		part.ShortMessage = g.UserData
		part.TLVs.SetSAR(*g.sar)
	default:
		part.ShortMessage = g.ShortMessage()
		if g.UDH != nil {
			part.ESMClass |= smpp.FeatureUDHI
		}
	}
}

// latin1 encodes a text in ISO 8859-1, if the profile wants that and all its characters are there.
func (p *profile) latin1(text string) ([]byte, bool) {
	if p.alphabet != alphabetLatin1 {
		return nil, false
	}
	b := make([]byte, 0, len(text))
	for _, r := range text {
		if r > 0xFF {
			return nil, false
		}
		b = append(b, byte(r))
	}
	return b, true
}

func (p *profile) digits(number string) string {
	if p.plus {
		return number
	}
	return strings.TrimPrefix(number, "+")
}

// source is a sender as the carrier wants it: a number, a short code, or a name.
func (p *profile) source(from string) (smpp.TON, smpp.NPI, string) {
	digits := strings.TrimPrefix(from, "+")
	switch isNumber := digits != "" && strings.Trim(digits, "0123456789") == ""; {
	case from == "":
		return 0, 0, ""
	case !isNumber:
		return p.name.ton, p.name.npi, from
	case strings.HasPrefix(from, "+"):
		return p.number.ton, p.number.npi, p.digits(from)
	}
	return p.short.ton, p.short.npi, from
}
