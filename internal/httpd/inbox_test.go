package httpd

import (
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// TestReplyLater: a reply may wait for its time. It stands in the conversation meanwhile, and a repeat with the same key is
// the same one.
func TestReplyLater(t *testing.T) {
	t.Parallel()
	g := newGate(t)
	owner := g.setup()
	ids := map[string]string{}
	g.talk(t, owner, ids)
	path := "/v1/conversations/" + ids["conversation"]
	later := time.Now().Add(48 * time.Hour).UTC().Truncate(time.Second)
	ask := request{
		method: "POST", path: path + "/reply", as: owner.token, header: map[string]string{"Idempotency-Key": "later"},
		body: `{"text":"On Monday","send_at":"` + later.Format(time.RFC3339) + `"}`,
	}
	var m, again api.Message
	g.ok(ask, 202, &m)
	if m.Status != "scheduled" || m.SendAt == nil || !m.SendAt.Equal(later) {
		t.Errorf("a reply for %v: %+v", later, m)
	}
	g.ok(ask, 202, &again)
	var thread api.ConversationThread
	g.ok(request{method: "GET", path: path + "/messages", as: owner.token}, 200, &thread)
	if again.ID != m.ID || len(thread.Items) == 0 || thread.Items[0].Message == nil || thread.Items[0].Message.ID != m.ID {
		t.Errorf("the conversation after reply %s, repeated as %s: %+v", m.ID, again.ID, thread.Items)
	}
	past := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	g.refused(request{method: "POST", path: path + "/reply", as: owner.token, body: `{"text":"x","send_at":"` + past + `"}`}, 422, smsir.CodeInvalid)
}
