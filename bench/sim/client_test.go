package sim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/bench/oracle"
	"github.com/smsir/smsir/internal/accept"
)

// sender is what the messages of the world come from.
const sender = "+12025550130"

// request is one thing that a client asks for at its time.
func (w *world) request(n int) {
	d := w.draw("request", n)
	if !rest(w.ctx, d.sooner(w.span)) {
		return
	}
	home := w.homes[d.IntN(len(w.homes))]
	rows := 1
	if d.chance(10) {
		rows = 2 + d.IntN(5)
	}
	r := accept.Request{From: []string{"", sender}[d.IntN(2)], Class: smsir.Class(d.IntN(3))}
	switch d.weighted(60, 20, 10, 10) {
	case 1:
		r.SendAt = w.now().Add(d.sooner(3 * 24 * time.Hour))
	case 2:
		r.Hold = d.within(time.Second, accept.MaxHold)
	case 3:
		r.Validity = d.within(accept.MinValidity, 7*24*time.Hour)
	}
	if d.chance(25) {
		policy := smsir.RetryOnce
		r.OnUnknown = &policy
	}
	if o := w.draw("order", n); o.chance(20) {
		r.OrderingKey = fmt.Sprint("key ", o.IntN(3))
	}
	ask := oracle.Ask{Request: n, Op: oracle.Send}
	order := accept.Order{Workspace: &home.workspace, Actor: smsir.Actor{Kind: smsir.ActorUser, ID: smsir.UUID{2}}, Batch: rows > 1, Render: render}
	if rows > 1 {
		ask.Op = oracle.Batch
	}
	if d.chance(60) {
		ask.Key = fmt.Sprint("key ", n)
		order.Idempotency = &accept.Key{Scope: "test", Key: ask.Key, Fingerprint: [32]byte{byte(n), byte(n >> 8)}}
	}
	for i := range rows {
		row := oracle.Row{Mark: fmt.Sprintf("%d/%d", n, i), To: fmt.Sprintf("+4477009001%02d", d.IntN(25))}
		row.Text = "text " + row.Mark
		one := r
		one.To, one.Text, one.Metadata = row.To, row.Text, map[string]string{oracle.MarkName: row.Mark}
		ask.Rows, order.Requests = append(ask.Rows, row), append(order.Requests, one)
	}
	ids := w.pursue(ask, order, d)
	for _, id := range ids {
		if d.chance(20) {
			rest(w.ctx, d.sooner(w.scaled(time.Hour)))
			w.cancel(home, id)
		}
	}
}

// pursue asks, with a key until there is an answer and now and then once more.
func (w *world) pursue(ask oracle.Ask, order accept.Order, d draws) (ids []string) {
	more := ask.Key != "" && d.chance(30)
	for ask.Try = 1; ask.Try < 100; ask.Try++ {
		e := w.engine(w.ctx, "request", ask.Request, ask.Try)
		if e == nil {
			return nil
		}
		w.must(w.client.Ask(ask))
		a := oracle.Answer{Request: ask.Request, Try: ask.Try}
		res, err := e.send(w.ctx, order)
		var invalid *accept.InvalidError
		switch {
		case e.gone(err): // no answer
		case errors.Is(err, errClock):
			a.Status, a.Code = 503, string(smsir.CodeStorageDown)
		case errors.As(err, &invalid):
			if order.Requests[0].SendAt.IsZero() { // a retry may come when the time has passed
				w.fault("request %d was refused: %v", ask.Request, err)
			}
			a.Status, a.Code = 422, "invalid"
		case smsir.CodeOf(err) == smsir.CodeOptedOut:
			a.Status, a.Code = 422, string(smsir.CodeOptedOut)
		case smsir.CodeOf(err) == smsir.CodeCommitUnknown:
			a.Status, a.Code = 503, string(smsir.CodeCommitUnknown)
		case e.excused(err):
			a.Status, a.Code = 503, string(smsir.CodeStorageDown)
		case err != nil:
			w.fault("request %d failed: %v", ask.Request, err)
			a.Status = 503
		default:
			a.Status, a.Replayed = res.Status, res.Replayed
			a.Messages, err = oracle.IDs(res.Body)
			w.must(err)
			if res.Body == nil {
				w.fault("request %d has no body", ask.Request)
			}
			ids = a.Messages
		}
		w.must(w.client.Answer(a))
		again := (a.Status == 0 || a.Status == 503) && ask.Key != "" || more && a.Status == 202
		more = more && a.Status != 202
		if !again {
			return ids
		}
		rest(w.ctx, d.sooner(w.scaled(10*time.Minute)))
	}
	return ids
}

// send is the door: a node whose clock is far off takes no requests.
func (e *engine) send(ctx context.Context, order accept.Order) (*accept.Result, error) {
	if e.keeper != nil {
		if err := e.keeper.Ready(); err != nil {
			return nil, errClock
		}
	}
	return e.accept.Send(ctx, order)
}

// errClock is what a node answers whose clock is far off that of the database.
var errClock = errors.New("the clock is wrong")

func render(res *accept.Result) (int, []byte, error) {
	type item struct {
		ID string `json:"id"`
	}
	answer := struct {
		Messages []item `json:"messages"`
	}{Messages: []item{}}
	for _, m := range res.Messages {
		answer.Messages = append(answer.Messages, item{m.ID.Format(smsir.PrefixMessage)})
	}
	b, err := json.Marshal(answer)
	return 202, b, err
}

func (w *world) cancel(home *home, id string) {
	e := w.engine(w.ctx, "cancel", id)
	if e == nil {
		return
	}
	ask := oracle.Ask{Request: w.number(), Try: 1, Op: oracle.Cancel, Target: id}
	w.must(w.client.Ask(ask))
	n, err := smsir.ParseID(smsir.PrefixMessage, id)
	w.must(err)
	result, _, err := e.gate.Cancel(w.ctx, home.workspace.ID, n, smsir.Actor{}, e.clock().UTC().Truncate(time.Millisecond))
	a := oracle.Answer{Request: ask.Request, Try: 1}
	switch {
	case e.gone(err):
	case smsir.CodeOf(err) == smsir.CodeCommitUnknown:
		a.Status, a.Code = 503, string(smsir.CodeCommitUnknown)
	case e.excused(err):
		a.Status, a.Code = 503, string(smsir.CodeStorageDown)
	case err != nil:
		w.fault("a cancel failed: %v", err)
		a.Status = 503
	case result == smsir.CancelDone:
		a.Status, a.Result = 200, "canceled"
	case result == smsir.CancelRequested:
		a.Status, a.Result = 202, "cancel_requested"
	default:
		a.Status, a.Code = 409, "too_late"
	}
	w.must(w.client.Answer(a))
}

// optOut has a handset write STOP. From then on nothing may start to it from that sender, nor from one that the provider
// chooses.
func (w *world) optOut(i int) {
	d := w.draw("stop", i)
	if !rest(w.ctx, d.sooner(w.span)) {
		return
	}
	p := w.providers[d.IntN(len(w.providers))]
	in := smsir.Inbound{Provider: p.id, Reference: fmt.Sprint("stop-", i), From: fmt.Sprintf("+4477009001%02d", d.IntN(25)), To: sender, Text: "Stop."}
	for try := 0; ; try++ {
		e := w.engine(w.ctx, "stop", i, try)
		if e == nil {
			return
		}
		err := e.inbound.Inbound(w.ctx, in)
		if err == nil {
			break
		}
		if !e.excused(err) && smsir.CodeOf(err) != smsir.CodeCommitUnknown {
			w.fault("a STOP was not taken: %v", err)
			return
		}
		rest(w.ctx, 10*time.Second)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	k := silence{p.workspace, in.From}
	if w.stops[k].IsZero() {
		w.stops[k] = time.Now()
	}
}

// left notes that a message is leaving, and that it must not if its recipient has opted out. A node that was in trouble since
// may have started it before.
func (w *world) left(e *engine, s smsir.Submission) {
	w.mu.Lock()
	at, stopped := w.stops[silence{s.Workspace, s.To}]
	w.mu.Unlock()
	if stopped && (s.From == sender || s.From == "") && time.Since(at) > 5*time.Millisecond && e.wellFor() > time.Since(at) {
		w.fault("P14: %s left for a recipient who had opted out %v before", s.Message.Format(smsir.PrefixMessage), time.Since(at))
	}
}
