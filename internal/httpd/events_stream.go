package httpd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/account"
	"github.com/smsir/smsir/internal/notify"
)

// atOnce is how many events are written at once: the client of a slow line must take them within the write time.
const atOnce = 64

// streamsPerCaller is how many streams one person or one API key may have open.
const streamsPerCaller = 20

// Reasons for the end of a stream. What else ends it is a fault of the connection or of the store.
var (
	errPeerGone     = errors.New("the other side has gone")
	errServerStops  = errors.New("server stopping")
	errAccessEnded  = errors.New("access ended")
	errOtherPlace   = errors.New("workspace changed")
	errTooLarge     = errors.New("frame too large")
	errStreamBroken = errors.New("stream broken")
)

// slowError ends a stream whose client took events too slowly; it says where the client can resume.
type slowError struct{ cursor smsir.ID }

func (e *slowError) Error() string {
	return "too slow, resume after " + e.cursor.Format(smsir.PrefixEvent)
}

// subscription is a [notify.Subscription].
type subscription interface {
	Next(ctx context.Context, most int) ([]notify.Item, error)
	Cursor() smsir.ID
	Close()
}

// wire is one kind of connection that carries events: a WebSocket or server-sent events. Its methods
// may be called from several goroutines.
type wire interface {
	// hello tells where the stream starts, so that there is a cursor before the first event.
	hello(cursor smsir.ID) error
	// events sends some events; beat says that the connection lives. Both give up after the write time.
	events(items []notify.Item) error
	beat() error
	// wait blocks until the other side has gone, or end was called.
	wait() error
	// end closes the connection and tells the other side why, as far as the wire can.
	end(cause error)
}

// streams are the event streams that are open. It is safe for concurrent use.
type streams struct {
	subscribe func(ctx context.Context, workspace smsir.UUID, after smsir.ID) (subscription, error)
	recheck   func(ctx context.Context, p *account.Principal) (*account.Principal, error)
	log       *slog.Logger

	pingEvery, recheckEvery, writeTime time.Duration

	mu       sync.Mutex
	open     map[*stream]struct{}
	count    map[smsir.UUID]int // by caller
	stopping bool
	done     sync.WaitGroup
}

func newStreams(deps *Deps, log *slog.Logger) *streams {
	ss := &streams{
		log: log, pingEvery: pingEvery, recheckEvery: recheckEvery, writeTime: writeTime,
		open: map[*stream]struct{}{}, count: map[smsir.UUID]int{},
		subscribe: func(ctx context.Context, workspace smsir.UUID, after smsir.ID) (subscription, error) {
			return deps.Hub.Subscribe(ctx, workspace, after)
		},
	}
	if deps.Accounts != nil {
		ss.recheck = deps.Accounts.Recheck
	}
	return ss
}

// stream is one open connection of a caller.
type stream struct {
	of      *streams
	p       *account.Principal
	check   chan struct{} // look at the access now
	stopped context.Context
	stop    context.CancelCauseFunc
}

// admit lets a stream in. The caller of admit calls leave at its end.
func (ss *streams) admit(p *account.Principal) (*stream, error) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	if ss.stopping {
		return nil, stopping()
	}
	if ss.count[p.Actor.ID] >= streamsPerCaller {
		return nil, &limitedError{wait: 10 * time.Second, err: smsir.Errorf(api.CodeRateLimited,
			"This caller has %d event streams open already. Close one, or share one.", streamsPerCaller)}
	}
	st := &stream{of: ss, p: p, check: make(chan struct{}, 1)}
	st.stopped, st.stop = context.WithCancelCause(context.Background())
	ss.open[st] = struct{}{}
	ss.count[p.Actor.ID]++
	ss.done.Add(1)
	return st, nil
}

func (st *stream) leave() {
	ss := st.of
	ss.mu.Lock()
	defer ss.mu.Unlock()
	st.stop(nil)
	delete(ss.open, st)
	if ss.count[st.p.Actor.ID]--; ss.count[st.p.Actor.ID] == 0 {
		delete(ss.count, st.p.Actor.ID)
	}
	ss.done.Done()
}

// changed has the streams looked at whose access a caller may just have changed: those of the same
// person or key, and those into the same workspace.
func (ss *streams) changed(by *account.Principal) {
	ss.mu.Lock()
	defer ss.mu.Unlock()
	for st := range ss.open {
		if st.p.Actor == by.Actor || st.p.Workspace.ID == by.Workspace.ID {
			select {
			case st.check <- struct{}{}:
			default: // it will look anyway
			}
		}
	}
}

// CloseStreams ends all event streams, telling clients to connect again later, refuses new ones, and
// waits for their ends until ctx is done. Call it when the server stops: a stream ends by itself only
// when its client goes.
func (s *Server) CloseStreams(ctx context.Context) {
	ss := s.streams
	ss.mu.Lock()
	ss.stopping = true
	for st := range ss.open {
		st.stop(errServerStops)
	}
	ss.mu.Unlock()
	done := make(chan struct{})
	go func() {
		ss.done.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// carry moves events from the subscription to the wire until one of them, the caller's access or the
// server ends.
func (st *stream) carry(sub subscription, to wire) {
	var parts sync.WaitGroup
	parts.Go(func() { st.part(to.wait) })
	parts.Go(func() { st.part(func() error { return st.keep(to) }) })
	st.part(func() error { return st.forward(sub, to) })
	<-st.stopped.Done()
	to.end(context.Cause(st.stopped))
	parts.Wait()
}

// part runs one part of a stream; its error ends the whole, and so does a panic.
func (st *stream) part(run func() error) {
	defer func() {
		if r := recover(); r != nil {
			st.of.log.Error("event stream panicked", "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
			st.stop(errStreamBroken)
		}
	}()
	if err := run(); err != nil {
		st.stop(err)
	}
}

// forward sends what the subscription gives.
func (st *stream) forward(sub subscription, to wire) error {
	if err := to.hello(sub.Cursor()); err != nil {
		return errPeerGone
	}
	for {
		items, err := sub.Next(st.stopped, atOnce)
		switch {
		case err == nil:
		case errors.Is(err, notify.ErrStopped):
			return errServerStops
		case errors.Is(err, notify.ErrSlow):
			return &slowError{sub.Cursor()}
		case st.stopped.Err() != nil:
			return nil //nolint:nilerr // it was told to stop, and the reason is known
		default:
			st.of.log.Warn("event stream cannot go on", "error", err)
			return errStreamBroken
		}
		if err := to.events(items); err != nil {
			return errPeerGone
		}
	}
}

// keep pings, and looks at the caller's access: every minute, and whenever something has changed.
func (st *stream) keep(to wire) error {
	ping, check := time.NewTicker(st.of.pingEvery), time.NewTicker(st.of.recheckEvery)
	defer ping.Stop()
	defer check.Stop()
	for {
		select {
		case <-st.stopped.Done():
			return nil
		case <-ping.C:
			if err := to.beat(); err != nil {
				return errPeerGone
			}
			continue
		case <-check.C:
		case <-st.check:
		}
		if err := st.allowed(); err != nil {
			return err
		}
	}
}

// allowed reports why the caller may not follow any longer. A store that cannot be read is no reason;
// the next look is due in a minute.
func (st *stream) allowed() error {
	p, err := st.of.recheck(st.stopped, st.p)
	switch code := smsir.CodeOf(err); {
	case code == account.CodeUnauthenticated || code == account.CodeNoWorkspace || code == account.CodeForbidden:
		return errAccessEnded
	case err != nil:
		if st.stopped.Err() == nil {
			st.of.log.Warn("access to an event stream cannot be checked", "error", err)
		}
		return nil
	case p.Workspace.ID != st.p.Workspace.ID:
		return errOtherPlace
	case !p.Can(account.EventsRead):
		return errAccessEnded
	}
	return nil
}
