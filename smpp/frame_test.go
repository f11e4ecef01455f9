package smpp

import (
	"bytes"
	"errors"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

// stream joins the golden PDUs.
func stream(t testing.TB) (all []byte, pdus [][]byte) {
	for _, g := range goldens() {
		b := readGolden(t, g.name)
		all, pdus = append(all, b...), append(pdus, b)
	}
	return all, pdus
}

// chunks is a stream that arrives in pieces.
type chunks struct {
	pieces [][]byte
	err    error // at the end; io.EOF if nil
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.pieces) == 0 {
		if c.err != nil {
			return 0, c.err
		}
		return 0, io.EOF
	}
	n := copy(p, c.pieces[0])
	if c.pieces[0] = c.pieces[0][n:]; len(c.pieces[0]) == 0 {
		c.pieces = c.pieces[1:]
	}
	return n, nil
}

func readAll(t rapid.TB, r *Reader) [][]byte {
	t.Helper()
	var pdus [][]byte
	for {
		pdu, err := r.ReadPDU()
		if errors.Is(err, io.EOF) {
			return pdus
		}
		if err != nil {
			t.Fatalf("after %d PDUs: %v", len(pdus), err)
		}
		pdus = append(pdus, bytes.Clone(pdu))
	}
}

// TestStreamSplits: however a stream is cut into reads, the same PDUs come out.
func TestStreamSplits(t *testing.T) {
	t.Parallel()
	all, want := stream(t)
	rapid.Check(t, func(t *rapid.T) {
		c := &chunks{}
		sizes := rapid.SampledFrom([]*rapid.Generator[int]{
			rapid.IntRange(1, 3), rapid.IntRange(1, 40), rapid.IntRange(1, 400), rapid.IntRange(1, len(all)),
		}).Draw(t, "sizes")
		for rest := all; len(rest) > 0; {
			n := min(sizes.Draw(t, "size"), len(rest))
			c.pieces, rest = append(c.pieces, rest[:n]), rest[n:]
		}
		r := NewReader(c)
		r.SetMaxLength(0)
		if got := readAll(t, r); !reflect.DeepEqual(got, want) {
			t.Fatalf("got %d PDUs\n%X\nwant %d\n%X", len(got), got, len(want), want)
		}
	})
}

// TestStreamReaders: readers that return little, or an error with the last octets.
func TestStreamReaders(t *testing.T) {
	t.Parallel()
	all, want := stream(t)
	for name, wrap := range map[string]func(io.Reader) io.Reader{
		"one octet": iotest.OneByteReader, "half": iotest.HalfReader, "error with data": iotest.DataErrReader,
	} {
		r := NewReader(wrap(bytes.NewReader(all)))
		r.SetMaxLength(DefaultMaxLength)
		if got := readAll(t, r); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %d PDUs, want %d", name, len(got), len(want))
		}
	}
}

// TestNextSplits: Next finds the same PDUs as Reader, in pieces too.
func TestNextSplits(t *testing.T) {
	t.Parallel()
	all, want := stream(t)
	for n := range all {
		var got [][]byte
		var buf []byte
		for _, piece := range [][]byte{all[:n], all[n:]} {
			buf = append(buf, piece...)
			for {
				pdu, rest, err := Next(buf, 0)
				if err != nil {
					t.Fatalf("cut at %d: %v", n, err)
				}
				if pdu == nil {
					if len(rest) != len(buf) {
						t.Fatalf("cut at %d: no PDU, and %d of %d octets left", n, len(rest), len(buf))
					}
					break
				}
				if cap(pdu) != len(pdu) {
					t.Fatalf("cut at %d: the PDU has room for %d octets of the next", n, cap(pdu)-len(pdu))
				}
				got, buf = append(got, pdu), rest
			}
		}
		if len(buf) != 0 || !reflect.DeepEqual(got, want) {
			t.Fatalf("cut at %d: got %d PDUs and %d octets, want %d and 0", n, len(got), len(buf), len(want))
		}
	}
}

// TestSameSequenceNumber: a client may send all parts of a message with one sequence_number.
func TestSameSequenceNumber(t *testing.T) {
	t.Parallel()
	var b []byte
	for _, part := range []string{"one", "two", "three"} {
		b, _ = (&SubmitSM{ShortMessage: []byte(part)}).AppendPDU(b, 7)
	}
	r := NewReader(bytes.NewReader(b))
	for _, want := range []string{"one", "two", "three"} {
		pdu, err := r.ReadPDU()
		if err != nil {
			t.Fatal(err)
		}
		h, p, err := Decode(pdu)
		if sm, ok := p.(*SubmitSM); err != nil || !ok || h.SequenceNumber != 7 || string(sm.ShortMessage) != want {
			t.Errorf("got %+v %+v, %v; want %q with 7", h, p, err, want)
		}
	}
}

func TestReaderEnds(t *testing.T) {
	t.Parallel()
	link, _ := (&EnquireLink{}).AppendPDU(nil, 1)
	broken := errors.New("broken")
	for _, c := range []struct {
		name   string
		stream string
		end    error
		pdus   int
		want   error
	}{
		{"nothing", "", nil, 0, io.EOF},
		{"between PDUs", string(link) + string(link), nil, 2, io.EOF},
		{"within the length", string(link) + "\x00\x00", nil, 1, io.ErrUnexpectedEOF},
		{"within the header", string(link[:15]), nil, 0, io.ErrUnexpectedEOF},
		{"with an error", string(link) + string(link[:3]), broken, 1, broken},
		{"with a bad length", string(link) + "\x00\x00\x00\x0F", nil, 1, ErrLength},
	} {
		r := NewReader(&chunks{pieces: [][]byte{[]byte(c.stream)}, err: c.end})
		n := 0
		pdu, err := r.ReadPDU()
		for ; err == nil; pdu, err = r.ReadPDU() {
			if n++; !bytes.Equal(pdu, link) {
				t.Errorf("%s: got %X, want %X", c.name, pdu, link)
			}
		}
		if n != c.pdus || !errors.Is(err, c.want) {
			t.Errorf("%s: %d PDUs, %v; want %d, %v", c.name, n, err, c.pdus, c.want)
		}
		if _, again := r.ReadPDU(); !errors.Is(again, c.want) {
			t.Errorf("%s: the second time %v, want %v", c.name, again, c.want)
		}
	}
	if _, err := NewReader(&silent{}).ReadPDU(); !errors.Is(err, io.ErrNoProgress) {
		t.Errorf("a reader that never gives anything: %v", err)
	}
	if _, err := NewReader(&liar{}).ReadPDU(); err == nil {
		t.Error("a reader that claims more octets than asked for: no error")
	}
}

type silent struct{}

func (silent) Read([]byte) (int, error) { return 0, nil }

type liar struct{}

func (liar) Read(p []byte) (int, error) { return len(p) + 1, nil }

// TestReaderGoesOnAfterTimeout: a deadline within a PDU loses nothing.
func TestReaderGoesOnAfterTimeout(t *testing.T) {
	t.Parallel()
	want, _ := (&SubmitSM{ShortMessage: []byte("Hello")}).AppendPDU(nil, 1)
	source := &chunks{pieces: [][]byte{want[:20]}, err: os.ErrDeadlineExceeded}
	r := NewReader(source)
	if pdu, err := r.ReadPDU(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("got %X, %v", pdu, err)
	}
	if r.Buffered() != 20 {
		t.Errorf("Buffered() = %d, want 20", r.Buffered())
	}
	source.pieces = [][]byte{want[20:]}
	if got, err := r.ReadPDU(); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %X, %v, want %X", got, err, want)
	}
}

// TestReaderLimits: the limit is small until the peer has bound, and the error comes before the octets do.
func TestReaderLimits(t *testing.T) {
	t.Parallel()
	sized := func(n int) []byte {
		b, err := Options{MaxLength: n}.AppendPDU(nil, &Raw{Command: 0x10, Body: make([]byte, n-HeaderLength)}, 5)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, c := range []struct {
		set, length int
		want        bool
	}{
		{-1, MaxLengthBeforeBind, true},
		{-1, MaxLengthBeforeBind + 1, false},
		{0, DefaultMaxLength, true},
		{0, DefaultMaxLength + 1, false},
		{MaxMaxLength, MaxMaxLength, true},
		{MaxMaxLength + 1, MaxMaxLength, true},
		{1000, 1000, true},
		{1000, 1001, false},
		{3, HeaderLength, true},
		{3, HeaderLength + 1, false},
	} {
		b := sized(c.length)
		r := NewReader(bytes.NewReader(b))
		if c.set >= 0 {
			r.SetMaxLength(c.set)
		}
		pdu, err := r.ReadPDU()
		if c.want && (err != nil || !bytes.Equal(pdu, b)) {
			t.Errorf("limit %d, %d octets: got %d octets, %v", c.set, c.length, len(pdu), err)
		}
		var e *LengthError
		if !c.want && (!errors.As(err, &e) || int(e.CommandLength) != c.length || e.SequenceNumber != 5) {
			t.Errorf("limit %d, %d octets: %v", c.set, c.length, err)
		}
	}
	// A stream that was lost stays lost, whatever the limit becomes.
	lost := NewReader(bytes.NewReader(sized(1000)))
	_, first := lost.ReadPDU()
	lost.SetMaxLength(0)
	if _, err := lost.ReadPDU(); !errors.Is(err, ErrLength) || !errors.Is(first, ErrLength) {
		t.Errorf("after %v: %v", first, err)
	}
	b := sized(MaxMaxLength)
	_, _, err := Next(slices.Concat([]byte{0, 0x10, 0, 1}, b[4:]), 2*MaxMaxLength)
	if !errors.Is(err, ErrLength) {
		t.Errorf("a limit above %d lets %d octets pass: %v", MaxMaxLength, MaxMaxLength+1, err)
	}
}

// TestReaderMemory: the buffer grows with what has arrived, not with what is announced, and shrinks again.
func TestReaderMemory(t *testing.T) {
	t.Parallel()
	source := &chunks{pieces: [][]byte{{0, 0x10, 0, 0}, make([]byte, 100)}, err: os.ErrDeadlineExceeded}
	r := NewReader(source)
	if len(r.buf) > 512 {
		t.Errorf("a peer that has sent nothing costs %d octets", len(r.buf))
	}
	r.SetMaxLength(MaxMaxLength)
	if _, err := r.ReadPDU(); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatal(err)
	}
	if len(r.buf) > 16<<10 {
		t.Errorf("104 octets of a PDU of 1 MiB cost %d", len(r.buf))
	}
	source.pieces = [][]byte{make([]byte, MaxMaxLength-104)}
	if pdu, err := r.ReadPDU(); err != nil || len(pdu) != MaxMaxLength {
		t.Fatalf("%d octets, %v", len(pdu), err)
	}
	link, _ := (&EnquireLink{}).AppendPDU(nil, 1)
	source.pieces = [][]byte{link}
	if _, err := r.ReadPDU(); err != nil || len(r.buf) > 16<<10 {
		t.Errorf("after a PDU of 1 MiB the buffer keeps %d octets, %v", len(r.buf), err)
	}
}

// TestStrangers: what does not speak SMPP is recognised by its first octets.
func TestStrangers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ stream, peer string }{
		{"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP"},
		{"POST /v1/messages HTTP/1.1\r\n\r\n", "HTTP"},
		{"HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP"},
		{"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP"},
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "TLS"},
		{"SSH-2.0-OpenSSH_9.2\r\n", ""},
		{"\xff\xff\xff\xff", ""},
	} {
		_, err := NewReader(strings.NewReader(c.stream)).ReadPDU()
		var e *LengthError
		if !errors.As(err, &e) || e.Peer != c.peer || c.peer != "" && !strings.Contains(err.Error(), c.peer) {
			t.Errorf("%q: %v, want %q", c.stream, err, c.peer)
		}
	}
}
