package httpd

import (
	"encoding/json"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/account"
)

// registeredRoutes are the routes that the door serves, by pattern.
func registeredRoutes(t *testing.T) map[string]registered {
	t.Helper()
	s := &Server{}
	s.build()
	all := map[string]registered{}
	for _, r := range s.routes {
		if _, twice := all[r.pattern()]; twice {
			t.Errorf("%s is registered twice", r.pattern())
		}
		all[r.pattern()] = r
	}
	if len(all) < 40 {
		t.Fatalf("%d routes: the test looks in the wrong place", len(all))
	}
	return all
}

// TestRoutesTableAndDocumentAgree: every route is in the access table and in the OpenAPI document, and
// nothing else is in either.
func TestRoutesTableAndDocumentAgree(t *testing.T) {
	t.Parallel()
	routes := registeredRoutes(t)
	for pattern, acc := range accessTable() {
		if _, ok := routes[pattern]; !ok {
			t.Errorf("the access table has %s, which is no route", pattern)
		}
		if acc.who == nobody || (acc.who == permitted) != (acc.perm != "") {
			t.Errorf("the line of %s in the access table is incomplete: %+v", pattern, acc)
		}
	}
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Summary     string
			Tags        []string
			Security    *[]map[string][]string
		}
	}
	if err := json.Unmarshal(OpenAPI(), &doc); err != nil {
		t.Fatal(err)
	}
	documented := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			pattern := strings.ToUpper(method) + " " + path
			documented[pattern] = true
			r, ok := routes[pattern]
			if !ok {
				t.Errorf("the document has %s, which is no route", pattern)
				continue
			}
			if op.OperationID == "" || op.Summary == "" || len(op.Tags) != 1 || op.Security == nil {
				t.Errorf("%s is described incompletely: %+v", pattern, op)
			} else if open := len(*op.Security) == 0; open != (r.access.who <= anybody) {
				t.Errorf("%s: the document says that it needs no credential: %v; the access table: %v", pattern, open, !open)
			}
		}
	}
	for pattern := range routes {
		if !documented[pattern] {
			t.Errorf("%s is not in the OpenAPI document", pattern)
		}
	}
}

// TestUnlistedRouteCannotBeRegistered: nothing is open by oversight.
func TestUnlistedRouteCannotBeRegistered(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a route that is not in the access table was registered")
		}
	}()
	b := &builder{s: &Server{}, doc: newDocument()}
	handle(b, route{Method: "GET", Path: "/v1/unlisted", ID: "x"}, func(*call, *struct{}) (*none, error) { return nil, nil })
}

// TestEveryFieldIsDescribed: the document says something about every field of every wire type.
func TestEveryFieldIsDescribed(t *testing.T) {
	t.Parallel()
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Description string
					Ref         string `json:"$ref"`
				}
			}
		}
	}
	if err := json.Unmarshal(OpenAPI(), &doc); err != nil {
		t.Fatal(err)
	}
	for name, schema := range doc.Components.Schemas {
		for field, p := range schema.Properties {
			if p.Description == "" {
				t.Errorf("%s.%s has no description", name, field)
			}
			if field != strings.ToLower(field) {
				t.Errorf("%s.%s is not snake_case", name, field)
			}
		}
	}
}

// TestProblemsAreDocumented compares the table of problems in docs/api.md with api.Kinds, both ways.
func TestProblemsAreDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\| (\\d{3}) \\| (yes|no) \\| ([^|]+) \\| ([^|]+) \\|$")
	got := map[string]string{}
	for _, m := range row.FindAllSubmatch(doc, -1) {
		got[string(m[1])] = string(m[0])
	}
	for _, k := range api.Kinds() {
		retry := "no"
		if k.Retryable {
			retry = "yes"
		}
		want := "| `" + string(k.Code) + "` | " + strconv.Itoa(k.Status) + " | " + retry + " | " + k.Title + " | " + k.Fix + " |"
		if got[string(k.Code)] != want {
			t.Errorf("docs/api.md says\n%s\nwant\n%s", got[string(k.Code)], want)
		}
		delete(got, string(k.Code))
	}
	for code := range got {
		t.Errorf("docs/api.md has a row for %s, which no answer carries", code)
	}
}

// TestCodesOfStagesAreKnown: a code that a stage answers with must not come out as an internal error.
func TestCodesOfStagesAreKnown(t *testing.T) {
	t.Parallel()
	for _, code := range []smsir.Code{
		smsir.CodeNotFound, smsir.CodeInvalid, smsir.CodeConflict, smsir.CodeStale, smsir.CodeTooLate, smsir.CodeIdempotencyReuse, smsir.CodeInFlight,
		smsir.CodeClientRefUsed, smsir.CodeQueueFull, smsir.CodeStorageFull, smsir.CodeStorageDown, smsir.CodeCommitUnknown, smsir.CodeOptedOut,
		account.CodeUnauthenticated, account.CodeCredentialsWrong, account.CodeSlowDown, account.CodePasswordWeak, account.CodeSetupCodeInvalid,
		account.CodeRegistrationClosed, account.CodeInvitationRequired, account.CodeInviteInvalid, account.CodeEmailTaken,
		account.CodeReauthRequired, account.CodeForbidden, account.CodeNoWorkspace, account.CodeSetupRequired,
	} {
		if p := problemOf(smsir.Errorf(code, "x")); p.Code != string(code) {
			t.Errorf("an error of code %s is answered as %s", code, p.Code)
		}
	}
}

// TestScopesAreThoseOfAccounts: the choices of a new key are the permissions that a key can be given.
func TestScopesAreThoseOfAccounts(t *testing.T) {
	t.Parallel()
	f, _ := reflect.TypeFor[api.APIKeyCreate]().FieldByName("Scopes")
	got := strings.Split(f.Tag.Get("enum"), ",")
	var want []string
	for _, r := range account.Rules() {
		if r.Key {
			want = append(want, string(r.Permission))
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("api.APIKeyCreate.Scopes offers %q, a key can be given %q", got, want)
	}
}
