package smsir

import (
	"crypto/rand"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// Prefixes of the identifiers as they are shown outside ("msg_0g5t3v2k9qw1a").
const (
	PrefixMessage      = "msg"
	PrefixAttempt      = "att"
	PrefixReceipt      = "rcp"
	PrefixInbound      = "inb"
	PrefixEvent        = "evt"
	PrefixBatch        = "bat"
	PrefixWorkspace    = "wks"
	PrefixUser         = "usr"
	PrefixKey          = "key"
	PrefixProvider     = "prv"
	PrefixSession      = "ses"
	PrefixInvite       = "inv"
	PrefixSMPP         = "smp" // an account of our SMPP server
	PrefixRoute        = "rte"
	PrefixContact      = "con"
	PrefixGroup        = "grp"
	PrefixImport       = "imp"
	PrefixWebhook      = "whk"
	PrefixDelivery     = "dlv"
	PrefixView         = "viw"
	PrefixDevice       = "dev" // a browser that shows notifications
	PrefixTemplate     = "tpl"
	PrefixCampaign     = "cmp"
	PrefixConversation = "cnv"
	PrefixNote         = "not"
	PrefixCannedReply  = "can"
	PrefixAutoReply    = "aut"
	PrefixReview       = "rev"
	PrefixAudit        = "aud" // an entry of the audit log
	PrefixSender       = "snd"
	PrefixReport       = "rep" // a weekly summary
	PrefixCredit       = "crd" // an entry of the credit ledger
)

// ID identifies a row of a hot table (message, attempt, receipt, inbound, event, batch).
//
// It is a positive 63-bit integer: 41 bits of milliseconds since 2024-01-01 UTC, 10 bits of node,
// 12 bits of sequence. Sorting by ID is sorting by time of creation. The zero value means "none".
type ID int64

// epoch is the zero of the time part of an ID: 2024-01-01 00:00:00 UTC, in Unix milliseconds.
const epoch = 1704067200000

const (
	nodeBits = 10
	seqBits  = 12
	maxNode  = 1<<nodeBits - 1
	maxSeq   = 1<<seqBits - 1
)

// Time is the moment of creation, to the millisecond, in UTC.
func (id ID) Time() time.Time {
	return time.UnixMilli(int64(id)>>(nodeBits+seqBits) + epoch).UTC()
}

// IDAt is the smallest ID that any node could make at t; it bounds searches by time.
// Times before 2024 give 0.
func IDAt(t time.Time) ID {
	ms := t.UnixMilli() - epoch
	if ms <= 0 {
		return 0
	}
	return ID(ms << (nodeBits + seqBits))
}

// Format writes id as prefix, underscore and 13 Crockford base32 characters; "" for zero.
func (id ID) Format(prefix string) string {
	if id <= 0 {
		return ""
	}
	var b [13]byte
	v := uint64(id)
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = crockford[v&31]
		v >>= 5
	}
	return prefix + "_" + string(b[:])
}

// ParseID reads what [ID.Format] wrote, in either letter case. It fails on another prefix, another
// length or a character outside the alphabet.
func ParseID(prefix, s string) (ID, error) {
	body, ok := strings.CutPrefix(s, prefix+"_")
	if !ok || len(body) != 13 {
		return 0, fmt.Errorf("identifier %q: want %s_ and 13 characters", clip(s), prefix)
	}
	var v uint64
	for i := range len(body) {
		d := crockfordValue(body[i])
		if d < 0 || v>>58 != 0 {
			return 0, fmt.Errorf("identifier %q: not a %s identifier", clip(s), prefix)
		}
		v = v<<5 | uint64(d)
	}
	if v == 0 {
		return 0, fmt.Errorf("identifier %q: zero", clip(s))
	}
	return ID(v), nil //nolint:gosec // the loop above refuses a value of more than 63 bits
}

// Generator makes the IDs of one node. It never repeats an ID and never goes back, whatever the
// clock does: when the clock stands or steps back it counts on from the last ID. Safe for
// concurrent use.
type Generator struct {
	mu   sync.Mutex
	node int64
	last int64 // milliseconds since epoch
	seq  int64
}

// NewGenerator returns the generator of a node (0..1023) that only makes IDs above floor, the
// largest ID already stored by this node (0 when there is none).
func NewGenerator(node int, floor ID) (*Generator, error) {
	if node < 0 || node > maxNode {
		return nil, fmt.Errorf("node %d: want 0 to %d", node, maxNode)
	}
	g := &Generator{node: int64(node), last: int64(floor) >> (nodeBits + seqBits), seq: maxSeq}
	return g, nil
}

// Next returns a new ID for the moment now. Up to 4,096 per millisecond carry the moment exactly;
// more borrow from the next millisecond.
func (g *Generator) Next(now time.Time) ID {
	ms := now.UnixMilli() - epoch
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case ms > g.last:
		g.last, g.seq = ms, 0
	case g.seq < maxSeq:
		g.seq++
	default:
		g.last, g.seq = g.last+1, 0
	}
	return ID(g.last<<(nodeBits+seqBits) | g.node<<seqBits | g.seq)
}

// UUID identifies everything that is not hot: workspaces, users, keys, providers, sessions.
// It is a version 7 UUID (RFC 9562 §5.7), so it sorts by time too. The zero value means "none"
// and is NULL in a database.
type UUID [16]byte

// NewUUID returns a version 7 UUID for the moment now.
func NewUUID(now time.Time) UUID {
	var u UUID
	_, _ = rand.Read(u[:]) // never fails since Go 1.24: the program ends instead
	ms := uint64(now.UnixMilli())
	for i := range 6 {
		u[i] = byte(ms >> (40 - 8*i))
	}
	u[6] = u[6]&0x0f | 0x70
	u[8] = u[8]&0x3f | 0x80
	return u
}

// IsZero reports whether u is "none".
func (u UUID) IsZero() bool { return u == UUID{} }

// Format writes u as prefix, underscore and 26 Crockford base32 characters; "" for zero.
func (u UUID) Format(prefix string) string {
	if u.IsZero() {
		return ""
	}
	var b [26]byte
	acc, bits, n := uint32(0), 2, 0 // two leading zero bits make 130
	for _, c := range u {
		acc = acc<<8 | uint32(c)
		bits += 8
		for bits >= 5 {
			bits -= 5
			b[n] = crockford[acc>>bits&31]
			n++
		}
	}
	return prefix + "_" + string(b[:])
}

// ParseUUID reads what [UUID.Format] wrote, in either letter case.
func ParseUUID(prefix, s string) (UUID, error) {
	var u UUID
	body, ok := strings.CutPrefix(s, prefix+"_")
	if !ok || len(body) != 26 {
		return u, fmt.Errorf("identifier %q: want %s_ and 26 characters", clip(s), prefix)
	}
	acc, bits, n := uint32(0), 0, 0
	for i := range len(body) {
		d := crockfordValue(body[i])
		if d < 0 || (i == 0 && d > 7) {
			return UUID{}, fmt.Errorf("identifier %q: not a %s identifier", clip(s), prefix)
		}
		acc = acc<<5 | uint32(d)
		bits += 5
		if i == 0 {
			bits = 3
		}
		if bits >= 8 {
			bits -= 8
			u[n] = byte(acc >> bits)
			n++
		}
	}
	return u, nil
}

// Value implements [driver.Valuer]: 16 bytes, or NULL for zero.
func (u UUID) Value() (driver.Value, error) {
	if u.IsZero() {
		return nil, nil
	}
	return u[:], nil
}

// Scan implements sql.Scanner for what [UUID.Value] stored.
func (u *UUID) Scan(src any) error {
	switch v := src.(type) {
	case nil:
		*u = UUID{}
		return nil
	case []byte:
		if len(v) == len(u) {
			copy(u[:], v)
			return nil
		}
	}
	return errors.New("uuid column: want 16 bytes or NULL")
}

// crockford is the alphabet of Douglas Crockford's base 32, in lower case.
const crockford = "0123456789abcdefghjkmnpqrstvwxyz"

func crockfordValue(c byte) int {
	if c >= 'A' && c <= 'Z' {
		c += 'a' - 'A'
	}
	switch c { // read as the alphabet's author advises
	case 'o':
		return 0
	case 'i', 'l':
		return 1
	}
	return strings.IndexByte(crockford, c)
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "…"
	}
	return s
}
