package storetest

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Push runs the part of the suite about browsers that show notifications.
func Push(t *testing.T, open func(t *testing.T) store.Store) {
	for name, f := range map[string]func(t *testing.T, p *pushes){
		"devices": testPushDevices, "lives": testPushLives, "preferences": testPushPreferences, "notices": testPushNotices, "campaigns": testPushCampaigns,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			st := open(t)
			p := &pushes{T: t, st: st, now: time.Now().UTC().Truncate(time.Millisecond)}
			p.ws, p.user, p.session = p.tenant("ada@example.com")
			f(t, p)
		})
	}
}

type pushes struct {
	*testing.T
	st                store.Store
	now               time.Time
	ws, user, session smsir.UUID
}

func (p *pushes) must(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

func (p *pushes) tenant(email string) (ws, user, session smsir.UUID) {
	p.Helper()
	u := store.User{ID: smsir.NewUUID(p.now), Email: email, Name: email, PasswordHash: "x", CreatedAt: p.now}
	w := store.Workspace{ID: smsir.NewUUID(p.now), Name: email, Country: "US", TimeZone: "UTC", CreatedAt: p.now}
	s := p.login(u.ID, w.ID)
	p.must(p.st.Register(p.Context(), store.Registration{User: u, Workspace: &w, Role: store.Owner, Session: s}))
	return w.ID, u.ID, s.ID
}

func (p *pushes) login(user, ws smsir.UUID) store.Session {
	s := store.Session{ID: smsir.NewUUID(p.now), User: user, Workspace: ws, Client: "web", CreatedAt: p.now, LastSeenAt: p.now, ExpiresAt: p.now.Add(time.Hour), ReauthAt: p.now}
	copy(s.TokenHash[:], s.ID[:])
	return s
}

func (p *pushes) save(session, user smsir.UUID, endpoint byte, language string) *store.PushDevice {
	p.Helper()
	d, err := p.st.SavePushDevice(p.Context(), store.PushDevice{
		ID: smsir.NewUUID(p.now), Session: session, User: user, Endpoint: [32]byte{endpoint}, Subscription: []byte{1, endpoint}, Language: language, UserAgent: "Browser", CreatedAt: p.now,
	})
	p.must(err)
	return d
}

func (p *pushes) live(want ...smsir.UUID) []store.PushTarget {
	p.Helper()
	all, err := p.st.PushTargets(p.Context(), p.now)
	p.must(err)
	var got []smsir.UUID
	for _, t := range all {
		got = append(got, t.ID)
	}
	order := func(a, b smsir.UUID) int { return bytes.Compare(a[:], b[:]) }
	slices.SortFunc(got, order)
	slices.SortFunc(want, order)
	if !slices.Equal(got, want) {
		p.Errorf("live devices: %v, want %v", got, want)
	}
	return all
}

func testPushDevices(t *testing.T, p *pushes) {
	ctx := t.Context()
	d := p.save(p.session, p.user, 1, "fr")
	if d.Workspace != p.ws || d.Language != "fr" || !d.CreatedAt.Equal(p.now) || !d.OKAt.IsZero() {
		t.Errorf("stored: %+v", d)
	}
	p.must(p.st.PushTold(ctx, d.ID, p.now.Add(time.Second), "no answer"))
	if got := p.live(d.ID)[0]; got.Failure != "no answer" || !got.FailedAt.Equal(p.now.Add(time.Second)) {
		t.Errorf("after a failure: %+v", got)
	}
	again := p.save(p.session, p.user, 2, "")
	if again.ID != d.ID || again.Language != "fr" || again.Endpoint != [32]byte{2} || again.Subscription[1] != 2 || again.Failure != "" {
		t.Errorf("the same session's other endpoint: %+v", again)
	}
	p.must(p.st.DropPushDevice(ctx, d.ID, [32]byte{1})) // of the old endpoint: it stays
	p.must(p.st.PushTold(ctx, d.ID, p.now.Add(2*time.Second), ""))
	if got := p.live(d.ID)[0]; !got.OKAt.Equal(p.now.Add(2 * time.Second)) {
		t.Errorf("after a success: %+v", got)
	}
	_, user, session := p.tenant("eve@example.com")
	other := p.save(session, user, 2, "en") // somebody else logs in with this browser
	p.live(other.ID)
	if err := p.st.DeletePushDevice(ctx, p.user, other.ID); smsir.CodeOf(err) != smsir.CodeNotFound {
		t.Errorf("a foreign device is removed: %v", err)
	}
	p.must(p.st.DropPushDevice(ctx, other.ID, [32]byte{2}))
	p.live()
	if _, err := p.st.SavePushDevice(ctx, store.PushDevice{ID: smsir.NewUUID(p.now), Session: session, User: p.user, Endpoint: [32]byte{3}, Subscription: []byte{1}, CreatedAt: p.now}); smsir.CodeOf(err) != smsir.CodeNotFound {
		t.Errorf("a device of a foreign session is stored: %v", err)
	}
}

// testPushLives: a device ends with its session, and its user, and their place in the workspace.
func testPushLives(t *testing.T, p *pushes) {
	ctx := t.Context()
	audit := store.AuditEntry{At: p.now, Workspace: p.ws, Action: "test"}
	second := p.login(p.user, p.ws)
	p.must(p.st.CreateSession(ctx, second, audit))
	a, b := p.save(p.session, p.user, 1, "en"), p.save(second.ID, p.user, 2, "en")
	p.live(a.ID, b.ID)
	if all, err := p.st.PushTargets(ctx, p.now.Add(2*time.Hour)); err != nil || len(all) != 0 {
		t.Errorf("live after the sessions are over: %v, %v", all, err)
	}
	p.must(p.st.DeleteSession(ctx, p.user, second.ID, audit))
	p.live(a.ID)
	if list, err := p.st.PushDevices(ctx, p.user, p.now); err != nil || len(list) != 1 {
		t.Errorf("devices: %v, %v", list, err)
	}
	_, bob, _ := p.tenant("bob@example.com")
	in := store.Invite{ID: smsir.NewUUID(p.now), Workspace: p.ws, Email: "bob@example.com", Role: store.Member, CodeHash: [32]byte{7}, CreatedBy: p.user, CreatedAt: p.now, ExpiresAt: p.now.Add(time.Hour)}
	p.must(p.st.CreateInvite(ctx, in, audit))
	p.must(p.st.AcceptInvite(ctx, in, bob, p.now, audit))
	theirs := p.login(bob, p.ws)
	p.must(p.st.CreateSession(ctx, theirs, audit))
	c := p.save(theirs.ID, bob, 3, "en")
	p.live(a.ID, c.ID)
	p.must(p.st.SetRole(ctx, p.ws, bob, 0, audit))
	p.live(a.ID)
	u, err := p.st.User(ctx, p.user)
	p.must(err)
	u.DisabledAt = p.now
	p.must(p.st.UpdateUser(ctx, u, audit))
	p.live()
	if _, err := p.st.PushTarget(ctx, a.ID, p.now); smsir.CodeOf(err) != smsir.CodeNotFound {
		t.Errorf("a device of a disabled user: %v", err)
	}
}

func testPushPreferences(t *testing.T, p *pushes) {
	ctx := t.Context()
	p.save(p.session, p.user, 1, "en")
	if got, err := p.st.PushPreferences(ctx, p.ws, p.user); err != nil || got != store.PushDefaults() {
		t.Errorf("at first: %+v, %v", got, err)
	}
	if got := p.live(p.ids(t)...)[0].PushPreferences; got != store.PushDefaults() {
		t.Errorf("of a target at first: %+v", got)
	}
	for _, want := range []store.PushPreferences{{Replies: store.PushMine, ShowText: true}, {Replies: store.PushNone, Campaigns: true}} {
		p.must(p.st.SetPushPreferences(ctx, p.ws, p.user, want, p.now))
		if got, err := p.st.PushPreferences(ctx, p.ws, p.user); err != nil || got != want {
			t.Errorf("stored: %+v, %v; want %+v", got, err, want)
		}
		if got := p.live(p.ids(t)...)[0].PushPreferences; got != want {
			t.Errorf("of a target: %+v, want %+v", got, want)
		}
	}
}

// ids are the ids of the person's devices.
func (p *pushes) ids(t *testing.T) (ids []smsir.UUID) {
	list, err := p.st.PushDevices(t.Context(), p.user, p.now)
	p.must(err)
	for _, d := range list {
		ids = append(ids, d.ID)
	}
	return ids
}

func testPushNotices(t *testing.T, p *pushes) {
	ctx := t.Context()
	for _, want := range []string{"mine", "mine"} {
		if got, err := p.st.FirstSetting(ctx, "push_key", want); err != nil || got != "mine" {
			t.Errorf("first setting: %q, %v", got, err)
		}
		if got, err := p.st.FirstSetting(ctx, "push_key", "theirs"); err != nil || got != "mine" {
			t.Errorf("first setting: %q, %v", got, err)
		}
	}
	job := func(key string) store.Job {
		return store.Job{ID: smsir.NewUUID(p.now), Workspace: p.ws, Kind: "push", Key: key, Payload: []byte(`{}`), RunAt: p.now, CreatedAt: p.now}
	}
	p.must(p.st.AddNotices(ctx, nil, 0, 5))
	p.must(p.st.AddNotices(ctx, []store.Job{job("a"), job("b")}, 5, 9))
	if err := p.st.AddNotices(ctx, []store.Job{job("c")}, 5, 9); smsir.CodeOf(err) != smsir.CodeConflict {
		t.Errorf("another node's step: %v", err)
	}
	if c, err := p.st.PushCursor(ctx); err != nil || c != 9 {
		t.Errorf("cursor %d, %v", c, err)
	}
	if jobs, err := p.st.LeaseJobs(ctx, []string{"push"}, p.now, p.now.Add(time.Minute), 10); err != nil || len(jobs) != 2 {
		t.Errorf("notices: %v, %v", jobs, err)
	}
}

// testPushCampaigns: the step that ends a campaign makes the job that tells of it, once.
func testPushCampaigns(t *testing.T, p *pushes) {
	ctx := t.Context()
	audit := store.AuditEntry{At: p.now, Workspace: p.ws, Action: "test"}
	c := store.Campaign{ID: smsir.NewUUID(p.now), Workspace: p.ws, Name: "News", State: store.CampaignRunning, Batch: 77, CreatedAt: p.now, UpdatedAt: p.now}
	p.must(p.st.CreateCampaign(ctx, c, audit))
	end := func(name string, state store.CampaignState) {
		t.Helper()
		_, err := p.st.ChangeCampaign(ctx, p.ws, c.ID, audit, func(c *store.Campaign) error { c.Name, c.State = name, state; return nil })
		p.must(err)
	}
	jobs := func() int {
		t.Helper()
		list, err := p.st.LeaseJobs(ctx, []string{store.JobCampaignDone}, p.now.Add(time.Minute), p.now.Add(time.Minute), 10)
		p.must(err)
		return len(list)
	}
	end("News", store.CampaignPaused)
	if n := jobs(); n != 0 {
		t.Errorf("%d jobs before the end", n)
	}
	end("News", store.CampaignDone)
	end("Old news", store.CampaignDone)
	if n := jobs(); n != 1 {
		t.Errorf("%d jobs, want 1", n)
	}
	got, err := p.st.CampaignBatches(ctx, p.ws, []smsir.ID{76, 77})
	if err != nil || len(got) != 1 || !got[77] {
		t.Errorf("batches of campaigns: %v, %v", got, err)
	}
}
