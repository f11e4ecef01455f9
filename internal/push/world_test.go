package push

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/guard"
	"github.com/smsir/smsir/internal/seal"
	"github.com/smsir/smsir/internal/store"
	"github.com/smsir/smsir/internal/store/sqlite"
	"github.com/smsir/smsir/internal/store/sqlite/sqlitetest"
)

// browser is a device of the test: it opens what is sent to it as a browser would.
type browser struct {
	key  *ecdh.PrivateKey
	auth []byte
	sub  Subscription
}

func newBrowser(t *testing.T, name string) *browser {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{key: key, auth: make([]byte, 16)}
	_, _ = rand.Read(b.auth)
	b.sub = Subscription{Endpoint: "https://push.example.com/" + name, P256DH: base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()), Auth: base64.URLEncoding.EncodeToString(b.auth)}
	return b
}

// open decrypts a body by the book (RFC 8291 §3.4), in steps of its own.
func (b *browser) open(body []byte) (p payload, err error) {
	salt, idLen := body[:16], int(body[20])
	server, err := ecdh.P256().NewPublicKey(body[21 : 21+idLen])
	if err != nil {
		return p, err
	}
	secret, err := b.key.ECDH(server)
	if err != nil {
		return p, err
	}
	pseudo, err := hkdf.Extract(sha256.New, secret, b.auth)
	if err != nil {
		return p, err
	}
	input, err := hkdf.Expand(sha256.New, pseudo, "WebPush: info\x00"+string(b.key.PublicKey().Bytes())+string(server.Bytes()), 32)
	if err != nil {
		return p, err
	}
	pseudo, err = hkdf.Extract(sha256.New, input, salt)
	if err != nil {
		return p, err
	}
	key, _ := hkdf.Expand(sha256.New, pseudo, "Content-Encoding: aes128gcm\x00", 16)
	nonce, _ := hkdf.Expand(sha256.New, pseudo, "Content-Encoding: nonce\x00", 12)
	block, err := aes.NewCipher(key)
	if err != nil {
		return p, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return p, err
	}
	plain, err := aead.Open(nil, nonce, body[21+idLen:], nil)
	if err != nil {
		return p, err
	}
	end := bytes.LastIndexByte(plain, 2)
	return p, json.Unmarshal(plain[:end], &p)
}

// service plays the push service: what it got, and what it answers, by the last word of the address.
type service struct {
	mu     sync.Mutex
	got    map[string][]pushed
	answer map[string]func(n int) (*http.Response, error) // n counts from 1
}

type pushed struct {
	header http.Header
	body   []byte
	at     time.Time
}

func (s *service) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	name := strings.TrimPrefix(r.URL.Path, "/")
	s.mu.Lock()
	s.got[name] = append(s.got[name], pushed{r.Header.Clone(), body, time.Now()})
	n, f := len(s.got[name]), s.answer[name]
	s.mu.Unlock()
	if f == nil {
		return status(201), nil
	}
	return f(n)
}

func status(code int, header ...string) *http.Response {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Set(header[i], header[i+1])
	}
	return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader("words"))}
}

func (s *service) of(name string) []pushed {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]pushed{}, s.got[name]...)
}

// world is a service on a database of its own, inside a bubble, with two people in one workspace.
type world struct {
	*testing.T
	s        *Service
	db       *sqlite.Store
	far      *service
	box      *seal.Box
	ws       smsir.UUID
	ada, bob person
	prv      smsir.UUID
	inbound  int
}

type person struct{ id, session smsir.UUID }

func bubble(t *testing.T, f func(w *world)) {
	t.Parallel()
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		w := &world{T: t, far: &service{got: map[string][]pushed{}, answer: map[string]func(int) (*http.Response, error){}}}
		var err error
		w.db, err = sqlite.Open(t.Context(), sqlitetest.File(t, filepath.Join(dir, "smsir.db")), sqlite.Options{})
		w.must(err)
		defer w.db.Close() //nolint:errcheck // the test is over
		keys, err := seal.Load(dir, false)
		w.must(err)
		w.box, err = keys.Box(Purpose)
		w.must(err)
		w.people()
		w.s = w.node()
		w.turn()
		f(w)
	})
}

func (w *world) node() *Service {
	s, err := New(w.Context(), Options{Store: w.db, Box: w.box, Guard: guard.New(nil), Contact: "https://sms.example.com", client: &http.Client{Transport: w.far}})
	w.must(err)
	return s
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) people() {
	now := time.Now()
	session := func(user smsir.UUID) store.Session {
		s := store.Session{ID: smsir.NewUUID(now), User: user, Workspace: w.ws, Client: "web", CreatedAt: now, LastSeenAt: now, ExpiresAt: now.Add(7 * 24 * time.Hour), ReauthAt: now}
		copy(s.TokenHash[:], s.ID[:])
		return s
	}
	space := store.Workspace{ID: smsir.NewUUID(now), Name: "Shop", Country: "US", TimeZone: "UTC", CreatedAt: now}
	w.ws = space.ID
	w.prv = smsir.NewUUID(now)
	for i, email := range []string{"ada@example.com", "bob@example.com"} {
		u := store.User{ID: smsir.NewUUID(now), Email: email, Name: email, PasswordHash: "x", CreatedAt: now}
		r := store.Registration{User: u, Role: store.Member, Join: space.ID, Session: session(u.ID)}
		if i == 0 {
			r.Workspace, r.Role, r.Join = &space, store.Owner, smsir.UUID{}
			r.Provider = &store.Provider{ID: w.prv, Workspace: space.ID, Kind: "simulator", Name: "Simulator", Enabled: true, CreatedAt: now, UpdatedAt: now}
		}
		w.must(w.db.Register(w.Context(), r))
		if i == 0 {
			w.ada = person{u.ID, r.Session.ID}
		} else {
			w.bob = person{u.ID, r.Session.ID}
		}
	}
}

func (w *world) device(p person, name, lang string) *browser {
	w.Helper()
	b := newBrowser(w.T, name)
	_, err := w.s.Register(w.Context(), p.id, p.session, Device{Subscription: b.sub, Language: lang, UserAgent: "Browser"})
	w.must(err)
	return b
}

// reply lets a handset write.
func (w *world) reply(from, text string) {
	w.Helper()
	w.inbound++
	_, err := w.db.StoreInbound(w.Context(), smsir.Inbound{Provider: w.prv, Reference: fmt.Sprint("in", w.inbound), From: from, To: "+12025550199", Text: text, ReceivedAt: time.Now()}, store.ConsentUnchanged)
	w.must(err)
}

// turn lets the service read what is new, and runs what is due.
func (w *world) turn() {
	w.Helper()
	_, err := w.s.turn(w.Context())
	w.must(err)
	w.send()
}

func (w *world) send() {
	w.Helper()
	ctx := w.Context()
	jobs, err := w.db.LeaseJobs(ctx, []string{JobKind, store.JobCampaignDone}, time.Now(), time.Now().Add(time.Minute), 100)
	w.must(err)
	for _, j := range jobs {
		if j.Kind == store.JobCampaignDone {
			w.must(w.s.CampaignDone(ctx, j))
			w.must(w.db.FinishJob(ctx, j.ID, j.Lease))
			continue
		}
		again, payload, err := w.s.Send(ctx, j)
		w.must(err)
		if again.IsZero() {
			w.must(w.db.FinishJob(ctx, j.ID, j.Lease))
		} else {
			w.must(w.db.AgainJob(ctx, j.ID, j.Lease, again, payload, ""))
		}
	}
}

func (w *world) shown(b *browser, name string, n int) []payload {
	w.Helper()
	got := w.far.of(name)
	if len(got) != n {
		w.Fatalf("%s got %d pushes, want %d", name, len(got), n)
	}
	var all []payload
	for _, g := range got {
		p, err := b.open(g.body)
		if err != nil {
			w.Fatalf("%s cannot open what it got: %v", name, err)
		}
		all = append(all, p)
	}
	return all
}

// pass lets time go by, on the clock of the bubble.
func (w *world) pass(d time.Duration) { time.Sleep(d) }
