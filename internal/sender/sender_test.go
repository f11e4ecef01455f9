package sender

import (
	"context"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// shelf keeps senders in memory and counts how often they are read.
type shelf struct {
	list  []store.Sender
	reads int
	last  store.AuditEntry
}

func (s *shelf) Senders(context.Context, smsir.UUID) ([]store.Sender, error) {
	s.reads++
	return append([]store.Sender{}, s.list...), nil
}

func (s *shelf) CreateSender(_ context.Context, v store.Sender, e store.AuditEntry) error {
	s.list, s.last = append(s.list, v), e
	return nil
}

func (s *shelf) UpdateSender(_ context.Context, v store.Sender, e store.AuditEntry) error {
	for i := range s.list {
		if s.list[i].ID == v.ID {
			s.list[i], s.last = v, e
		}
	}
	return nil
}

func (s *shelf) DeleteSender(context.Context, smsir.UUID, smsir.UUID, store.AuditEntry) error {
	return nil
}

func (s *shelf) SendersUsed(context.Context, smsir.UUID, time.Time) (map[string]store.SenderUse, error) {
	return nil, nil
}

func (s *shelf) ListProviders(context.Context, smsir.UUID) ([]store.Provider, error) {
	return []store.Provider{{ID: smsir.UUID{1}}}, nil
}

func countries(list ...store.SenderCountry) *[]store.SenderCountry { return &list }
func defaults(list ...store.SenderDefault) *[]store.SenderDefault  { return &list }

// open returns a service with senders, and the workspace that has them.
func open(t *testing.T, drafts ...Draft) (*Service, *shelf, *store.Workspace) {
	t.Helper()
	rows := &shelf{}
	s := New(Options{Store: rows})
	w := &store.Workspace{ID: smsir.UUID{9}, Country: "KE", Registered: true}
	for _, d := range drafts {
		if _, err := s.Create(t.Context(), w, d, By{}); err != nil {
			t.Fatalf("%+v: %v", d, err)
		}
	}
	return s, rows, w
}

func TestChoose(t *testing.T) {
	t.Parallel()
	approved := func(country string) store.SenderCountry {
		return store.SenderCountry{Country: country, Status: store.SenderApproved}
	}
	s, rows, w := open(t,
		Draft{
			Value: "SHOP", Countries: countries(approved("KE"), store.SenderCountry{Country: "UG", Status: store.SenderRefused, Note: "a brand of others"}, store.SenderCountry{Status: store.SenderRequested}),
			Defaults: defaults(store.SenderDefault{Country: "KE"}, store.SenderDefault{Country: "UG"}),
		},
		Draft{Value: "CODES", Countries: countries(approved("")), Defaults: defaults(store.SenderDefault{Country: "KE", Class: "otp"})},
		Draft{Value: "+447700900123", Defaults: defaults(store.SenderDefault{})},
		Draft{Value: "22334"},
	)
	for _, c := range []struct {
		from, country string
		class         smsir.Class
		want          string
		code          smsir.Code
	}{
		{"SHOP", "KE", smsir.Transactional, "SHOP", ""},
		{"SHOP", "UG", smsir.Transactional, "", CodeNotApproved},
		{"SHOP", "TZ", smsir.Transactional, "", CodeNotApproved},
		{"shop", "KE", smsir.Transactional, "", CodeNotRegistered},
		{"CODES", "TZ", smsir.OTP, "CODES", ""},
		{"CODES", "US", smsir.OTP, "", CodeNotApproved}, // networks there carry no names
		{"22334", "KE", smsir.Bulk, "22334", ""},
		{"22334", "TZ", smsir.Bulk, "", CodeNotApproved},
		{"", "KE", smsir.OTP, "CODES", ""},
		{"", "KE", smsir.Bulk, "SHOP", ""},
		{"", "UG", smsir.Bulk, "+447700900123", ""}, // the default of the country was refused there
		{"", "DE", smsir.Bulk, "+447700900123", ""},
	} {
		got, err := s.Choose(t.Context(), w, c.from, c.country, c.class)
		if got != c.want || smsir.CodeOf(err) != c.code {
			t.Errorf("Choose(%q, %s, %s): got %q, %v, want %q, %s", c.from, c.country, c.class, got, err, c.want, c.code)
		}
	}
	if rows.reads > 6 {
		t.Errorf("the store was read %d times", rows.reads)
	}
	w.Registered = false
	if got, err := s.Choose(t.Context(), w, "ANY", "UG", smsir.Bulk); got != "ANY" || err != nil {
		t.Errorf("without the rule: got %q, %v, want what was asked for", got, err)
	}
	if got, err := s.Choose(t.Context(), w, "", "KE", smsir.OTP); got != "CODES" || err != nil {
		t.Errorf("without the rule: got %q, %v, want the default", got, err)
	}
	empty, _, w := open(t)
	if _, err := empty.Choose(t.Context(), w, "", "KE", smsir.OTP); smsir.CodeOf(err) != CodeMissing {
		t.Errorf("no default: got %v, want %s", err, CodeMissing)
	}
}

func TestDraftsAreChecked(t *testing.T) {
	t.Parallel()
	s, rows, w := open(t, Draft{Value: "SHOP", Defaults: defaults(store.SenderDefault{Country: "KE"})})
	long := make([]rune, maxName+1)
	for i := range long {
		long[i] = 'x'
	}
	name := string(long)
	for field, d := range map[string]Draft{
		"value":     {Value: "this name is too long"},
		"name":      {Value: "A", Name: &name},
		"countries": {Value: "B", Countries: countries(store.SenderCountry{Country: "KE", Status: store.SenderRefused})},
		"providers": {Value: "C", Providers: &[]smsir.UUID{{7}}},
		"defaults":  {Value: "D", Defaults: defaults(store.SenderDefault{Country: "KE"})},
	} {
		_, err := s.Create(t.Context(), w, d, By{})
		var e *smsir.Error
		if !asError(err, &e) || e.Field != field {
			t.Errorf("%+v: got %v, want an error about %s", d, err, field)
		}
	}
	for _, bad := range []store.SenderCountry{{Country: "XX", Status: "approved"}, {Country: "KE", Status: "x"}, {Country: "US", Status: "approved"}} {
		if _, err := s.Create(t.Context(), w, Draft{Value: "E", Countries: countries(bad)}, By{}); err == nil {
			t.Errorf("%+v was taken", bad)
		}
	}
	if len(rows.list) != 1 {
		t.Fatalf("there are %d senders, want 1", len(rows.list))
	}
	v, err := s.Update(t.Context(), w.ID, rows.list[0].ID, Draft{Countries: countries(store.SenderCountry{Country: "KE", Status: store.SenderApproved}), Providers: &[]smsir.UUID{{1}}}, By{})
	if err != nil || v.Countries[0].Status != store.SenderApproved || len(v.Defaults) != 1 {
		t.Fatalf("Update: %+v, %v", v, err)
	}
	if want := (store.Change{Field: "countries", Before: "all other countries: draft", After: "KE: approved"}); len(rows.last.Changes) != 2 || rows.last.Changes[0] != want {
		t.Errorf("the audit entry tells %+v, want %+v first", rows.last.Changes, want)
	}
	restricted, err := s.Restricted(t.Context())
	if err != nil || len(restricted[w.ID]["SHOP"]) != 1 {
		t.Errorf("Restricted: %v, %v", restricted, err)
	}
}

func asError(err error, to **smsir.Error) bool {
	e, ok := err.(*smsir.Error) //nolint:errorlint // the service returns it as it is
	*to = e
	return ok
}
