// Package upstream is in charge of the configured providers of workspaces: it checks their settings against what their
// kind describes, seals their secrets, stores them and opens them.
//
// It knows no kind by itself, sends nothing and routes nothing. Package store keeps the rows, package seal the secrets.
//
// What it guarantees: only settings that the kind describes are stored; a secret is stored sealed, bound to its row, and
// is never handed out except to the kind that opens the provider; a refused change leaves the provider as it was.
package upstream

import (
	"context"
	"errors"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/seal"
	"github.com/smsir/smsir/internal/store"
)

// Purpose is that of the [seal.Box] for the secrets of providers.
const Purpose = "providers"

// Config is what a [Service] is made of.
type Config struct {
	Store store.Providers
	Kinds []smsir.ProviderKind // in the order of the form
	Box   *seal.Box            // of purpose Purpose
	// Changed is called after every change that was stored; dispatch reloads. It must not block. May be nil.
	Changed func()
	Clock   func() time.Time // nil: time.Now
}

// By is who makes a change, for the audit log.
type By struct {
	Actor smsir.Actor
	IP    string
}

// Draft describes a provider to create.
type Draft struct {
	Kind     string
	Name     string            // 1 to 60 characters, unique in the workspace
	Settings map[string]string // plain and secret ones, by Field.Name; a missing one takes the field's default
	Enabled  bool
	Priority int // 0 to 1000; lower is tried first
}

// Change changes a provider; nil leaves something as it is.
type Change struct {
	Name *string
	// Settings replaces those it names and leaves the others. An empty value takes a plain setting back to its default;
	// a secret named with an empty value keeps its old value.
	Settings map[string]string
	// ClearSecrets names optional secrets to remove.
	ClearSecrets []string
	Enabled      *bool
	Priority     *int
}

// ChangesSecrets reports whether the settings of a draft or change touch a secret of the kind: doors ask for the
// password again then.
func ChangesSecrets(k smsir.ProviderKind, settings map[string]string, cleared []string) bool {
	return false
}

// Service is the whole of the package. Safe for concurrent use.
type Service struct {
	cfg Config
}

var errNotYet = errors.New("not yet")

// New returns a [Service]. It fails when two kinds have one name, or a field of a kind is described wrongly.
func New(cfg Config) (*Service, error) { return &Service{cfg: cfg}, nil }

// Kinds lists the kinds that there are, with their fields.
func (s *Service) Kinds() []smsir.ProviderKind { return nil }

// Kind finds a kind by name.
func (s *Service) Kind(name string) (smsir.ProviderKind, bool) { return smsir.ProviderKind{}, false }

// Create stores a new provider. Errors: invalid (Field "kind", "name", "priority" or "settings.<name>"), conflict
// (Field "name").
func (s *Service) Create(ctx context.Context, workspace smsir.UUID, d Draft, by By) (*store.Provider, error) {
	return nil, errNotYet
}

// Update changes a provider and returns it. Errors as of Create, and not_found.
func (s *Service) Update(ctx context.Context, workspace, id smsir.UUID, c Change, by By) (*store.Provider, error) {
	return nil, errNotYet
}

// Delete removes a provider. Errors: not_found, conflict while messages that go through it are open.
func (s *Service) Delete(ctx context.Context, workspace, id smsir.UUID, by By) error {
	return errNotYet
}

// SecretsSet lists the names of the secret settings that p has, sorted; their values are never shown. A provider whose
// secrets cannot be opened gives an error.
func (s *Service) SecretsSet(p store.Provider) ([]string, error) { return nil, errNotYet }

// Open makes the provider of a row, with its secrets in the clear, and returns its kind. It does not touch the network.
// Errors: the kind is unknown to this program, the secrets cannot be opened, or the kind refuses the settings.
func (s *Service) Open(ctx context.Context, p store.Provider) (smsir.Provider, smsir.ProviderKind, error) {
	return nil, smsir.ProviderKind{}, errNotYet
}

// Starter returns the provider that a new workspace starts with: the first kind that is for tests only, enabled, with
// its default settings. Nil when there is no such kind.
func (s *Service) Starter(workspace smsir.UUID, now time.Time) *store.Provider { return nil }

// Sealed reports whether any provider has sealed secrets, that is, whether the key file must be there.
func Sealed(ctx context.Context, providers store.Providers) (bool, error) { return false, errNotYet }
