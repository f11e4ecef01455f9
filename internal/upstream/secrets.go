package upstream

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/seal"
	"github.com/smsir/smsir/internal/store"
)

// place is where the secrets of a provider stand: sealed for it, they open nowhere else.
func place(p *store.Provider) seal.Place {
	return seal.Place{Table: "providers", Column: "secrets", Row: p.ID.Format(smsir.PrefixProvider)}
}

// put stores values in a row, after the kind has accepted them.
func (s *Service) put(p *store.Provider, k *kind, v values) error {
	if _, err := v.open(k, p, s.address(p.ID)); err != nil {
		return err
	}
	p.Settings, p.Secrets = v.plain, nil
	if len(v.secret) == 0 {
		return nil
	}
	content, err := json.Marshal(v.secret)
	if err != nil {
		return err
	}
	p.Secrets = s.box.Seal(content, place(p))
	return nil
}

// secrets opens the sealed secrets of a row.
func (s *Service) secrets(p *store.Provider) (map[string]string, error) {
	if p.Secrets == nil {
		return nil, nil
	}
	content, err := s.box.Open(p.Secrets, place(p))
	if err != nil {
		return nil, fmt.Errorf("its secrets: %w", err)
	}
	var secret map[string]string
	if err := json.Unmarshal(content, &secret); err != nil {
		return nil, fmt.Errorf("its secrets: %w", err)
	}
	return secret, nil
}

// SecretsSet lists the names of the secret settings that p has, sorted; their values are never shown. Secrets that cannot
// be opened, because the key file is another one, count as not set: they have to be entered again. The error is always
// nil today.
func (s *Service) SecretsSet(p store.Provider) ([]string, error) {
	secret, err := s.secrets(&p)
	if err != nil {
		return nil, nil //nolint:nilerr // see above; Open reports it
	}
	return slices.Sorted(maps.Keys(secret)), nil
}

// Sealed reports whether any provider has sealed secrets, that is, whether the key file must be there.
func Sealed(ctx context.Context, providers store.Providers) (bool, error) {
	all, err := providers.ListProviders(ctx, smsir.UUID{})
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(all, func(p store.Provider) bool { return p.Secrets != nil }), nil
}

// Reseal seals with the newest key what an older one has sealed, and returns how many providers it touched. Call it at
// start, before the others change anything: afterwards the older key may go. Secrets that cannot be opened stay as they
// are, and the error names the first of them.
func (s *Service) Reseal(ctx context.Context) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	all, err := s.store.ListProviders(ctx, smsir.UUID{})
	if err != nil {
		return 0, err
	}
	var failed error
	n := 0
	for _, p := range all {
		if p.Secrets == nil || s.box.Current(p.Secrets) {
			continue
		}
		content, err := s.box.Open(p.Secrets, place(&p))
		if err != nil {
			if failed == nil {
				failed = fmt.Errorf("provider %s: %w", p.ID.Format(smsir.PrefixProvider), err)
			}
			continue
		}
		p.Secrets = s.box.Seal(content, place(&p))
		if err := s.store.UpdateProvider(ctx, p, s.audit(&p, By{}, "provider.resealed", "")); err != nil {
			return n, err
		}
		n++
	}
	return n, failed
}
