// Package push is in charge of notifications on people's devices (Web Push): it keeps the browsers that asked for them,
// follows the stream of events, and tells each person what they chose to hear of, even while the app is closed.
//
// It does not show anything (the service worker of the web app does) and does not decide which addresses may be dialled
// (package guard does).
//
// What it guarantees: an event makes at most one notice for a device, whatever restarts and however many nodes there are,
// because notices and the place in the stream are stored in one step. A notice whose outcome is known is not sent again;
// one whose outcome is not (the process died, no answer came) is sent again under the same topic and tag, so that it takes
// its own place. Only the browser can read what is sent. A session that has ended, a user who was disabled and a member who
// was removed get nothing from that moment on: it is looked up before each push.
package push

import (
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/guard"
	"github.com/smsir/smsir/internal/seal"
	"github.com/smsir/smsir/internal/store"
)

// Purpose is that of the [seal.Box] for subscriptions and for the key of the server.
const Purpose = "push"

// MaxDevices bounds the devices of one person.
const MaxDevices = 20

// Store is what the package needs of the storage.
type Store interface {
	store.Push
	EventsAfter(ctx context.Context, workspace smsir.UUID, after smsir.ID, limit int) ([]smsir.Event, error)
	LastEvent(ctx context.Context) (smsir.ID, error)
	MessagesByID(ctx context.Context, ids []smsir.ID) ([]*smsir.Message, error)
	ListInbound(ctx context.Context, workspace smsir.UUID, before smsir.ID, limit int) ([]smsir.Inbound, error)
	Conversation(ctx context.Context, workspace, id smsir.UUID) (*store.Conversation, error)
	ContactsByPhone(ctx context.Context, workspace smsir.UUID, phones []string) (map[string]store.Contact, error)
	Campaign(ctx context.Context, workspace, id smsir.UUID) (*store.Campaign, error)
	AddJob(ctx context.Context, j store.Job) (bool, error)
}

// Options of [New]. Store, Box and Guard are required.
type Options struct {
	Store   Store
	Box     *seal.Box // of purpose Purpose
	Guard   *guard.Guard
	Contact string // where push services reach whoever runs this server: an https or mailto address
	Added   func() // a job was added; may be nil
	Log     *slog.Logger
	Now     func() time.Time
	Metrics prometheus.Registerer
	PollCap time.Duration // the longest wait before events are read again; 1 s if 0

	client *http.Client // for tests
}

// Service is the whole of the package. Safe for concurrent use.
type Service struct {
	opt    Options
	log    *slog.Logger
	now    func() time.Time
	client *http.Client
	key    *ecdsa.PrivateKey
	public string        // base64url
	poked  chan struct{} // capacity 1
	pushes *prometheus.CounterVec
}

// New returns a service. The key pair of the server (VAPID, RFC 8292) is made by the first one on a database; all others
// have the same.
func New(ctx context.Context, o Options) (*Service, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Added == nil {
		o.Added = func() {}
	}
	if o.PollCap == 0 {
		o.PollCap = time.Second
	}
	if o.client == nil {
		o.client = o.Guard.Client(timeout)
	}
	s := &Service{opt: o, log: o.Log, now: o.Now, client: o.client, poked: make(chan struct{}, 1)}
	s.pushes = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "smsir_pushes_total", Help: "Notifications handed to push services, by result."}, []string{"result"})
	if o.Metrics != nil {
		o.Metrics.MustRegister(s.pushes)
	}
	return s, s.loadKey(ctx)
}

// PublicKey is what browsers subscribe with: an uncompressed point of P-256 in base64url.
func (s *Service) PublicKey() string { return s.public }

// Device is what a browser registers.
type Device struct {
	Subscription
	Language  string // "" keeps that of the session's device before
	UserAgent string
}

// Languages are those in which notifications are written.
func Languages() []string { return []string{"en", "sw", "fr", "ar"} }

// Register stores the browser of a session. Errors: invalid, with the Field.
func (s *Service) Register(ctx context.Context, user, session smsir.UUID, in Device) (*store.PushDevice, error) {
	if u, err := s.opt.Guard.CheckURL(in.Endpoint); err != nil {
		text := err.Error()
		return nil, invalid("endpoint", "%s.", strings.ToUpper(text[:1])+text[1:])
	} else if u.Host == "" {
		return nil, invalid("endpoint", "This is not the endpoint of a subscription.")
	}
	if _, _, err := in.keys(); err != nil {
		return nil, err
	}
	if in.Language != "" && !slices.Contains(Languages(), in.Language) {
		return nil, invalid("language", "There are notifications in %s.", strings.Join(Languages(), ", "))
	}
	now := s.now().UTC().Truncate(time.Millisecond)
	have, err := s.opt.Store.PushDevices(ctx, user, now)
	if err != nil {
		return nil, err
	}
	d := store.PushDevice{
		ID: smsir.NewUUID(now), Session: session, User: user, Endpoint: sha256.Sum256([]byte(in.Endpoint)),
		Language: in.Language, UserAgent: smsir.Storable(in.UserAgent, 256), CreatedAt: now,
	}
	same := func(o store.PushDevice) bool { return o.Session == d.Session || o.Endpoint == d.Endpoint }
	if len(have) >= MaxDevices && !slices.ContainsFunc(have, same) {
		return nil, invalid("endpoint", "%d devices show notifications already, which is the most. Remove one first.", len(have))
	}
	plain, err := json.Marshal(in.Subscription)
	if err != nil {
		return nil, err
	}
	d.Subscription = s.opt.Box.Seal(plain, place(session))
	stored, err := s.opt.Store.SavePushDevice(ctx, d)
	if err == nil {
		s.Poke()
	}
	return stored, err
}

// place binds a subscription to its session, which a device keeps for life.
func place(session smsir.UUID) seal.Place {
	return seal.Place{Table: "push_devices", Column: "subscription", Row: session.Format(smsir.PrefixSession)}
}

func (s *Service) opened(d *store.PushDevice) (sub Subscription, err error) {
	plain, err := s.opt.Box.Open(d.Subscription, place(d.Session))
	if err != nil {
		return sub, fmt.Errorf("the subscription of device %s: %w", d.ID.Format(smsir.PrefixDevice), err)
	}
	return sub, json.Unmarshal(plain, &sub)
}

// Devices lists those of a person, oldest first.
func (s *Service) Devices(ctx context.Context, user smsir.UUID) ([]store.PushDevice, error) {
	return s.opt.Store.PushDevices(ctx, user, s.now())
}

// Remove forgets a device of a person. Error: CodeNotFound.
func (s *Service) Remove(ctx context.Context, user, id smsir.UUID) error {
	return s.opt.Store.DeletePushDevice(ctx, user, id)
}

// Preferences are those of a person in a workspace.
func (s *Service) Preferences(ctx context.Context, workspace, user smsir.UUID) (store.PushPreferences, error) {
	return s.opt.Store.PushPreferences(ctx, workspace, user)
}

// SetPreferences stores them. Errors: invalid, with the Field.
func (s *Service) SetPreferences(ctx context.Context, workspace, user smsir.UUID, p store.PushPreferences) error {
	if !slices.Contains([]string{store.PushAll, store.PushMine, store.PushNone}, p.Replies) {
		return invalid("replies", "Choose all, mine or none.")
	}
	return s.opt.Store.SetPushPreferences(ctx, workspace, user, p, s.now())
}

// Poke makes Run read events now. It does not block.
func (s *Service) Poke() {
	select {
	case s.poked <- struct{}{}:
	default:
	}
}

// topic is a tag in the form that push services take (RFC 8030 §5.4): at most 32 characters of base64url.
func topic(tag string) string {
	sum := sha256.Sum256([]byte(tag))
	return base64.RawURLEncoding.EncodeToString(sum[:24])
}

// invalid makes an error about one field of the request.
func invalid(field, format string, args ...any) error {
	e := smsir.Errorf(smsir.CodeInvalid, format, args...)
	e.Field = field
	return e
}
