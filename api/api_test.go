package api_test

import (
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// words are the choices that a field's enum tag documents.
func words(t *testing.T, of any, field string) []string {
	t.Helper()
	f, ok := reflect.TypeOf(of).FieldByName(field)
	if !ok {
		t.Fatalf("%T has no field %s", of, field)
	}
	return strings.Split(f.Tag.Get("enum"), ",")
}

// TestChoicesAreTheWordsOfTheDomain: what the document offers is what package smsir says.
func TestChoicesAreTheWordsOfTheDomain(t *testing.T) {
	t.Parallel()
	var statuses, classes, policies, states []string
	for _, s := range smsir.Statuses() {
		statuses = append(statuses, s.String())
	}
	for _, c := range []smsir.Class{smsir.OTP, smsir.Transactional, smsir.Bulk} {
		classes = append(classes, c.String())
	}
	for _, p := range []smsir.OnUnknown{smsir.Hold, smsir.RetryOnce, smsir.Alert} {
		policies = append(policies, p.String())
	}
	for s := smsir.AttemptInflight; s <= smsir.AttemptUnknown; s++ {
		states = append(states, s.String())
	}
	failures := []string{
		string(smsir.ClassRetry), string(smsir.ClassThrottle), string(smsir.ClassPermanent), string(smsir.ClassConfig),
		string(smsir.ClassBlocked), string(smsir.ClassRecipientTemp), string(smsir.ClassUnknown),
	}
	for _, tt := range []struct {
		of    any
		field string
		want  []string
	}{
		{api.Message{}, "Status", statuses},
		{api.StatusCount{}, "Status", statuses},
		{api.Message{}, "Class", classes},
		{api.SendRequest{}, "Class", classes},
		{api.Message{}, "OnUnknown", policies},
		{api.SendRequest{}, "OnUnknown", policies},
		{api.Workspace{}, "OnUnknown", policies},
		{api.WorkspaceUpdate{}, "OnUnknown", policies},
		{api.Attempt{}, "State", states},
		{api.Failure{}, "Class", failures},
		{api.Message{}, "Encoding", []string{smsir.EncodingGSM7.String(), smsir.EncodingUCS2.String()}},
		{api.Actor{}, "Kind", []string{smsir.ActorUser.String(), smsir.ActorKey.String(), smsir.ActorSMPP.String(), smsir.ActorSystem.String()}},
		{api.LateReceipt{}, "Status", []string{smsir.Delivered.String(), smsir.Undelivered.String(), smsir.Expired.String()}},
	} {
		if got := words(t, tt.of, tt.field); !slices.Equal(got, tt.want) {
			t.Errorf("%T.%s offers %q, the domain has %q", tt.of, tt.field, got, tt.want)
		}
	}
}

type names struct{}

func (names) Actor(smsir.UUID) string                 { return "Ada" }
func (names) Provider(smsir.UUID) (name, kind string) { return "Carrier", "simulator" }
func (names) Network(string) string                   { return "Safaricom" }

func TestMessageOf(t *testing.T) {
	t.Parallel()
	t0 := time.Date(2026, 11, 23, 12, 0, 0, 0, time.FixedZone("EAT", 3*3600))
	m := &smsir.Message{
		ID: smsir.IDAt(t0), Batch: smsir.IDAt(t0), CreatedBy: smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{1}}, Class: smsir.Bulk,
		To: "+12025550100", ToRaw: "202 555 0100", Country: "US", Text: "x", Encoding: smsir.EncodingUCS2, Segments: 2, Provider: smsir.UUID{2},
		OnUnknown: smsir.RetryOnce, AcceptedAt: t0, ExpiresAt: t0.Add(time.Hour), UpdatedAt: t0, Status: smsir.Undelivered, Final: true, Reason: smsir.ReasonPartial,
		NextAt: t0, SentAt: t0, FinishedAt: t0, UsedProvider: smsir.UUID{3}, Network: "63902", Parts: smsir.Parts{Total: 2, Delivered: 1, Failed: 1}, Attempts: 1,
		LateReceipt: &smsir.LateReceipt{Status: smsir.Delivered, At: t0, Code: "000"}, Error: &smsir.Failure{Class: smsir.ClassPermanent, Code: "refused", Text: "No.", ProviderCode: "5"},
	}
	got := api.MessageOf(m, names{})
	if got.Provider == nil || *got.Provider != (api.ProviderRef{ID: smsir.UUID{3}.Format("prv"), Name: "Carrier", Kind: "simulator"}) {
		t.Errorf("provider: %+v, want the one that was used", got.Provider)
	}
	if got.CreatedBy != (api.Actor{Kind: "user", ID: smsir.UUID{1}.Format("usr"), Name: "Ada"}) {
		t.Errorf("created_by: %+v", got.CreatedBy)
	}
	if got.Network == nil || *got.Network != (api.Network{Code: "63902", Name: "Safaricom"}) {
		t.Errorf("network: %+v", got.Network)
	}
	if d := cmp.Diff(&api.LateReceipt{Status: "delivered", At: t0.UTC(), Code: "000"}, got.LateReceipt); d != "" {
		t.Errorf("late_receipt: -want +got\n%s", d)
	}
	if d := cmp.Diff(&api.Failure{Class: "permanent", Code: "refused", Text: "No.", ProviderCode: "5"}, got.Error); d != "" {
		t.Errorf("error: -want +got\n%s", d)
	}
	if got.NextAttemptAt != nil {
		t.Errorf("a final message has a next attempt at %v", got.NextAttemptAt)
	}
	b, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), `"accepted_at":"2026-11-23T09:00:00Z"`) || strings.Contains(string(b), "send_at") || strings.Contains(string(b), "tags") {
		t.Errorf("as JSON: %s", b)
	}

	m = &smsir.Message{ID: 1, Provider: smsir.UUID{2}, Status: smsir.Queued, NextAt: t0}
	got = api.MessageOf(m, nil)
	if got.Provider == nil || got.Provider.ID != (smsir.UUID{2}).Format("prv") || got.Parts != nil || got.NextAttemptAt == nil || got.CreatedBy.Kind != "system" || got.Network != nil {
		t.Errorf("a queued message: %+v", got)
	}
}

// TestEveryFieldOfAMessageIsShown: a field that package smsir gets later must not be forgotten here. Those
// that are for the gateway alone are named.
func TestEveryFieldOfAMessageIsShown(t *testing.T) {
	t.Parallel()
	inside := []string{"Workspace", "Tries", "Seq"}
	other := map[string]string{"Batch": "BatchID", "NextAt": "NextAttemptAt", "UsedProvider": "Provider"}
	shown := reflect.TypeFor[api.Message]()
	for f := range fieldNames(reflect.TypeFor[smsir.Message]()) {
		if slices.Contains(inside, f) {
			continue
		}
		if o, ok := other[f]; ok {
			f = o
		}
		if _, ok := shown.FieldByName(f); !ok {
			t.Errorf("api.Message does not show %s", f)
		}
	}
}

func fieldNames(t reflect.Type) map[string]bool {
	all := map[string]bool{}
	for i := range t.NumField() {
		all[t.Field(i).Name] = true
	}
	return all
}

func TestKinds(t *testing.T) {
	t.Parallel()
	seen := map[smsir.Code]bool{}
	for _, k := range api.Kinds() {
		if seen[k.Code] || !regexp.MustCompile(`^[a-z_]+$`).MatchString(string(k.Code)) || k.Status < 400 || k.Status > 599 || k.Title == "" || k.Fix == "" {
			t.Errorf("kind %+v", k)
		}
		seen[k.Code] = true
		if api.KindOf(k.Code) != k {
			t.Errorf("KindOf(%s) = %+v", k.Code, api.KindOf(k.Code))
		}
	}
	if got := api.KindOf("made_up"); got.Code != api.CodeInternal {
		t.Errorf("a code that is not in the table is %+v", got)
	}
}

// TestNoSecretsInResponses: no answer has a field for what must stay inside.
func TestNoSecretsInResponses(t *testing.T) {
	t.Parallel()
	once := []string{"APIKeyCreated.Secret", "Login.Token", "InviteCreated.Code"}
	bad := regexp.MustCompile(`(?i)hash|secret|password|token`)
	seen := map[reflect.Type]bool{}
	var walk func(typ reflect.Type)
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || typ == reflect.TypeFor[time.Time]() || seen[typ] {
			return
		}
		seen[typ] = true
		for i := range typ.NumField() {
			f := typ.Field(i)
			name := typ.Name() + "." + f.Name
			if bad.MatchString(f.Name) && !slices.Contains(once, name) && name != "Provider.SecretsSet" && name != "ProviderField.Secret" {
				t.Errorf("%s is in an answer", name)
			}
			walk(f.Type)
		}
	}
	for _, v := range []any{
		api.Bootstrap{},
		api.Login{},
		api.Me{},
		api.SessionList{},
		api.APIKeyList{},
		api.APIKeyCreated{},
		api.ProviderList{},
		api.ProviderKindList{},
		api.InviteList{},
		api.InviteCreated{},
		api.MemberList{},
		api.MessageList{},
		api.BatchResult{},
		api.Event{},
		api.Problem{},
		api.InboundList{},
		api.AttemptList{},
	} {
		walk(reflect.TypeOf(v))
	}
	if len(seen) < 25 {
		t.Errorf("only %d types were looked at", len(seen))
	}
}

func TestMoney(t *testing.T) {
	t.Parallel()
	for micros, want := range map[int64]string{0: "0", 7_500: "0.0075", 1_000_000: "1", 12_345_678: "12.345678", 100_000_000: "100"} {
		if got := api.MoneyOf(smsir.Money{Micros: micros, Currency: "KES"}); got == nil || got.Amount != want || got.Currency != "KES" {
			t.Errorf("%d: got %+v, want %s", micros, got, want)
		}
	}
	if got := api.MoneyOf(smsir.Money{}); got != nil {
		t.Errorf("no amount: got %+v", got)
	}
}
