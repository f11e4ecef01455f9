package account

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"hash/crc32"
	"slices"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// An API key's secret is plain letters and digits, so that it may stand wherever other gateways put theirs: "smsir", 32
// random Base62 characters (190 bits), and the CRC-32 of all that in 6 Base62 characters, by which a mistyped or cut key
// is told from a wrong one, and a leaked one is found in files.
const (
	keyPrefix   = "smsir"
	keyRandom   = 32
	keyChecksum = 6
	keyLength   = len(keyPrefix) + keyRandom + keyChecksum
)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// newKeySecret makes a secret.
func newKeySecret() string {
	b := make([]byte, 0, keyLength)
	b = append(b, keyPrefix...)
	var random [64]byte
	for len(b) < len(keyPrefix)+keyRandom {
		_, _ = rand.Read(random[:]) // never fails since Go 1.24: the program ends instead
		for _, c := range random {
			if c < 248 && len(b) < len(keyPrefix)+keyRandom { // 248 is four times 62: every character is as likely
				b = append(b, base62[c%62])
			}
		}
	}
	return string(b) + checksum(string(b))
}

func checksum(body string) string {
	var out [keyChecksum]byte
	v := crc32.ChecksumIEEE([]byte(body))
	for i := len(out) - 1; i >= 0; i-- {
		out[i] = base62[v%62]
		v /= 62
	}
	return string(out[:])
}

// isKeySecret reports whether s has the form of a secret, checksum included.
func isKeySecret(s string) bool {
	return len(s) == keyLength && looksLikeKey(s) && checksum(s[:keyLength-keyChecksum]) == s[keyLength-keyChecksum:]
}

// looksLikeKey reports whether s was probably meant to be a secret.
func looksLikeKey(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') { // not of base62
			return false
		}
	}
	return strings.HasPrefix(s, keyPrefix)
}

// KeyRequest describes an API key to create.
type KeyRequest struct {
	Name      string       // 1 to 100 characters
	Scopes    []Permission // at least one; see [Rules]
	ExpiresAt time.Time    // zero: never
}

// NewKey is a created API key. Secret is shown this once.
type NewKey struct {
	store.APIKey
	Secret string // "smsir", 32 random Base62 characters and 6 of checksum
}

// CreateKey makes an API key of the workspace. Permission: api_keys:write, with [Principal.RequireReauth]. Errors:
// invalid (Field "name", "scopes", "expires_at"), forbidden, reauth_required.
func (s *Service) CreateKey(ctx context.Context, p *Principal, r KeyRequest, peer Peer) (*NewKey, error) {
	if err := p.Require(APIKeysWrite); err != nil {
		return nil, err
	}
	name, err := checkName("name", r.Name)
	if err != nil {
		return nil, err
	}
	scopes, err := checkScopes(p, r.Scopes)
	if err != nil {
		return nil, err
	}
	now := s.now()
	if !r.ExpiresAt.IsZero() && !r.ExpiresAt.After(now) {
		return nil, fault(smsir.CodeInvalid, "expires_at", "The key would have expired already. Give a later time, or none.")
	}
	if err := p.RequireReauth(); err != nil {
		return nil, err
	}
	secret := newKeySecret()
	k := store.APIKey{
		ID: smsir.NewUUID(now), Workspace: p.Workspace.ID, Name: name, SecretHash: sha256.Sum256([]byte(secret)),
		Hint: secret[len(secret)-4:], Scopes: scopes, CreatedBy: p.User.ID, CreatedAt: millis(now), ExpiresAt: millis(r.ExpiresAt),
	}
	e := s.audit(p, peer, "api_key.created", k.ID.Format(smsir.PrefixKey), strings.Join(scopes, " "))
	if err := s.store.CreateAPIKey(ctx, k, e); err != nil {
		return nil, err
	}
	return &NewKey{APIKey: k, Secret: secret}, nil
}

// checkScopes returns the words of scopes, each once, in the order of the table.
func checkScopes(p *Principal, scopes []Permission) ([]string, error) {
	if len(scopes) == 0 {
		return nil, fault(smsir.CodeInvalid, "scopes", "A key without scopes can do nothing. Choose at least one.")
	}
	for _, scope := range scopes {
		r, ok := ruleOf(scope)
		if !ok || !r.Key {
			return nil, fault(smsir.CodeInvalid, "scopes", "%q is not a scope that a key can have. Choose from the list.", clip(string(scope)))
		}
		if !p.Can(scope) {
			return nil, fault(CodeForbidden, "scopes", "You cannot give a key the scope %s, which you do not have yourself. Ask an owner or admin.", scope)
		}
	}
	var words []string
	for _, r := range rules {
		if slices.Contains(scopes, r.Permission) {
			words = append(words, string(r.Permission))
		}
	}
	return words, nil
}

// Keys lists the API keys of the workspace, revoked ones included, newest first. Permission: api_keys:read.
func (s *Service) Keys(ctx context.Context, p *Principal) ([]store.APIKey, error) {
	if err := p.Require(APIKeysRead); err != nil {
		return nil, err
	}
	return s.store.APIKeys(ctx, p.Workspace.ID)
}

// RevokeKey ends an API key at once. Permission: api_keys:write. Error: not_found.
func (s *Service) RevokeKey(ctx context.Context, p *Principal, id smsir.UUID, peer Peer) error {
	if err := p.Require(APIKeysWrite); err != nil {
		return err
	}
	defer s.cache.forget()
	return s.store.RevokeAPIKey(ctx, p.Workspace.ID, id, s.now(), s.audit(p, peer, "api_key.revoked", id.Format(smsir.PrefixKey), ""))
}

// millis is a time as the store keeps it.
func millis(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC().Truncate(time.Millisecond)
}
