package push

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"net/url"
	"strings"
)

// Subscription is what a browser hands out: where pushes for it go, and for whom they are encrypted.
type Subscription struct {
	Endpoint string `json:"endpoint"`
	P256DH   string `json:"p256dh"` // base64url: an uncompressed point of P-256
	Auth     string `json:"auth"`   // base64url: 16 bytes
}

const (
	recordSize = 4096 // RFC 8291 §4: what every push service takes
	authSize   = 16
	// maxPayload is below what fits into one record, and into what the smallest push services take.
	maxPayload = 3000
)

// keys reads those of a subscription. The error says which one is wrong.
func (s Subscription) keys() (*ecdh.PublicKey, []byte, error) {
	raw, err := decode(s.P256DH)
	if err != nil {
		return nil, nil, invalid("p256dh", "This is not the public key of a subscription: 65 bytes in base64url, as getKey('p256dh') gives them.")
	}
	public, err := ecdh.P256().NewPublicKey(raw)
	if err != nil {
		return nil, nil, invalid("p256dh", "This is not the public key of a subscription: 65 bytes in base64url, as getKey('p256dh') gives them.")
	}
	auth, err := decode(s.Auth)
	if err != nil || len(auth) != authSize {
		return nil, nil, invalid("auth", "This is not the secret of a subscription: 16 bytes in base64url, as getKey('auth') gives them.")
	}
	return public, auth, nil
}

// decode reads base64url with or without padding.
func decode(text string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.TrimRight(text, "="))
}

// encrypt makes the body of a push (RFC 8291, one record of RFC 8188), which only the browser of the subscription reads.
func encrypt(plain []byte, s Subscription) ([]byte, error) {
	public, auth, err := s.keys()
	if err != nil {
		return nil, err
	}
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	var salt [16]byte
	_, _ = rand.Read(salt[:]) // never fails
	return encryptWith(plain, public, auth, private, salt[:])
}

// encryptWith is [encrypt] with the key of this one push and its salt given.
func encryptWith(plain []byte, public *ecdh.PublicKey, auth []byte, private *ecdh.PrivateKey, salt []byte) ([]byte, error) {
	if len(plain) > maxPayload {
		return nil, errors.New("push: the payload is too long")
	}
	secret, err := private.ECDH(public)
	if err != nil {
		return nil, err
	}
	own := private.PublicKey().Bytes()
	info := "WebPush: info\x00" + string(public.Bytes()) + string(own)
	input, err := hkdf.Key(sha256.New, secret, auth, info, sha256.Size)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, input, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, input, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	out := binary.BigEndian.AppendUint32(append([]byte{}, salt...), recordSize)
	out = append(append(out, byte(len(own))), own...)
	return aead.Seal(out, nonce, append(append([]byte{}, plain...), 2), nil), nil // 2: the last record
}

// origin is the audience of a token: scheme and host.
func origin(endpoint string) (string, error) {
	u, err := url.Parse(endpoint)
	if err != nil {
		return "", err
	}
	return u.Scheme + "://" + u.Host, nil
}
