package smpp

import (
	"encoding/binary"
	"iter"
	"slices"
	"strings"
)

// MaxTLVs is the most optional parameters of one PDU that are read or written, far more than the standard has tags.
const MaxTLVs = 256

// TLV is one optional parameter: tag, length and value.
//
// SMPP 3.4 §3.2.4.1
type TLV struct {
	Tag Tag
	// Value has at most 65535 octets; its length is what the wire says. An empty value is nil when read.
	Value []byte
}

// Check reports a value whose length the standard does not allow for the tag. Tags that this package does not know are
// always right. The error is a [*CheckError].
//
// SMPP 3.4 §5.3.2, SMPP 5.0 §4.8.4
func (t TLV) Check() error {
	least, most, ok := t.Tag.lengths()
	if ok && (len(t.Value) < least || len(t.Value) > most) {
		return &CheckError{Field: "TLV " + t.Tag.String(), Err: ErrLength}
	}
	return nil
}

// TLVs are the optional parameters of a PDU in the order of the wire: unknown, repeated and misshapen ones too, so that
// a PDU is passed on as it came.
//
// There is an accessor for each parameter that the standard types. Its bool is false if the parameter is missing or its
// value cannot be of that type; of a repeated parameter it sees the first. Integers may be shorter or longer than the
// standard says if the number fits, strings may lack their NUL: both are met. [TLVs.Check] is strict.
//
// The getters allocate only for strings. TLVs may be read concurrently.
//
// SMPP 3.4 §3.2.4 and §5.3
type TLVs []TLV

// Value is the value of the first TLV with the tag. The slice is the TLV's own.
func (l TLVs) Value(tag Tag) ([]byte, bool) {
	for i := range l {
		if l[i].Tag == tag {
			return l[i].Value, true
		}
	}
	return nil, false
}

// All gives the values of all TLVs with the tag, in order: callback_num and its companions may be repeated.
func (l TLVs) All(tag Tag) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for i := range l {
			if l[i].Tag == tag && !yield(l[i].Value) {
				return
			}
		}
	}
}

// Set makes value the only one of the tag: in the place of the first, or at the end. The slice is kept, not copied.
func (l *TLVs) Set(tag Tag, value []byte) {
	i := slices.IndexFunc(*l, func(t TLV) bool { return t.Tag == tag })
	if i < 0 {
		l.Add(tag, value)
		return
	}
	(*l)[i].Value = value
	rest := slices.DeleteFunc((*l)[i+1:], func(t TLV) bool { return t.Tag == tag })
	*l = (*l)[:i+1+len(rest)]
}

// Add puts a TLV at the end, even if there is one with the tag. The slice is kept, not copied.
func (l *TLVs) Add(tag Tag, value []byte) { *l = append(*l, TLV{tag, value}) }

// Delete takes out all TLVs with the tag.
func (l *TLVs) Delete(tag Tag) {
	*l = slices.DeleteFunc(*l, func(t TLV) bool { return t.Tag == tag })
}

// Clone copies the TLVs with their values.
func (l TLVs) Clone() TLVs {
	c := slices.Clone(l)
	for i := range c {
		c[i].Value = slices.Clone(c[i].Value)
	}
	return c
}

// Check is [TLV.Check] of each.
func (l TLVs) Check() error {
	for _, t := range l {
		if err := t.Check(); err != nil {
			return err
		}
	}
	return nil
}

// uint reads a big-endian integer of 1 to 4 octets, whatever the standard's number of octets is.
func (l TLVs) uint(tag Tag, most uint32) (uint32, bool) {
	v, ok := l.Value(tag)
	if !ok || len(v) == 0 || len(v) > 4 {
		return 0, false
	}
	n := uint32(0)
	for _, b := range v {
		n = n<<8 | uint32(b)
	}
	if n > most {
		return 0, false
	}
	return n, true
}

func (l TLVs) uint8(tag Tag) (uint8, bool) {
	n, ok := l.uint(tag, 0xFF)
	return uint8(n), ok //nolint:gosec // bounded
}

func (l TLVs) uint16(tag Tag) (uint16, bool) {
	n, ok := l.uint(tag, 0xFFFF)
	return uint16(n), ok //nolint:gosec // bounded
}

func (l TLVs) uint32(tag Tag) (uint32, bool) { return l.uint(tag, 0xFFFFFFFF) }

func (l *TLVs) setUint8(tag Tag, v uint8) { l.Set(tag, []byte{v}) }

func (l *TLVs) setUint16(tag Tag, v uint16) { l.Set(tag, binary.BigEndian.AppendUint16(nil, v)) }

func (l *TLVs) setUint32(tag Tag, v uint32) { l.Set(tag, binary.BigEndian.AppendUint32(nil, v)) }

func (l *TLVs) setBool(tag Tag, v bool) {
	if v {
		l.setUint8(tag, 1)
	} else {
		l.setUint8(tag, 0)
	}
}

// cstring reads a C-octet string that may lack its NUL.
func (l TLVs) cstring(tag Tag) (string, bool) {
	v, ok := l.Value(tag)
	s, _, _ := strings.Cut(string(v), "\x00")
	return s, ok
}

func (l *TLVs) setCString(tag Tag, s string) { l.Set(tag, append([]byte(s), 0)) }
