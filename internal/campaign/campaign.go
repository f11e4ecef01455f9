// Package campaign sends one text to many people: templates, recipients, dry runs, schedules, pacing, approval.
//
// It sends nothing itself: it gathers recipients in a table, a page at a time, and feeds them to stage 1 in pieces. Who
// may do what is the door's business.
//
// What it guarantees: every recipient of a campaign gets one message, whatever dies when. Recipients are unique by number
// in the table; a piece is accepted in one step with an idempotency key made of the campaign and the place where the
// piece begins, so that a piece that is fed again is found to be there. A series fires once on each of its local days,
// because a day is a row that can exist only once. Memory does not grow with a campaign. The text of a variable is never
// read as a variable.
package campaign

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Bounds of what people enter.
const (
	MaxName       = 120       // characters, of a template or campaign
	MaxText       = 1600      // characters, before values are put in
	MaxLanguages  = 20        // texts of one template
	MaxGroups     = 50        // groups of one campaign
	MaxRecipients = 1_000_000 // of one campaign
	MaxRate       = 600_000   // messages a minute
	MaxHours      = 168       // to spread a campaign over
	MaxAhead      = 366 * 24 * time.Hour
	maxValue      = 500 // characters of a value
)

// Store is what the package keeps things in.
type Store interface {
	store.Campaigns
	store.AudienceReader
	store.Canceler
	NewID(now time.Time) smsir.ID
	Suppressed(ctx context.Context, workspace smsir.UUID, recipients []string, sender string) (map[string]bool, error)
	Replay(ctx context.Context, workspace smsir.UUID, scope, key string, now time.Time) (*store.Replay, error)
	Workspace(ctx context.Context, id smsir.UUID) (*store.Workspace, error)
	AddJob(ctx context.Context, j store.Job) (bool, error)
	DropJob(ctx context.Context, kind, key string) error
	Tell(ctx context.Context, e smsir.Event) error
}

// JobKind is the kind of job that moves campaigns on; its Key is the campaign's identifier.
const JobKind = "campaign"

// Options of [New]. Store is required, and Send where jobs run.
type Options struct {
	Store Store
	// Send is stage 1.
	Send func(ctx context.Context, o Order) (Answer, error)
	// Poke wakes the runner of jobs.
	Poke func()
	// Route says which provider would take a message to a number, and why in a sentence; "" and why there is none.
	Route func(ctx context.Context, w *store.Workspace, to, from string) (provider, why string, err error)
	// Sender refuses a sender ("" for none) that the rules of the workspace do not allow. Nil: every one is allowed.
	Sender func(ctx context.Context, w *store.Workspace, from string) error
	// Rate is how many segments a second the providers of a workspace take together; 0 when nobody knows.
	Rate func(ctx context.Context, workspace smsir.UUID) (float64, error)
	// Costs tells what messages of a workspace cost, as far as that is known; nil when nobody knows.
	Costs func(ctx context.Context, w *store.Workspace) (Cost, error)
	// Lateness is how late a campaign may start; 1 h if 0. One that is later waits for somebody to look at it.
	Lateness time.Duration
	Log      *slog.Logger
	Now      func() time.Time
}

// Cost is what a message of so many segments to a number in a country costs; false if nobody knows.
type Cost func(to, country string, segments int) (smsir.Money, bool)

// Order is a piece of a campaign on its way to stage 1: bulk messages of one batch, of which those that cannot be sent are
// left out. It is accepted once for its key, in one step, together with what Render makes of the counts.
type Order struct {
	Workspace *store.Workspace
	Actor     smsir.Actor
	Batch     smsir.ID
	Scope     string
	Key       string
	TTL       time.Duration // how long the key is kept
	Messages  []Message
	Render    func(accepted, blocked, skipped int64) ([]byte, error)
}

// Message is one of an [Order].
type Message struct{ To, Text, From string }

// Answer is what Render made, now or when the piece was first accepted.
type Answer struct {
	Body     []byte
	Replayed bool
}

// Service is the whole of the package. Safe for concurrent use.
type Service struct {
	opt      Options
	progress progress

	mu    sync.Mutex
	tails map[smsir.UUID]tail
}

// New returns a service.
func New(o Options) *Service {
	if o.Poke == nil {
		o.Poke = func() {}
	}
	if o.Rate == nil {
		o.Rate = func(context.Context, smsir.UUID) (float64, error) { return 0, nil }
	}
	if o.Lateness == 0 {
		o.Lateness = time.Hour
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Service{opt: o, tails: map[smsir.UUID]tail{}}
}

// By is who makes a change, for the audit log.
type By struct {
	Actor smsir.Actor
	IP    string
}

func (s *Service) now() time.Time { return s.opt.Now().UTC().Truncate(time.Millisecond) }

func (s *Service) audit(workspace smsir.UUID, by By, action, target, detail string) store.AuditEntry {
	return store.AuditEntry{At: s.now(), Workspace: workspace, Actor: by.Actor, Action: action, Target: target, IP: by.IP, Detail: detail}
}

func (s *Service) auditOf(c *store.Campaign, by By, action, detail string) store.AuditEntry {
	return s.audit(c.Workspace, by, "campaign."+action, c.ID.Format(smsir.PrefixCampaign), detail)
}

// cleanName returns a name without the spaces around it.
func cleanName(name, what string) (string, error) {
	name = strings.TrimSpace(name)
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return "", invalid("name", "A %s needs a name.", what)
	case n > MaxName:
		return "", invalid("name", "The name has %d characters. Give at most %d.", n, MaxName)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return "", invalid("name", "The name has characters that cannot be shown. Remove line breaks and control characters.")
	}
	return name, nil
}

// checkTexts checks texts by language; needed says that there must be one for everybody.
func checkTexts(texts map[string]string, needed bool) error {
	if len(texts) > MaxLanguages {
		return invalid("texts", "These are %d languages. Give at most %d.", len(texts), MaxLanguages)
	}
	for language, text := range texts {
		if language != "" && !languageForm(language) {
			return invalid("texts", "%q is no language. Give a tag such as en, sw or pt-BR.", clip(language))
		}
		switch n := utf8.RuneCountInString(text); {
		case strings.TrimSpace(text) == "":
			return invalid("texts", "The text%s is empty. Write at least one character, or take the language away.", of(language))
		case n > MaxText:
			return invalid("texts", "The text%s has %d characters. Give at most %d.", of(language), n, MaxText)
		case !utf8.ValidString(text):
			return invalid("texts", "The text%s is not valid UTF-8.", of(language))
		}
	}
	if _, ok := texts[""]; needed && !ok {
		return invalid("texts", "There is no text for people whose language is not known. Give one under the empty language.")
	}
	return nil
}

func of(language string) string {
	if language == "" {
		return ""
	}
	return fmt.Sprintf(" in %q", language)
}

// languageForm reports whether a tag has the shape of BCP 47 that contacts use.
func languageForm(tag string) bool {
	parts := strings.Split(tag, "-")
	if n := len(parts[0]); n < 2 || n > 3 || len(parts) > 3 || strings.ToLower(parts[0]) != parts[0] {
		return false
	}
	for _, p := range parts {
		if strings.ContainsFunc(p, func(r rune) bool { return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') }) || len(p) < 2 || len(p) > 4 {
			return false
		}
	}
	return true
}

// clip shortens what a request said, to be told in an error.
func clip(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}

func conflict(format string, args ...any) error {
	return smsir.Errorf(smsir.CodeConflict, format, args...)
}
