package account

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/number"
	"github.com/smsir/smsir/internal/store"
)

// Limits of an account of our SMPP server.
const (
	maxSMPPSessions = 50
	maxSMPPWindow   = 1000
	maxSMPPRate     = 100_000
	maxSMPPList     = 100
	minSMPPPassword = 8
	maxSMPPPassword = 64
)

// SMPP is in charge of the accounts with which customers bind to our SMPP server. Make one with [Service.SMPP].
type SMPP struct {
	s       *Service
	store   SMPPStore
	changed func()
	key     [32]byte // of what follows; never leaves the process

	mu       sync.Mutex
	verified map[smsir.UUID][32]byte // proof that a password belongs to the hash that an account has: binds come often, and Argon2id is slow on purpose
}

// SMPPStore is what [SMPP] needs of the storage contract.
type SMPPStore interface {
	store.SMPPAccounts
	Workspace(ctx context.Context, id smsir.UUID) (*store.Workspace, error)
}

// SMPP returns the service for SMPP accounts. changed is called after an account was added, changed or removed.
func (s *Service) SMPP(st SMPPStore, changed func()) *SMPP {
	m := &SMPP{s: s, store: st, changed: changed, verified: map[smsir.UUID][32]byte{}}
	_, _ = rand.Read(m.key[:]) // never fails since Go 1.24: the program ends instead
	return m
}

// SMPPRequest describes an account: all of it when it is created, and what is not nil when it is changed.
type SMPPRequest struct {
	SystemID string  // when it is created: 1 to 15 letters, digits, dots, dashes and underscores
	Password *string // 8 to 64 visible ASCII characters; "" makes one
	Name     *string
	Networks *[]string // addresses or prefixes
	Modes    *[]string
	Senders  *[]string
	Class    *string
	Sessions *int
	Window   *int
	Rate     *int
	Inbound  *bool
	Enabled  *bool
}

// Accounts lists the accounts of the workspace. Permission: smpp:read.
func (m *SMPP) Accounts(ctx context.Context, p *Principal) ([]store.SMPPAccount, error) {
	if err := p.Require(SMPPRead); err != nil {
		return nil, err
	}
	return m.store.SMPPAccounts(ctx, p.Workspace.ID)
}

// Account returns one. Permission: smpp:read. Error: not_found.
func (m *SMPP) Account(ctx context.Context, p *Principal, id smsir.UUID) (*store.SMPPAccount, error) {
	if err := p.Require(SMPPRead); err != nil {
		return nil, err
	}
	return m.store.SMPPAccount(ctx, p.Workspace.ID, id)
}

// Create makes an account and returns its password, this once. Permission: smpp:write, with [Principal.RequireReauth].
// Errors: invalid, conflict (Field "system_id"), forbidden, reauth_required.
func (m *SMPP) Create(ctx context.Context, p *Principal, r SMPPRequest, peer Peer) (*store.SMPPAccount, string, error) {
	if err := p.Require(SMPPWrite); err != nil {
		return nil, "", err
	}
	if !regexp.MustCompile(`^[A-Za-z0-9_.-]{1,15}$`).MatchString(r.SystemID) {
		return nil, "", fault(smsir.CodeInvalid, "system_id", "A system id has 1 to 15 letters, digits, dots, dashes and underscores.")
	}
	now := m.s.now()
	a := &store.SMPPAccount{
		ID: smsir.NewUUID(now), Workspace: p.Workspace.ID, SystemID: r.SystemID, Name: r.SystemID,
		Modes: []string{store.SMPPTransmitter, store.SMPPReceiver, store.SMPPTransceiver}, Sessions: 2, Window: 10, Enabled: true,
		CreatedAt: millis(now), UpdatedAt: millis(now),
	}
	if r.Password == nil {
		r.Password = new(string)
	}
	if err := r.apply(a, p.Workspace.Country); err != nil {
		return nil, "", err
	}
	if err := p.RequireReauth(); err != nil {
		return nil, "", err
	}
	password, err := m.setPassword(ctx, a, *r.Password)
	if err != nil {
		return nil, "", err
	}
	if err := m.store.CreateSMPPAccount(ctx, *a, m.s.audit(p, peer, "smpp_account.created", a.ID.Format(smsir.PrefixSMPP), a.SystemID)); err != nil {
		return nil, "", err
	}
	m.changed()
	return a, password, nil
}

// Update changes an account. A new password is returned, this once. Permission: smpp:write, with
// [Principal.RequireReauth] if the password changes. Errors: not_found, invalid, forbidden, reauth_required.
func (m *SMPP) Update(ctx context.Context, p *Principal, id smsir.UUID, r SMPPRequest, peer Peer) (*store.SMPPAccount, string, error) {
	if err := p.Require(SMPPWrite); err != nil {
		return nil, "", err
	}
	a, err := m.store.SMPPAccount(ctx, p.Workspace.ID, id)
	if err != nil {
		return nil, "", err
	}
	if err := r.apply(a, p.Workspace.Country); err != nil {
		return nil, "", err
	}
	password := ""
	if r.Password != nil {
		if err := p.RequireReauth(); err != nil {
			return nil, "", err
		}
		if password, err = m.setPassword(ctx, a, *r.Password); err != nil {
			return nil, "", err
		}
	}
	a.UpdatedAt = millis(m.s.now())
	if err := m.store.UpdateSMPPAccount(ctx, *a, m.s.audit(p, peer, "smpp_account.changed", id.Format(smsir.PrefixSMPP), a.SystemID)); err != nil {
		return nil, "", err
	}
	m.changed()
	return a, password, nil
}

// Delete removes an account, and what waits for it. Permission: smpp:write. Error: not_found.
func (m *SMPP) Delete(ctx context.Context, p *Principal, id smsir.UUID, peer Peer) error {
	if err := p.Require(SMPPWrite); err != nil {
		return err
	}
	if err := m.store.DeleteSMPPAccount(ctx, p.Workspace.ID, id, m.s.audit(p, peer, "smpp_account.deleted", id.Format(smsir.PrefixSMPP), "")); err != nil {
		return err
	}
	m.changed()
	return nil
}

// apply puts what a request says into an account, checked.
func (r SMPPRequest) apply(a *store.SMPPAccount, country string) (err error) {
	if r.Name != nil {
		if a.Name, err = checkName("name", *r.Name); err != nil {
			return err
		}
	}
	if r.Networks != nil {
		if a.Networks, err = checkNetworks(*r.Networks); err != nil {
			return err
		}
	}
	if r.Modes != nil {
		if a.Modes, err = checkModes(*r.Modes); err != nil {
			return err
		}
	}
	if r.Senders != nil {
		if a.Senders, err = checkSenders(*r.Senders, country); err != nil {
			return err
		}
	}
	if r.Class != nil {
		class, ok := smsir.ParseClass(*r.Class)
		if !ok {
			return fault(smsir.CodeInvalid, "class", "%q is no class of traffic. Choose otp, transactional or bulk.", clip(*r.Class))
		}
		a.Class = class
	}
	for _, n := range []struct {
		field       string
		to          *int
		from        *int
		least, most int
	}{
		{"sessions", &a.Sessions, r.Sessions, 1, maxSMPPSessions},
		{"window", &a.Window, r.Window, 1, maxSMPPWindow},
		{"rate", &a.Rate, r.Rate, 0, maxSMPPRate},
	} {
		if n.from == nil {
			continue
		}
		if *n.from < n.least || *n.from > n.most {
			return fault(smsir.CodeInvalid, n.field, "%d is out of range. Give %d to %d.", *n.from, n.least, n.most)
		}
		*n.to = *n.from
	}
	if r.Inbound != nil {
		a.Inbound = *r.Inbound
	}
	if r.Enabled != nil {
		a.Enabled = *r.Enabled
	}
	return nil
}

func checkNetworks(list []string) ([]string, error) {
	if len(list) > maxSMPPList {
		return nil, fault(smsir.CodeInvalid, "networks", "%d networks are too many. Give at most %d.", len(list), maxSMPPList)
	}
	out := []string{}
	for _, text := range list {
		text = strings.TrimSpace(text)
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			addr, e := netip.ParseAddr(text)
			if e != nil {
				return nil, fault(smsir.CodeInvalid, "networks", "%q is no address and no network. Write 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32.", clip(text))
			}
			addr = addr.Unmap()
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		if word := prefix.Masked().String(); !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return out, nil
}

func checkModes(list []string) ([]string, error) {
	known := []string{store.SMPPTransmitter, store.SMPPReceiver, store.SMPPTransceiver}
	var out []string
	for _, word := range known {
		if slices.Contains(list, word) {
			out = append(out, word)
		}
	}
	for _, word := range list {
		if !slices.Contains(known, word) {
			return nil, fault(smsir.CodeInvalid, "modes", "%q is no kind of bind. Choose from transmitter, receiver and transceiver.", clip(word))
		}
	}
	if len(out) == 0 {
		return nil, fault(smsir.CodeInvalid, "modes", "An account that may not bind at all is of no use. Choose at least one of transmitter, receiver and transceiver.")
	}
	return out, nil
}

func checkSenders(list []string, country string) ([]string, error) {
	if len(list) > maxSMPPList {
		return nil, fault(smsir.CodeInvalid, "senders", "%d senders are too many. Give at most %d.", len(list), maxSMPPList)
	}
	out := []string{}
	for _, text := range list {
		sender, err := number.ParseSender(text, country)
		if err != nil {
			return nil, fault(smsir.CodeInvalid, "senders", "The sender %q cannot be used: %v", clip(text), err)
		}
		if !slices.Contains(out, sender.Value) {
			out = append(out, sender.Value)
		}
	}
	return out, nil
}

// setPassword gives an account a password, a new one if it is "", and returns it.
func (m *SMPP) setPassword(ctx context.Context, a *store.SMPPAccount, password string) (string, error) {
	if password == "" {
		password = newSMPPPassword()
	}
	if n := len(password); n < minSMPPPassword || n > maxSMPPPassword {
		return "", fault(smsir.CodeInvalid, "password", "The password has %d characters. Give %d to %d; SMPP allows 8, and some clients cannot send more.", n, minSMPPPassword, maxSMPPPassword)
	}
	if strings.ContainsFunc(password, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", fault(smsir.CodeInvalid, "password", "The password has characters that SMPP clients cannot send. Use letters, digits and signs of ASCII.")
	}
	hash, err := m.s.hasher.hash(ctx, password)
	if err != nil {
		return "", err
	}
	a.PasswordHash = hash
	return password, nil
}

// newSMPPPassword makes eight characters, as many as every client can send: 47 bits, which the slowing down of wrong
// binds makes enough.
func newSMPPPassword() string {
	secret := newKeySecret()
	return secret[len(keyPrefix) : len(keyPrefix)+minSMPPPassword]
}

// Bind checks a system id and its password. Error: unauthenticated, the same whatever is wrong, or why it cannot be
// checked now.
func (m *SMPP) Bind(ctx context.Context, systemID, password string) (*store.SMPPAccount, *store.Workspace, error) {
	a, err := m.store.SMPPAccountBySystemID(ctx, systemID)
	unknown := isNotFound(err)
	if err != nil && !unknown {
		return nil, nil, err
	}
	hash := m.s.hasher.dummy
	if !unknown {
		hash = a.PasswordHash
		if m.known(a, password) {
			return m.enabled(ctx, a)
		}
	}
	ok, err := m.s.hasher.verify(ctx, hash, password)
	if err != nil {
		return nil, nil, err
	}
	if !ok || unknown {
		return nil, nil, unauthenticated()
	}
	m.mu.Lock()
	m.verified[a.ID] = m.proof(a, password)
	m.mu.Unlock()
	return m.enabled(ctx, a)
}

func (m *SMPP) enabled(ctx context.Context, a *store.SMPPAccount) (*store.SMPPAccount, *store.Workspace, error) {
	if !a.Enabled {
		return nil, nil, unauthenticated()
	}
	w, err := m.store.Workspace(ctx, a.Workspace)
	return a, w, err
}

// proof binds a password to the hash that it was checked against.
func (m *SMPP) proof(a *store.SMPPAccount, password string) (sum [32]byte) {
	h := hmac.New(sha256.New, m.key[:])
	_, _ = h.Write([]byte(a.PasswordHash + "\x00" + password)) // a hash does not fail
	h.Sum(sum[:0])
	return sum
}

func (m *SMPP) known(a *store.SMPPAccount, password string) bool {
	m.mu.Lock()
	before, ok := m.verified[a.ID]
	m.mu.Unlock()
	now := m.proof(a, password)
	return ok && hmac.Equal(before[:], now[:])
}

// Recheck returns an account and its workspace as they are now. Error: unauthenticated if it may not bind any more, or
// has another password than before.
func (m *SMPP) Recheck(ctx context.Context, before *store.SMPPAccount) (*store.SMPPAccount, *store.Workspace, error) {
	a, err := m.store.SMPPAccount(ctx, before.Workspace, before.ID)
	switch {
	case isNotFound(err):
		return nil, nil, unauthenticated()
	case err != nil:
		return nil, nil, err
	case a.PasswordHash != before.PasswordHash:
		return nil, nil, unauthenticated()
	}
	return m.enabled(ctx, a)
}

// Bound notes that an account has bound.
func (m *SMPP) Bound(ctx context.Context, a *store.SMPPAccount) error {
	if m.s.now().Sub(a.LastBoundAt) < time.Minute {
		return nil
	}
	return m.store.TouchSMPPAccount(ctx, a.ID, m.s.now())
}
