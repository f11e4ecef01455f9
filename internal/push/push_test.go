package push

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/guard"
	"github.com/smsir/smsir/internal/store"
)

func TestAReply(t *testing.T) {
	bubble(t, func(w *world) {
		w.reply("+12025550101", "before anybody listened")
		w.pass(time.Second)
		a, b := w.device(w.ada, "ada", "en"), w.device(w.bob, "bob", "ar")
		w.must(w.s.SetPreferences(w.Context(), w.ws, w.bob.id, store.PushPreferences{Replies: store.PushMine, ShowText: true}))
		w.turn()
		w.shown(a, "ada", 0)
		w.reply("+12025550101", "Is it ready?")
		w.turn()
		w.turn()
		p := w.shown(a, "ada", 1)[0]
		talk := store.ConversationID(w.ws, "+12025550101", "+12025550199")
		if p.Title != "Reply from +12025550101" || strings.Contains(p.Body, "ready") || p.URL != "/inbox?id="+talk.Format(smsir.PrefixConversation) || p.Lang != "en" || p.Dir != "ltr" {
			w.Errorf("shown: %+v", p)
		}
		w.checkRequest(w.far.of("ada")[0])
		w.shown(b, "bob", 0) // not assigned to Bob
		w.must(w.db.ChangeConversation(w.Context(), w.ws, talk, store.ConversationChange{Assignee: &w.bob.id}))
		w.reply("+12025550101", "Hello?")
		w.turn()
		if p := w.shown(b, "bob", 1)[0]; p.Body != "Hello?" || p.Dir != "rtl" || !strings.Contains(p.Title, "رد من") {
			w.Errorf("shown to Bob: %+v", p)
		}
		if two := w.shown(a, "ada", 2); two[0].Tag != two[1].Tag || two[0].ID == two[1].ID {
			w.Errorf("two replies in a conversation: %+v", two)
		}
	})
}

// checkRequest: what push services ask for (RFC 8030, RFC 8292).
func (w *world) checkRequest(p pushed) {
	w.Helper()
	if p.header.Get("TTL") != "86400" || p.header.Get("Content-Encoding") != "aes128gcm" || len(p.header.Get("Topic")) != 32 || len(p.body) > 4096 {
		w.Errorf("header: %v", p.header)
	}
	var token, key string
	if _, err := fmt.Sscanf(p.header.Get("Authorization"), "vapid t=%s k=%s", &token, &key); err != nil || key != w.s.PublicKey() {
		w.Fatalf("authorization %q: %v", p.header.Get("Authorization"), err)
	}
	token = strings.TrimSuffix(token, ",")
	signed, signature, _ := cutLast(token)
	raw, err := base64.RawURLEncoding.DecodeString(key)
	w.must(err)
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw)
	w.must(err)
	sig, err := base64.RawURLEncoding.DecodeString(signature)
	w.must(err)
	sum := sha256.Sum256([]byte(signed))
	if len(sig) != 64 || !ecdsa.Verify(public, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])) {
		w.Error("the token is not signed with the key that it names")
	}
	_, claims, _ := strings.Cut(signed, ".")
	raw, err = base64.RawURLEncoding.DecodeString(claims)
	w.must(err)
	var c struct {
		Aud, Sub string
		Exp      int64
	}
	w.must(json.Unmarshal(raw, &c))
	if left := time.Until(time.Unix(c.Exp, 0)); c.Aud != "https://push.example.com" || c.Sub != "https://sms.example.com" || left <= 0 || left > 24*time.Hour {
		w.Errorf("claims: %s", raw)
	}
}

func cutLast(token string) (a, b string, ok bool) {
	i := strings.LastIndexByte(token, '.')
	return token[:i], token[i+1:], i > 0
}

// TestManyReplies: a flood makes one notification, not one for each.
func TestManyReplies(t *testing.T) {
	bubble(t, func(w *world) {
		a := w.device(w.ada, "ada", "fr")
		for i := range 20 {
			w.reply(fmt.Sprintf("+120255501%02d", i), "yes")
		}
		w.turn()
		w.shown(a, "ada", 0)
		for i := range 20 {
			w.reply(fmt.Sprintf("+120255501%02d", i), "and again")
		}
		w.turn()
		w.pass(gatherIn)
		w.send()
		if p := w.shown(a, "ada", 1)[0]; p.Title != "Plusieurs réponses" || p.URL != "/inbox" {
			w.Errorf("shown: %+v", p)
		}
	})
}

// TestAnswersOfThePushService: what is gone is forgotten, what is put off is tried again, what is refused is not.
func TestAnswersOfThePushService(t *testing.T) {
	bubble(t, func(w *world) {
		a := w.device(w.ada, "ada", "en")
		w.far.answer["ada"] = func(n int) (*http.Response, error) {
			switch n {
			case 1:
				return status(429, "Retry-After", "60"), nil
			case 2:
				return nil, errors.New("reset by peer")
			case 3:
				return status(201), nil
			case 4:
				return status(413), nil
			}
			return status(410), nil
		}
		w.reply("+12025550101", "one")
		w.turn()
		w.pass(59 * time.Second)
		w.send()
		w.shown(a, "ada", 1)
		w.pass(time.Second)
		w.send()
		w.pass(time.Minute)
		w.send()
		three := w.shown(a, "ada", 3)
		if three[0] != three[2] || w.far.of("ada")[0].header.Get("Topic") != w.far.of("ada")[2].header.Get("Topic") {
			w.Errorf("the tries differ: %+v", three)
		}
		w.pass(life)
		w.send()
		w.reply("+12025550101", "two")
		w.turn()
		w.shown(a, "ada", 4)
		list, err := w.s.Devices(w.Context(), w.ada.id)
		w.must(err)
		if len(list) != 1 || !strings.Contains(list[0].Failure, "413") {
			w.Errorf("after it was refused: %+v", list)
		}
		w.reply("+12025550101", "three")
		w.turn()
		w.shown(a, "ada", 5)
		if list, err = w.s.Devices(w.Context(), w.ada.id); err != nil || len(list) != 0 {
			w.Errorf("after it was gone: %+v, %v", list, err)
		}
		w.reply("+12025550101", "four")
		w.turn()
		w.shown(a, "ada", 5)
	})
}

// TestDeath: whatever dies between two steps, a device has one notification of an event.
func TestDeath(t *testing.T) {
	bubble(t, func(w *world) {
		ctx := w.Context()
		a := w.device(w.ada, "ada", "en")
		w.turn()
		w.reply("+12025550101", "one")
		// Two nodes read the same events; the second one comes too late.
		cursor, err := w.db.PushCursor(ctx)
		w.must(err)
		targets, err := w.db.PushTargets(ctx, time.Now())
		w.must(err)
		other := w.node()
		if other.PublicKey() != w.s.PublicKey() {
			w.Error("two nodes have two keys")
		}
		_, err = w.s.spread(ctx, cursor, targets)
		w.must(err)
		_, err = other.spread(ctx, cursor, targets)
		w.must(err)
		jobs, err := w.db.LeaseJobs(ctx, []string{JobKind}, time.Now(), time.Now().Add(time.Minute), 10)
		w.must(err)
		if len(jobs) != 1 {
			w.Fatalf("%d notices, want 1", len(jobs))
		}
		// The push went out, and the node died before it could say so: nobody knows, so it goes out again in its own place.
		_, _, err = w.s.Send(ctx, jobs[0])
		w.must(err)
		w.pass(time.Minute)
		w.s = w.node()
		w.turn()
		two := w.shown(a, "ada", 2)
		if two[0].Tag != two[1].Tag || two[0].ID != two[1].ID {
			w.Errorf("the second one would stand beside the first: %+v", two)
		}
		// What is known to have gone out is not sent again.
		w.pass(time.Hour)
		w.turn()
		w.shown(a, "ada", 2)
	})
}

// TestTheEndOfASession stops what is already on its way to be sent.
func TestTheEndOfASession(t *testing.T) {
	bubble(t, func(w *world) {
		a := w.device(w.ada, "ada", "en")
		w.turn()
		w.reply("+12025550101", "one")
		_, err := w.s.turn(w.Context())
		w.must(err)
		w.must(w.db.DeleteSession(w.Context(), w.ada.id, w.ada.session, store.AuditEntry{At: time.Now(), Action: "test"}))
		w.send()
		w.shown(a, "ada", 0)
	})
}

func TestOwnFailures(t *testing.T) {
	bubble(t, func(w *world) {
		a, b := w.device(w.ada, "ada", "sw"), w.device(w.bob, "bob", "en")
		w.turn()
		ctx, now := w.Context(), time.Now()
		c := store.Campaign{ID: smsir.NewUUID(now), Workspace: w.ws, Name: "News", State: store.CampaignRunning, Batch: w.db.NewID(now), Launcher: smsir.Actor{Kind: smsir.ActorUser, ID: w.ada.id}, CreatedAt: now, UpdatedAt: now}
		audit := store.AuditEntry{At: now, Workspace: w.ws, Action: "test"}
		w.must(w.db.CreateCampaign(ctx, c, audit))
		for _, batch := range []smsir.ID{0, c.Batch} {
			m := &smsir.Message{ID: w.db.NewID(now), Workspace: w.ws, Batch: batch, CreatedBy: c.Launcher, To: "+12025550102", Text: "x", Segments: 1, AcceptedAt: now, ExpiresAt: now.Add(time.Hour), UpdatedAt: now, Status: smsir.Queued, Seq: 1}
			e := smsir.Event{Workspace: w.ws, Message: m.ID, Seq: 1, Type: smsir.EventAccepted, At: now}
			_, err := w.db.Accept(ctx, &store.Acceptance{Workspace: w.ws, Messages: []*smsir.Message{m}, Events: []smsir.Event{e}})
			w.must(err)
			got, err := w.db.Claim(ctx, now, []store.Share{{Line: store.Line{Workspace: w.ws, Class: m.Class}, N: 1}})
			w.must(err)
			if len(got) != 1 {
				w.Fatalf("claimed %d", len(got))
			}
			w.must(w.db.Fail(ctx, m.ID, time.Now(), smsir.ReasonNoRoute, nil))
		}
		w.turn()
		p := w.shown(a, "ada", 1)[0] // not the campaign's
		if p.Title != "Ujumbe kwa +12025550102 umeshindikana" || !strings.HasPrefix(p.URL, "/messages?id=msg_") {
			w.Errorf("shown: %+v", p)
		}
		w.shown(b, "bob", 0)
		_, err := w.db.ChangeCampaign(ctx, w.ws, c.ID, audit, func(c *store.Campaign) error { c.State = store.CampaignDone; return nil })
		w.must(err)
		w.send() // the job of the campaign
		w.send() // the notice
		if p := w.shown(a, "ada", 2)[1]; p.Title != "Kampeni imekamilika: News" || p.URL != "/campaigns?id="+c.ID.Format(smsir.PrefixCampaign) {
			w.Errorf("shown: %+v", p)
		}
		w.shown(b, "bob", 0)
	})
}

// TestRefusedAddresses: only the public internet, over https.
func TestRefusedAddresses(t *testing.T) {
	bubble(t, func(w *world) {
		for _, address := range []string{"http://push.example.com/x", "https://127.0.0.1/x", "https://[::1]/x", "https://169.254.169.254/latest", "ftp://push.example.com", "x", "https://user:pw@push.example.com/"} {
			b := newBrowser(w.T, "x")
			b.sub.Endpoint = address
			_, err := w.s.Register(w.Context(), w.ada.id, w.ada.session, Device{Subscription: b.sub})
			if smsir.CodeOf(err) != smsir.CodeInvalid {
				w.Errorf("%s: %v", address, err)
			}
		}
		if !guard.New(nil).Allowed(netip.MustParseAddr("8.8.8.8")) {
			w.Error("the guard lets nothing through")
		}
	})
}

func TestWords(t *testing.T) {
	t.Parallel()
	if len(words) != len(Languages()) {
		t.Errorf("%d languages have words, want %d", len(words), len(Languages()))
	}
	for lang, list := range words {
		for i, text := range list {
			if text == "" || strings.Contains(text, "{who}") != strings.Contains(words["en"][i], "{who}") {
				t.Errorf("%s, text %d: %q", lang, i, text)
			}
		}
	}
	long := shown(&notice{Kind: kindReply, Who: strings.Repeat("ص", 500), Text: strings.Repeat("ص", 5000)[:maxText], URL: "/", Tag: "t"}, &store.PushTarget{PushDevice: store.PushDevice{Language: "ar"}, PushPreferences: store.PushPreferences{ShowText: true}})
	if b, err := json.Marshal(long); err != nil || len(b) > maxPayload {
		t.Errorf("the longest payload has %d bytes, %v", len(b), err)
	}
}
