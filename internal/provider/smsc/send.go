package smsc

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smppconn"
)

// A part that was refused as too fast, while others were taken, is handed over again after these pauses.
const (
	partPause = time.Second
	partTries = 6
)

// outcome is what became of one part.
type outcome struct {
	id   string
	err  *smsir.SendError
	call *smppconn.Call // whose answer may still come
}

// Send implements [smsir.Provider].
func (c *carrier) Send(ctx context.Context, s smsir.Submission) (smsir.Accepted, error) {
	if ctx.Err() != nil {
		return smsir.Accepted{}, notSent("canceled", "The sending was given up before it began.", context.Cause(ctx))
	}
	parts, err := c.parts(s)
	if err != nil {
		e := notSent("not_encodable", "The message cannot be written as this carrier wants it.", err)
		e.Class = smsir.ClassPermanent
		return smsir.Accepted{}, e
	}
	conn, slot, refused := c.reserve(ctx)
	if refused != nil {
		return smsir.Accepted{}, refused
	}
	if smsir.TooLate(ctx, time.Now()) { // it waited for a link, or for its place in the window
		slot.Release()
		return smsir.Accepted{}, smsir.ErrTooLate()
	}
	outcomes := make([]outcome, len(parts))
	outcomes[0] = c.submit(ctx, conn, slot, s, parts[0])
	if outcomes[0].err == nil {
		c.rest(ctx, conn, s, parts, outcomes)
	} else {
		outcomes = outcomes[:1] // nothing of the others has left
	}
	return c.judge(s, outcomes, len(parts))
}

// rest hands over what follows the first part, which was taken: all at once, on the same connection.
func (c *carrier) rest(ctx context.Context, conn *smppconn.Conn, s smsir.Submission, parts []*smpp.SubmitSM, outcomes []outcome) {
	var all sync.WaitGroup
	for i := 1; i < len(parts); i++ {
		all.Go(func() {
			pause := partPause
			for range partTries {
				slot, err := conn.Reserve(ctx)
				if err != nil {
					outcomes[i] = outcome{err: notSent("not_sent", "The connection to the carrier ended before this part was written.", err)}
					return
				}
				outcomes[i] = c.submit(ctx, conn, slot, s, parts[i])
				if e := outcomes[i].err; e == nil || e.Class != smsir.ClassThrottle {
					return
				}
				timer := time.NewTimer(pause)
				select {
				case <-timer.C:
				case <-ctx.Done():
				case <-conn.Done():
				}
				timer.Stop()
				pause *= 2
			}
		})
	}
	all.Wait()
}

// submit hands one part over and waits for its answer. When it returns, receipts find the message by the id of the answer.
func (c *carrier) submit(ctx context.Context, conn *smppconn.Conn, slot *smppconn.Slot, s smsir.Submission, p *smpp.SubmitSM) outcome {
	c.asking.Add(1)
	defer c.asking.Add(-1)
	call, err := slot.Send(p)
	if err != nil {
		return outcome{err: unanswered(err)}
	}
	resp, err := call.Wait(ctx)
	if err != nil {
		o := outcome{err: unanswered(err)}
		if o.err.State == smsir.AttemptUnknown {
			o.call = call
		}
		return o
	}
	if status := resp.Status(); status == smpp.RINVBNDSTS || status == smpp.RALYBND { // the carrier has lost the session
		_ = conn.Close()
	}
	o := c.answered(resp)
	if o.id != "" {
		c.ids.note(o.id)
		c.answers.refer(s, c.ids.canonical(o.id), o.id)
	}
	return o
}

// unanswered is what a request without response means.
func unanswered(err error) *smsir.SendError {
	var call *smppconn.CallError
	var field *smpp.EncodeError
	switch {
	case errors.As(err, &field):
		e := notSent("not_encodable", "The message cannot be written as SMPP: "+field.Field+" does not fit.", err)
		e.Class = smsir.ClassPermanent
		return e
	case errors.As(err, &call) && !call.Written:
		return notSent("not_sent", "The connection to the carrier ended before anything was written.", err)
	}
	return &smsir.SendError{
		State: smsir.AttemptUnknown, Class: smsir.ClassUnknown, Code: "no_answer",
		Text: "The carrier did not answer, so it may or may not have the message.", Err: err,
	}
}

// answered is what a response means.
func (c *carrier) answered(resp smpp.Response) outcome {
	status := resp.Status()
	r, ok := resp.(*smpp.SubmitSMResp)
	if status == smpp.ROK && ok {
		return outcome{id: r.MessageID}
	}
	if status == smpp.ROK { // generic_nack that says that all is well
		return outcome{err: &smsir.SendError{
			State: smsir.AttemptUnknown, Class: smsir.ClassUnknown, Code: "no_answer", ProviderCode: code(status),
			ProviderText: "generic_nack", Text: "The carrier's answer makes no sense, so it may or may not have the message.",
		}}
	}
	e := &smsir.SendError{State: smsir.AttemptRefused, Code: "refused", ProviderCode: code(status), ProviderText: status.String()}
	if ok {
		if text, told := r.TLVs.AdditionalStatusInfoText(); told && text != "" {
			e.ProviderText += " " + text
		}
	}
	note, mapped := c.meaning(status)
	e.Class, e.Text, e.Unmapped = note.Class, note.Text, !mapped
	switch {
	case e.Class == smsir.ClassThrottle:
		e.State, e.Code = smsir.AttemptNotSent, "throttled"
	case status == smpp.RINVBNDSTS || status == smpp.RALYBND:
		e.State, e.Code = smsir.AttemptNotSent, "not_bound"
	}
	return outcome{err: e}
}

// judge puts the outcomes of the parts together. One that nobody knows makes the message unknown; one that was not taken
// while others were makes it partial.
func (c *carrier) judge(s smsir.Submission, outcomes []outcome, total int) (smsir.Accepted, error) {
	var got smsir.Accepted
	var open *smsir.SendError
	for i, o := range outcomes {
		switch {
		case o.err != nil && o.err.State == smsir.AttemptUnknown:
			open = o.err
		case o.err != nil && i == 0:
			return smsir.Accepted{}, o.err
		case o.err != nil:
			got.Missing++
			got.MissingError = o.err
		case o.id != "":
			got.References = append(got.References, c.ids.canonical(o.id))
		default:
			got.NoReceipt = true // nothing will tell which message a receipt is about
		}
	}
	if open != nil {
		c.watch(s, outcomes, total)
		return smsir.Accepted{}, open
	}
	if got.Missing > 0 {
		got.MissingError.Text = fmt.Sprintf("The carrier took %d of %d parts and not the others. %s", total-got.Missing, total, got.MissingError.Text)
	}
	silent := c.profile.registered == smpp.ReceiptNone || c.profile.mode == modeTransmitter
	got.NoReceipt = got.NoReceipt || silent && c.profile.queryAfter == 0
	c.answers.taken(s, got.References)
	return got, nil
}

// watch waits for answers that are late, as long as the session stands, and remembers what they tell.
func (c *carrier) watch(s smsir.Submission, outcomes []outcome, total int) {
	c.mu.Lock()
	running := c.running
	if running {
		c.late.Add(1)
	}
	c.mu.Unlock()
	if !running {
		return
	}
	go func() {
		defer c.late.Done()
		for i := range outcomes {
			o := &outcomes[i]
			if o.call == nil {
				continue
			}
			resp, err := o.call.Late(context.Background()) // ends with the session
			if err != nil {
				return
			}
			if *o = c.answered(resp); o.id != "" {
				c.answers.refer(s, c.ids.canonical(o.id), o.id)
			}
		}
		c.lateAnswer(s, outcomes, total)
	}()
}

// lateAnswer remembers the outcome of a message whose answers have all come at last. One that stays in doubt, because
// some parts were taken and others not, or never tried, is left unknown.
func (c *carrier) lateAnswer(s smsir.Submission, outcomes []outcome, total int) {
	var references []string
	taken := 0
	for _, o := range outcomes {
		switch {
		case o.err != nil && o.err.State == smsir.AttemptUnknown:
			return
		case o.err != nil:
			continue
		case o.id != "":
			references = append(references, c.ids.canonical(o.id))
		}
		taken++
	}
	switch {
	case taken == total:
		c.answers.taken(s, references)
	case taken == 0:
		c.answers.refused(s)
	}
}

// QueryStatus implements [smsir.StatusQuerier]. query_sm asks by the id of the answer, so it cannot ask about a message
// whose answer never came: this tells only what a late answer has told.
func (c *carrier) QueryStatus(ctx context.Context, q smsir.StatusQuery) (smsir.StatusAnswer, error) {
	if err := ctx.Err(); err != nil {
		return smsir.StatusAnswer{}, err
	}
	return c.answers.query(q.Attempt), nil
}
