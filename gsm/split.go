package gsm

// Segment is one short message of a text.
type Segment struct {
	Text     string // the part of the text that it carries; "" for [Binary]
	Encoding Encoding
	Number   int // 1 to Total
	Total    int
	Units    int // septets, 16-bit code units or octets of the text or data, header not counted

	// UDH is the user data header with its length octet; nil when there is none.
	UDH []byte

	// UserData is the text behind the header: one septet in each octet for [GSM7] (as SMPP carries
	// it), UTF-16BE for [UCS2], the octets for [Binary].
	UserData []byte

	whole []byte // UDH and UserData, one behind the other
}

// ShortMessage is header and text as SMPP's short_message or message_payload carries them: septets
// unpacked. Set UDHI in esm_class when UDH is not nil. It shares memory with UDH and UserData.
func (s *Segment) ShortMessage() []byte { return s.whole[:len(s.whole):len(s.whole)] }

// AppendTPUD appends header and text as a TPDU carries them (TP-UD, 3GPP TS 23.040 §9.2.3.24), at
// most 140 octets: septets packed, behind the fill bits that the header calls for.
func (s *Segment) AppendTPUD(dst []byte) []byte {
	if s.Encoding != GSM7 {
		return append(dst, s.whole...)
	}
	return Pack(append(dst, s.UDH...), s.UserData, FillBits(len(s.UDH)))
}

// UDL is the TP-UDL that belongs to [Segment.AppendTPUD]: septets for GSM7, those under the header
// included; octets otherwise.
func (s *Segment) UDL() int {
	if s.Encoding == GSM7 {
		return (len(s.UDH)*8+6)/7 + len(s.UserData)
	}
	return len(s.whole)
}

// Split cuts a text into segments, in the way that [Analyze] counts. Their texts, joined, are
// [Analysis.Text]. One segment has a header only for national tables and [Options.Header]; several
// have the concatenation element first. The error is [Analysis.Err]: a [*TooLongError] above 255
// segments, an [*EncodeError] under [ForceGSM7], or an [ErrOptions].
func Split(text string, opt Options) ([]Segment, error) {
	if err := opt.check(); err != nil {
		return nil, err
	}
	p, text, _ := opt.plan(text)
	if err := opt.refusal(&p, text); err != nil {
		return nil, err
	}
	octets := p.units
	if p.encoding == UCS2 {
		octets *= 2
	}
	b := newBuilder(&opt, p.encoding, p.locking, p.single, p.segments, octets)
	c, start := coderOf(p.locking, p.single), 0
	for _, end := range opt.cuts(&p, text) {
		part := text[start:end.offset]
		b.begin()
		if p.encoding == GSM7 {
			for _, char := range part {
				b.buf = c.append(b.buf, char)
			}
		} else {
			b.buf = EncodeUCS2(b.buf, part)
		}
		b.end(part, end.units)
		start = end.offset
	}
	return b.segments, nil
}

// SplitBinary cuts 8-bit data into segments of 140 octets, 134 behind the concatenation header. Of
// the options it heeds Reference, Reference16 and Header. No data is one segment of 0 octets.
func SplitBinary(data []byte, opt Options) ([]Segment, error) {
	opt = Options{Reference: opt.Reference, Reference16: opt.Reference16, Header: opt.Header}
	if err := opt.check(); err != nil {
		return nil, err
	}
	one, many := opt.headerOctets(0)
	room, total := Binary.Capacity(one), 1
	if len(data) > room {
		room = Binary.Capacity(many)
		total = (len(data) + room - 1) / room
	}
	if total > MaxSegments {
		return nil, &TooLongError{Segments: total}
	}
	b := newBuilder(&opt, Binary, DefaultLanguage, DefaultLanguage, total, len(data))
	for range total {
		n := min(room, len(data))
		b.begin()
		b.buf = append(b.buf, data[:n]...)
		b.end("", n)
		data = data[n:]
	}
	return b.segments, nil
}

// builder writes the segments of one message into one piece of memory.
type builder struct {
	encoding Encoding
	total    int
	header   UDH   // of each segment; the concatenation element first when total > 1
	number   *byte // in the header, of the segment being written
	buf      []byte
	start    int // of the segment being written, in buf
	body     int // of its user data, in buf
	segments []Segment
}

func newBuilder(opt *Options, e Encoding, locking, single Language, total, octets int) *builder {
	b := &builder{encoding: e, total: total, segments: make([]Segment, 0, total)}
	if total > 1 {
		ie := Concat{Reference: opt.Reference, Reference16: opt.Reference16, Total: byte(total)}.IE()
		b.header = append(b.header, ie)
		b.number = &ie.Data[len(ie.Data)-1]
	}
	if locking != DefaultLanguage {
		b.header = append(b.header, LockingShiftIE(locking))
	}
	if single != DefaultLanguage {
		b.header = append(b.header, SingleShiftIE(single))
	}
	b.header = append(b.header, opt.Header...)
	b.buf = make([]byte, 0, octets+total*b.header.Len())
	return b
}

func (b *builder) begin() {
	if b.number != nil {
		*b.number++
	}
	b.start = len(b.buf)
	b.buf, _ = b.header.Append(b.buf) // check made sure that it is short enough
	b.body = len(b.buf)
}

func (b *builder) end(text string, units int) {
	whole := b.buf[b.start:len(b.buf):len(b.buf)]
	s := Segment{
		Text:     text,
		Encoding: b.encoding,
		Number:   len(b.segments) + 1,
		Total:    b.total,
		Units:    units,
		UserData: whole[b.body-b.start:],
		whole:    whole,
	}
	if b.body > b.start {
		s.UDH = whole[: b.body-b.start : b.body-b.start]
	}
	b.segments = append(b.segments, s)
}
