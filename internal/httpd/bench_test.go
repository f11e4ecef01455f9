package httpd

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/store"
)

// instantAccept accepts without storing, so that what is measured is the door alone.
type instantAccept struct{ now time.Time }

func (a instantAccept) Send(_ context.Context, o accept.Order) (*accept.Result, error) {
	r := &o.Requests[0]
	m := &smsir.Message{
		ID: 1 << 50, Workspace: o.Workspace.ID, CreatedBy: o.Actor, To: r.To, ToRaw: r.To, Country: "US", Text: r.Text,
		Class: r.Class, Segments: 1, AcceptedAt: a.now, ExpiresAt: a.now.Add(24 * time.Hour),
	}
	m.Accept(a.now, false)
	res := &accept.Result{Messages: []*smsir.Message{m}}
	var err error
	res.Status, res.Body, err = o.Render(res)
	return res, err
}

func (instantAccept) Preview(*store.Workspace, accept.PreviewRequest) accept.Preview {
	return accept.Preview{}
}

// BenchmarkSend is one POST /v1/messages through the whole door, without a network and without stage 1.
func BenchmarkSend(b *testing.B) {
	for _, c := range []struct{ name, key string }{{"plain", ""}, {"idempotent", "5f0c8e0a-7c1e"}} {
		b.Run(c.name, func(b *testing.B) {
			g := newGate(b, func(d *Deps) { d.Accept = instantAccept{time.Now()}; d.SendRate = Rate{1e9, 1e9} })
			owner := g.setup()
			_, secret := g.key(owner, "messages:send")
			h := g.s.Handler()
			const body = `{"to":"+12025550100","text":"Your parcel has arrived. Fetch it before Friday.","client_ref":"order-1001","tags":["parcel"],"metadata":{"order":"1001"}}`
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				req, _ := http.NewRequest(http.MethodPost, base+"/v1/messages", strings.NewReader(body))
				req.RemoteAddr = "192.0.2.1:1234"
				req.Header.Set("Content-Type", "application/json")
				req.Header.Set("Authorization", "Bearer "+secret)
				if c.key != "" {
					req.Header.Set("Idempotency-Key", c.key)
				}
				w := httptest.NewRecorder()
				h.ServeHTTP(w, req)
				if w.Code != http.StatusAccepted {
					b.Fatalf("status %d: %s", w.Code, w.Body)
				}
			}
		})
	}
}
