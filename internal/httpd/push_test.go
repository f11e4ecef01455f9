package httpd

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/store"
)

// pushBody is the body that turns notifications on; the keys are those of RFC 8291, appendix A.
func pushBody(endpoint string) string {
	return `{"endpoint":"` + endpoint + `","p256dh":"BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4","auth":"BTBZMqHH6r4Tts7J_aSIgg","language":"fr"}`
}

func TestPush(t *testing.T) {
	t.Parallel()
	status := http.StatusCreated
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	defer service.Close()
	g := newGate(t)
	owner := g.setup()
	var p api.Push
	g.ok(request{method: "GET", path: "/v1/push", as: owner.token}, 200, &p)
	if len(p.PublicKey) != 87 || len(p.Devices) != 0 || p.Preferences != (api.PushPreferences{Replies: "all", Campaigns: true, Failures: true}) {
		t.Errorf("at first: %+v", p)
	}
	for body, field := range map[string]string{
		pushBody("https://10.0.0.1/push"):                                       "endpoint",
		pushBody("http://push.example.com/"):                                    "endpoint",
		strings.Replace(pushBody("https://push.example.com/"), "BCV", "ACV", 1): "p256dh",
		strings.Replace(pushBody("https://push.example.com/"), "BTBZ", "BT", 1): "auth",
	} {
		var pr api.Problem
		g.refused(request{method: "POST", path: "/v1/push/devices", as: owner.token, body: body}, 422, smsir.CodeInvalid).read(t, &pr)
		if len(pr.Errors) != 1 || !strings.Contains(pr.Errors[0].Field, field) {
			t.Errorf("%s: %+v, want field %s", body, pr, field)
		}
	}
	var d api.PushDevice
	g.ok(request{method: "POST", path: "/v1/push/devices", as: owner.token, body: pushBody(service.URL + "/a")}, 201, &d)
	if !d.Current || d.Language != "fr" {
		t.Errorf("made: %+v", d)
	}
	var tested api.PushTested
	g.ok(request{method: "POST", path: "/v1/push/devices/" + d.ID + "/test", as: owner.token}, 200, &tested)
	if !tested.Taken || tested.Failure != "" {
		t.Errorf("tested: %+v", tested)
	}
	g.ok(request{method: "PUT", path: "/v1/push/preferences", as: owner.token, body: `{"replies":"mine","campaigns":false,"failures":true,"show_text":true}`}, 200, nil)
	g.ok(request{method: "GET", path: "/v1/push", as: owner.token}, 200, &p)
	if len(p.Devices) != 1 || p.Devices[0].OKAt == nil || p.Preferences != (api.PushPreferences{Replies: store.PushMine, Failures: true, ShowText: true}) {
		t.Errorf("then: %+v", p)
	}
	status = http.StatusGone
	g.ok(request{method: "POST", path: "/v1/push/devices/" + d.ID + "/test", as: owner.token}, 200, &tested)
	if tested.Taken || tested.Failure == "" {
		t.Errorf("tested a device that is gone: %+v", tested)
	}
	g.refused(request{method: "DELETE", path: "/v1/push/devices/" + d.ID, as: owner.token}, 404, smsir.CodeNotFound)
}
