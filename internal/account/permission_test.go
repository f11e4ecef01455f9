package account

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// TestPermissionTable is the table once more, written by hand: o owner, a admin, m member, v viewer, k API key with that
// scope, p operator who is a viewer.
func TestPermissionTable(t *testing.T) {
	t.Parallel()
	want := map[Permission]string{
		"messages:send":       "o a m - k -",
		"messages:read":       "o a m v k p",
		"messages:cancel":     "o a m - k -",
		"messages:cancel_any": "o a - - - -",
		"messages:redact":     "o a - - k -",
		"inbound:read":        "o a m v k p",
		"events:read":         "o a m v k p",
		"stats:read":          "o a m v k p",
		"providers:read":      "o a m - k -",
		"providers:write":     "o a - - k -",
		"routes:read":         "o a m - k -",
		"routes:write":        "o a - - k -",
		"contacts:read":       "o a m v k p",
		"contacts:write":      "o a m - k -",
		"consent:lift":        "o a - - k -",
		"inbox:read":          "o a m v k p",
		"inbox:write":         "o a m - k -",
		"autoreplies:write":   "o a - - k -",
		"webhooks:read":       "o a - - k -",
		"webhooks:write":      "o a - - k -",
		"smpp:read":           "o a - - - -",
		"smpp:write":          "o a - - - -",
		"senders:read":        "o a m - k -",
		"senders:write":       "o a - - k -",
		"campaigns:read":      "o a m v k p",
		"campaigns:write":     "o a m - k -",
		"campaigns:approve":   "o a - - - -",
		"api_keys:read":       "o a - - - -",
		"api_keys:write":      "o a - - - -",
		"members:read":        "o a m v - p",
		"members:write":       "o a - - - -",
		"workspace:read":      "o a m v k p",
		"workspace:write":     "o a - - - -",
		"credit:read":         "o a m - k -",
		"credit:write":        "o - - - - p",
		"audit:read":          "o a - - - -",
		"instance:read":       "- - - - - p",
		"instance:write":      "- - - - - p",
		"":                    "- - - - - -",
		"messages:*":          "- - - - - -",
		"*":                   "- - - - - -",
	}
	for _, r := range Rules() {
		if _, ok := want[r.Permission]; !ok {
			t.Errorf("%s is not in this test", r.Permission)
		}
		if r.Help == "" {
			t.Errorf("%s says nothing to people", r.Permission)
		}
	}
	for perm, row := range want {
		principals := []struct {
			sign string
			p    *Principal
		}{
			{"o", withRole(store.Owner)},
			{"a", withRole(store.Admin)},
			{"m", withRole(store.Member)},
			{"v", withRole(store.Viewer)},
			{"k", &Principal{Actor: smsir.Actor{Kind: smsir.ActorKey}, Scopes: []Permission{perm}}},
			{"p", withRole(store.Viewer)},
		}
		principals[5].p.User.Operator = true
		var got []string
		for _, c := range principals {
			if err := c.p.Require(perm); (err == nil) != Can(c.p, perm) {
				t.Errorf("%s for %s: Require gives %v, Can %v", perm, c.sign, err, Can(c.p, perm))
			} else if err != nil {
				wantError(t, string(perm), err, CodeForbidden, "")
			}
			if Can(c.p, perm) {
				got = append(got, c.sign)
			} else {
				got = append(got, "-")
			}
		}
		if s := strings.Join(got, " "); s != row {
			t.Errorf("%q: got %s, want %s", perm, s, row)
		}
	}
}

func withRole(r store.Role) *Principal {
	return &Principal{Actor: smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{byte(r)}}, User: &store.User{}, Role: r}
}

// TestDenyByDefault: whatever is not a person with a role or a key with a scope may do nothing.
func TestDenyByDefault(t *testing.T) {
	t.Parallel()
	operatorKey := &Principal{Actor: smsir.Actor{Kind: smsir.ActorKey}, User: &store.User{Operator: true}, Role: store.Owner}
	for name, p := range map[string]*Principal{
		"nobody":                nil,
		"an empty principal":    {},
		"the system":            {Actor: smsir.Actor{Kind: smsir.ActorSystem}, User: &store.User{Operator: true}, Role: store.Owner},
		"a person of no role":   withRole(0),
		"a person of role 5":    withRole(5),
		"a key without scopes":  operatorKey,
		"a key with a wildcard": {Actor: smsir.Actor{Kind: smsir.ActorKey}, Scopes: []Permission{"*", "", "messages"}},
	} {
		for _, r := range Rules() {
			if Can(p, r.Permission) || p.Can(r.Permission) {
				t.Errorf("%s may %s", name, r.Permission)
			}
		}
		if got := p.Permissions(); len(got) != 0 {
			t.Errorf("%s: permissions %v", name, got)
		}
	}
	var nobody *Principal
	wantError(t, "Require of nobody", nobody.Require(MessagesRead), CodeUnauthenticated, "")
}

func TestRulesCannotBeChanged(t *testing.T) {
	t.Parallel()
	all := Rules()
	all[0].Key = !all[0].Key
	if slices.EqualFunc(all, Rules(), func(a, b Rule) bool { return a.Key == b.Key }) {
		t.Error("what Rules returns is the table itself")
	}
}

func TestMayCancel(t *testing.T) {
	t.Parallel()
	mine := withRole(store.Member).Actor
	other := smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{9}}
	for _, c := range []struct {
		p    *Principal
		by   smsir.Actor
		want bool
	}{
		{withRole(store.Owner), other, true},
		{withRole(store.Admin), other, true},
		{withRole(store.Member), mine, true},
		{withRole(store.Member), other, false},
		{withRole(store.Member), smsir.Actor{Kind: smsir.ActorKey, ID: mine.ID}, false},
		{withRole(store.Viewer), withRole(store.Viewer).Actor, false},
		{&Principal{Actor: smsir.Actor{Kind: smsir.ActorKey}, Scopes: []Permission{MessagesCancel}}, other, true},
		{&Principal{Actor: smsir.Actor{Kind: smsir.ActorKey}, Scopes: []Permission{MessagesSend}}, other, false},
		{nil, other, false},
	} {
		if got := c.p.MayCancel(c.by); got != c.want {
			who := "nobody"
			if c.p != nil {
				who = fmt.Sprintf("%s %s", c.p.Actor.Kind, c.p.Role)
			}
			t.Errorf("%s cancels what %v sent: got %v, want %v", who, c.by, got, c.want)
		}
	}
}

// TestPermissionsAreDocumented compares the table in docs/security.md with the rules.
func TestPermissionsAreDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	got := map[Permission]string{}
	for line := range strings.Lines(string(doc)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 8 {
			continue
		}
		row := ""
		for i, sign := range []string{"o", "a", "m", "v", "k"} {
			if strings.TrimSpace(cells[i+2]) == "" {
				sign = "-"
			}
			row += sign
		}
		for i, word := range strings.Split(cells[1], "`") {
			if i%2 == 1 {
				got[Permission(word)] = row
			}
		}
	}
	for _, r := range Rules() {
		want := ""
		for i, role := range []store.Role{store.Owner, store.Admin, store.Member, store.Viewer} {
			if slices.Contains(r.Roles, role) {
				want += "oamv"[i : i+1]
			} else {
				want += "-"
			}
		}
		if r.Key {
			want += "k"
		} else {
			want += "-"
		}
		if got[r.Permission] != want {
			t.Errorf("docs/security.md has %q for %s, the rules say %q", got[r.Permission], r.Permission, want)
		}
		delete(got, r.Permission)
	}
	for perm := range got {
		t.Errorf("docs/security.md has a row for %q, which is no permission", perm)
	}
}
