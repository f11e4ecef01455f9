// Package seal is in charge of secrets at rest: it encrypts the few values that the gateway must be able to read again,
// such as the credentials of providers, under a master key that lies in a file beside the database, not in it.
//
// It does not store anything but that file, and it is not for passwords, tokens and API keys: those are only ever
// compared, so their hashes are kept instead.
//
// What it guarantees: a sealed value opens only with the master key it was sealed with and only at its own place (table,
// column and row), so neither a copy of the database nor two swapped values are of use; any change of a sealed value is
// noticed. A key file that is missing, readable by others or damaged is refused, never replaced.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// Place is where a sealed value is stored. It is not secret; it is bound to the value (as additional authenticated data).
type Place struct {
	Table  string
	Column string
	Row    string // the identifier of the row
}

// Box seals and opens the values of one purpose. Safe for concurrent use.
type Box struct {
	current byte
	aeads   map[byte]cipher.AEAD // by key id
}

// ErrOpen says that a sealed value does not open: it was changed, moved from another place, or sealed for another
// purpose or with another key of the same id.
var ErrOpen = errors.New("sealed value cannot be opened: it was altered or moved, or the key file is not the one it was sealed with")

// overhead of AES-GCM with a random nonce: 12 bytes of nonce and 16 of tag.
const overhead = 12 + 16

// MAC returns a key of 32 bytes for message authentication codes of a purpose. It changes when a new
// master key is added: use it for what may be asked for anew, such as cursors.
func (k *Keys) MAC(purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, k.list[len(k.list)-1].secret, nil, "smsir mac v1: "+purpose, 32)
}

// MACs returns the keys that [Keys.MAC] has returned for a purpose since the oldest master key in the file, newest first:
// make with the first and accept with all what must outlive a new master key.
func (k *Keys) MACs(purpose string) ([][]byte, error) {
	all := make([][]byte, 0, len(k.list))
	for i := range k.list {
		key, err := (&Keys{list: k.list[:len(k.list)-i]}).MAC(purpose)
		if err != nil {
			return nil, err
		}
		all = append(all, key)
	}
	return all, nil
}

// Box returns the box of a purpose. Each purpose has a key of its own, derived from the master key with HKDF-SHA-256
// (RFC 5869): what was sealed for one does not open for another.
func (k *Keys) Box(purpose string) (*Box, error) {
	b := &Box{current: k.list[len(k.list)-1].id, aeads: make(map[byte]cipher.AEAD, len(k.list))}
	for _, m := range k.list {
		derived, err := hkdf.Key(sha256.New, m.secret, nil, "smsir seal v1: "+purpose, 32)
		if err != nil {
			return nil, fmt.Errorf("derive key %d: %w", m.id, err)
		}
		block, err := aes.NewCipher(derived)
		if err != nil {
			return nil, fmt.Errorf("derive key %d: %w", m.id, err)
		}
		if b.aeads[m.id], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, fmt.Errorf("derive key %d: %w", m.id, err)
		}
	}
	return b, nil
}

// Seal encrypts plain (AES-256-GCM, NIST SP 800-38D) with the newest key, for one place. The result is one byte of key
// id, the nonce, the ciphertext and the tag: 29 bytes longer than plain. One key may seal 2^32 values.
func (b *Box) Seal(plain []byte, at Place) []byte {
	out := make([]byte, 1, 1+len(plain)+overhead)
	out[0] = b.current
	return b.aeads[b.current].Seal(out, nil, plain, at.data(b.current))
}

// Open gives back what [Box.Seal] sealed at the same place. Errors: [ErrOpen], or one that names the missing key.
func (b *Box) Open(sealed []byte, at Place) ([]byte, error) {
	if len(sealed) < 1+overhead {
		return nil, ErrOpen
	}
	aead, ok := b.aeads[sealed[0]]
	if !ok {
		return nil, fmt.Errorf("sealed value needs key %d, which is not in the key file: put the line of that key back", sealed[0])
	}
	plain, err := aead.Open(nil, nil, sealed[1:], at.data(sealed[0]))
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

// Current reports whether a sealed value was sealed with the newest key; if not, it is due to be sealed again.
func (b *Box) Current(sealed []byte) bool { return len(sealed) > 0 && sealed[0] == b.current }

// data is the place as additional authenticated data: each part with its length, so that no two places look alike.
func (p Place) data(key byte) []byte {
	out := []byte{key}
	for _, part := range []string{p.Table, p.Column, p.Row} {
		out = binary.AppendUvarint(out, uint64(len(part)))
		out = append(out, part...)
	}
	return out
}
