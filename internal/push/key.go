package push

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net/http"
	"time"

	"github.com/smsir/smsir/internal/jws"
	"github.com/smsir/smsir/internal/seal"
)

// keySetting holds the sealed private key of the server, by which push services know it.
const keySetting = "push_key"

// loadKey reads the key of the server, and makes it if there is none. Of several nodes that start at once, one makes it.
func (s *Service) loadKey(ctx context.Context) error {
	at := seal.Place{Table: "settings", Column: "value", Row: keySetting}
	fresh, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	raw, err := fresh.Bytes()
	if err != nil {
		return err
	}
	text, err := s.opt.Store.FirstSetting(ctx, keySetting, base64.StdEncoding.EncodeToString(s.opt.Box.Seal(raw, at)))
	if err != nil {
		return fmt.Errorf("the key for push notifications: %w", err)
	}
	sealed, err := base64.StdEncoding.DecodeString(text)
	if err == nil {
		raw, err = s.opt.Box.Open(sealed, at)
	}
	if err == nil {
		s.key, err = ecdsa.ParseRawPrivateKey(elliptic.P256(), raw)
	}
	if err != nil {
		return fmt.Errorf("the key for push notifications: %w", err)
	}
	public, err := s.key.PublicKey.Bytes()
	if err != nil {
		return err
	}
	s.public = base64.RawURLEncoding.EncodeToString(public)
	return nil
}

// tokenLife is how long a push service may take a token for ours; RFC 8292 §2 allows a day.
const tokenLife = 12 * time.Hour

// authorize says who sends a push (RFC 8292).
func (s *Service) authorize(r *http.Request, endpoint string) error {
	audience, err := origin(endpoint)
	if err != nil {
		return err
	}
	token, err := jws.SignES256(s.key, struct {
		Audience string `json:"aud"`
		Expires  int64  `json:"exp"`
		Subject  string `json:"sub,omitempty"`
	}{audience, s.now().Add(tokenLife).Unix(), s.opt.Contact})
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "vapid t="+token+", k="+s.public)
	return nil
}
