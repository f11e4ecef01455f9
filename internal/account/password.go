package account

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// Cost of a password hash: Argon2id (RFC 9106) with 19 MiB, two passes and one lane, the first choice of the OWASP
// Password Storage Cheat Sheet.
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	saltSize     = 16
	hashSize     = 32
)

const (
	hashSlots   = 2  // hashes computed at once: sign-ins must not starve sending
	hashWaiters = 64 // callers that may wait for a slot; more are told to come back
	hashBackoff = 2 * time.Second
)

// hasher computes password hashes, few at a time.
type hasher struct {
	slots   chan struct{}
	waiting atomic.Int64
	dummy   string // hash of a password that nobody knows: work for an address that nobody has
}

func newHasher() *hasher {
	h := &hasher{slots: make(chan struct{}, hashSlots)}
	h.dummy = phc([]byte(rand.Text()), newSalt())
	return h
}

func newSalt() []byte {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails since Go 1.24: the program ends instead
	return salt
}

// slot waits for a free slot; call the function to give it back.
func (h *hasher) slot(ctx context.Context) (func(), error) {
	if h.waiting.Add(1) > hashWaiters {
		h.waiting.Add(-1)
		return nil, slowDown(hashBackoff)
	}
	defer h.waiting.Add(-1)
	select {
	case h.slots <- struct{}{}:
		return func() { <-h.slots }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// hash makes the PHC string of a new password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	free, err := h.slot(ctx)
	if err != nil {
		return "", err
	}
	defer free()
	return phc(canonical(password), newSalt()), nil
}

// verify reports whether password belongs to the PHC string encoded. It takes the same time whether it does or not.
func (h *hasher) verify(ctx context.Context, encoded, password string) (bool, error) {
	k, err := parsePHC(encoded)
	if err != nil {
		return false, err
	}
	free, err := h.slot(ctx)
	if err != nil {
		return false, err
	}
	defer free()
	got := argon2.IDKey(canonical(password), k.salt, k.time, k.memory, k.threads, uint32(len(k.hash))) //nolint:gosec // parsePHC bounds it
	return subtle.ConstantTimeCompare(got, k.hash) == 1, nil
}

// canonical is the form of a password that is hashed: Unicode NFC, so that a letter typed on another keyboard is the
// same letter (RFC 8265 §4.2.2).
func canonical(password string) []byte { return norm.NFC.Bytes([]byte(password)) }

// phc is the hash in the PHC string format: "$argon2id$v=19$m=19456,t=2,p=1$salt$hash".
func phc(password, salt []byte) string {
	key := argon2.IDKey(password, salt, argonTime, argonMemory, argonThreads, hashSize)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, argonMemory, argonTime, argonThreads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

type phcString struct {
	memory, time uint32
	threads      uint8
	salt, hash   []byte
}

// parsePHC reads what phc wrote, with any cost that this program could have been told to use.
func parsePHC(encoded string) (k phcString, err error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return k, errors.New("password hash: not an Argon2id string")
	}
	var version int
	if _, err := fmt.Sscanf(parts[2], "v=%d", &version); err != nil || version != argon2.Version {
		return k, errors.New("password hash: unknown version")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &k.memory, &k.time, &k.threads); err != nil {
		return k, errors.New("password hash: unreadable cost")
	}
	if k.memory > 1<<20 || k.time == 0 || k.time > 64 || k.threads == 0 {
		return k, errors.New("password hash: cost out of range")
	}
	if k.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil {
		return k, errors.New("password hash: unreadable salt")
	}
	if k.hash, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(k.hash) < 16 || len(k.hash) > 64 {
		return k, errors.New("password hash: unreadable hash")
	}
	return k, nil
}
