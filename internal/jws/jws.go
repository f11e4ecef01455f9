// Package jws is in charge of the signed tokens (JWS in compact form, RFC 7515, with the claims of a JWT, RFC 7519) with
// which providers sign their calls to us and we sign ours to them.
//
// It knows three algorithms and nothing else of the standard: HS256 to verify, RS256 and ES256 to sign. It does not encrypt, fetches
// no keys, and does not know what a claim of a provider's means: the caller compares that.
//
// What it guarantees: claims are returned only after the signature fits one of the secrets and the times in them fit the
// clock. The header never chooses how a token is verified; one that asks for anything but HS256 is refused.
package jws

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// What is wrong with a token. None of them tells anything of a secret.
var (
	ErrForm      = errors.New("jws: it has not the form of a token")
	ErrAlgorithm = errors.New("jws: it is not signed with HS256")
	ErrSignature = errors.New("jws: the signature does not fit")
	ErrTime      = errors.New("jws: it is not valid at this time")
)

// header is that of a token. Extensions that must be understood (crit) are not.
type header struct {
	Algorithm string          `json:"alg"`
	Critical  json.RawMessage `json:"crit"`
}

// times are the claims about the time of a token (RFC 7519 §4.1), in seconds since 1970, possibly with a fraction.
type times struct {
	Expires   *float64 `json:"exp"`
	NotBefore *float64 `json:"nbf"`
	Issued    *float64 `json:"iat"`
}

// VerifyHS256 returns the claims of a token, as they stand in it, if one of secrets signed it. Those times that it names
// must fit now, give or take leeway: exp lies ahead, nbf and iat do not. A caller that needs one of them to be there sees
// to that itself. An empty secret signs nothing.
func VerifyHS256(token string, secrets [][]byte, now time.Time, leeway time.Duration) (json.RawMessage, error) {
	signed, signature, ok := cutLast(token)
	head, body, two := strings.Cut(signed, ".")
	if !ok || !two || strings.Contains(body, ".") {
		return nil, ErrForm
	}
	var h header
	if raw, err := encoding().DecodeString(head); err != nil || json.Unmarshal(raw, &h) != nil {
		return nil, ErrForm
	}
	if h.Algorithm != "HS256" || h.Critical != nil {
		return nil, ErrAlgorithm
	}
	fits := false
	for _, secret := range secrets {
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(signed))
		want := encoding().EncodeToString(mac.Sum(nil))
		if len(secret) > 0 && hmac.Equal([]byte(signature), []byte(want)) {
			fits = true
		}
	}
	if !fits {
		return nil, ErrSignature
	}
	claims, err := encoding().DecodeString(body)
	if err != nil {
		return nil, ErrForm
	}
	var t *times
	if err := json.Unmarshal(claims, &t); err != nil || t == nil {
		return nil, ErrForm
	}
	if !t.fit(float64(now.UnixMilli())/1000, leeway.Seconds()) {
		return nil, ErrTime
	}
	return claims, nil
}

func (t times) fit(now, leeway float64) bool {
	return (t.Expires == nil || now < *t.Expires+leeway) &&
		(t.NotBefore == nil || now >= *t.NotBefore-leeway) &&
		(t.Issued == nil || now >= *t.Issued-leeway)
}

// SignRS256 makes a token of claims, which must be a struct or a map that encodes to a JSON object.
func SignRS256(key *rsa.PrivateKey, claims any) (string, error) {
	return sign("RS256", claims, func(sum []byte) ([]byte, error) {
		return rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum)
	})
}

// SignES256 is SignRS256 with a key of the curve P-256 (RFC 7518 §3.4).
func SignES256(key *ecdsa.PrivateKey, claims any) (string, error) {
	if key.Curve != elliptic.P256() {
		return "", errors.New("jws: ES256 needs a key of the curve P-256")
	}
	return sign("ES256", claims, func(sum []byte) ([]byte, error) {
		r, s, err := ecdsa.Sign(rand.Reader, key, sum)
		if err != nil {
			return nil, err
		}
		signature := make([]byte, 64)
		r.FillBytes(signature[:32])
		s.FillBytes(signature[32:])
		return signature, nil
	})
}

func sign(algorithm string, claims any, f func(sum []byte) ([]byte, error)) (string, error) {
	body, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("jws: encode the claims: %w", err)
	}
	if len(body) == 0 || body[0] != '{' {
		return "", errors.New("jws: the claims are no JSON object")
	}
	signed := encoding().EncodeToString([]byte(`{"alg":"`+algorithm+`","typ":"JWT"}`)) + "." + encoding().EncodeToString(body)
	sum := sha256.Sum256([]byte(signed))
	signature, err := f(sum[:])
	if err != nil {
		return "", fmt.Errorf("jws: sign: %w", err)
	}
	return signed + "." + encoding().EncodeToString(signature), nil
}

// encoding is base64url without padding (RFC 7515 §2), and with one spelling for each value.
func encoding() *base64.Encoding { return base64.RawURLEncoding.Strict() }

// cutLast cuts a token before its signature.
func cutLast(token string) (signed, signature string, ok bool) {
	i := strings.LastIndexByte(token, '.')
	if i < 0 {
		return "", "", false
	}
	return token[:i], token[i+1:], true
}
