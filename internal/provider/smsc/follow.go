package smsc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smppconn"
)

const (
	askAtOnce = 4                      // query_sm and cancel_sm without answer
	askGap    = 100 * time.Millisecond // between two of them: the carrier counts them as work, too
)

var errNotBound = errors.New("there is no connection to the carrier now")

// asks paces the questions about messages that the carrier has.
type asks struct {
	slots chan struct{}
	mu    sync.Mutex
	next  time.Time
}

// turn waits for a place and the time of a question; release must be called after it.
func (a *asks) turn(ctx context.Context) (release func(), err error) {
	select {
	case a.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	a.mu.Lock()
	now := time.Now()
	at := a.next
	if at.Before(now) {
		at = now
	}
	a.next = at.Add(askGap)
	a.mu.Unlock()
	timer := time.NewTimer(at.Sub(now))
	defer timer.Stop()
	select {
	case <-timer.C:
		return func() { <-a.slots }, nil
	case <-ctx.Done():
		<-a.slots
		return nil, context.Cause(ctx)
	}
}

// QueryAfter implements [smsir.ReceiptQuerier].
func (c *carrier) QueryAfter() time.Duration { return c.profile.queryAfter }

// QueryReceipts implements [smsir.ReceiptQuerier] with query_sm, SMPP 3.4 §4.8.
func (c *carrier) QueryReceipts(ctx context.Context, q smsir.AcceptedQuery) (found []smsir.Receipt, err error) {
	for _, reference := range q.References {
		id, exact := c.asAnswered(reference)
		p := &smpp.QuerySM{MessageID: id}
		p.SourceAddrTON, p.SourceAddrNPI, p.SourceAddr = c.source(q.From)
		resp, err := c.inquire(ctx, p)
		switch {
		case err != nil && len(found) > 0:
			return found, nil // what is known counts; the rest is asked again
		case err != nil:
			return nil, err
		case resp == nil:
			continue
		}
		if r, ok := c.told(resp, reference, exact); ok {
			r.To = q.To
			found = append(found, r)
		}
	}
	return found, nil
}

// told is what the answer to a query_sm says, if it says that the message has ended. exact: the id was that of the answer
// letter for letter, so that it means something if the carrier does not know it.
func (c *carrier) told(resp smpp.Response, reference string, exact bool) (smsir.Receipt, bool) {
	r := smsir.Receipt{Provider: c.id, Reference: reference, Part: true, ArrivedAt: time.Now().UTC()}
	got, ok := resp.(*smpp.QuerySMResp)
	switch status := resp.Status(); {
	case status == smpp.RQUERYFAIL || status == smpp.RINVMSGID:
		if !c.profile.goneIsLost || !exact {
			return r, false
		}
		r.Status, r.Code, r.Raw = smsir.Undelivered, "", "query_sm_resp "+status.String()
		r.Error = &smsir.Failure{Class: smsir.ClassPermanent, Code: "not_found", Text: "The carrier does not know the message any more, which means with this carrier that it was not delivered.", ProviderCode: code(status), ProviderText: status.String()}
		return r, true
	case status != smpp.ROK || !ok:
		return r, false
	}
	if got.MessageID != "" && c.ids.canonical(got.MessageID) != reference {
		return r, false // about another message
	}
	// An error_code and a message_state are what a receipt has as err and stat.
	receipt := smpp.Receipt{MessageID: reference, State: got.MessageState, Stat: got.MessageState.Stat()}
	if got.ErrorCode != 0 {
		r.Code = fmt.Sprintf("%03d", got.ErrorCode)
	}
	c.status(&r, receipt)
	if !r.Status.AlwaysFinal() {
		return r, false
	}
	if at, err := smpp.ParseTime(got.FinalDate); err == nil && !at.Relative {
		r.DoneAt = at.Moment
	}
	r.Unmapped = false
	r.Raw = fmt.Sprintf("query_sm_resp message_state:%s error_code:%d final_date:%s", got.MessageState, got.ErrorCode, got.FinalDate)
	return r, true
}

// Recalls implements [smsir.Recaller].
func (c *carrier) Recalls() bool { return c.profile.cancels }

// Recall implements [smsir.Recaller] with cancel_sm, SMPP 3.4 §4.9.
func (c *carrier) Recall(ctx context.Context, q smsir.AcceptedQuery) (deleted []smsir.Receipt, again bool, err error) {
	for _, reference := range q.References {
		id, _ := c.asAnswered(reference)
		p := &smpp.CancelSM{MessageID: id, DestAddrTON: c.profile.to.ton, DestAddrNPI: c.profile.to.npi, DestinationAddr: c.profile.digits(q.To)}
		p.SourceAddrTON, p.SourceAddrNPI, p.SourceAddr = c.source(q.From)
		resp, err := c.inquire(ctx, p)
		switch {
		case err != nil && len(deleted) > 0:
			return deleted, true, nil
		case err != nil:
			return nil, true, err
		case resp == nil:
			continue
		}
		switch status := resp.Status(); status {
		case smpp.ROK:
			if _, ok := resp.(*smpp.CancelSMResp); !ok {
				continue // generic_nack that says that all is well
			}
			deleted = append(deleted, smsir.Receipt{
				Provider: c.id, Reference: reference, To: q.To, Status: smsir.Undelivered, Part: true, ArrivedAt: time.Now().UTC(), Raw: "cancel_sm_resp " + status.String(),
				Error: &smsir.Failure{Class: smsir.ClassPermanent, Code: "canceled_at_provider", Text: "The carrier deleted the message, because it was canceled."},
			})
		case smpp.RTHROTTLED, smpp.RMSGQFUL, smpp.RSYSERR:
			again = true
		}
	}
	return deleted, again, nil
}

// inquire puts one question, over a connection whose carrier knows it. A nil response without error says that there is
// none: the carrier has said that it does not know the command.
func (c *carrier) inquire(ctx context.Context, p smpp.PDU) (smpp.Response, error) {
	release, err := c.asks.turn(ctx)
	if err != nil {
		return nil, err
	}
	defer release()
	l, conn, lacking := c.asker(p.CommandID())
	if l == nil {
		if lacking {
			return nil, nil
		}
		return nil, errNotBound
	}
	resp, err := conn.Request(ctx, p)
	if err != nil {
		return nil, err
	}
	if resp.Status() == smpp.RINVCMDID {
		l.lack(conn, p.CommandID())
		return nil, nil
	}
	return resp, nil
}

// asker is a bound connection for a question. lacking says that there are connections, and none that knows the command.
func (c *carrier) asker(command smpp.CommandID) (_ *link, _ *smppconn.Conn, lacking bool) {
	first := int(c.turn.Add(1)) % len(c.links)
	for i := range c.links {
		l := c.links[(first+i)%len(c.links)]
		conn := l.transmitter()
		switch {
		case conn == nil:
		case l.lacks(command):
			lacking = true
		default:
			return l, conn, false
		}
	}
	return nil, nil, lacking
}

// lack notes that the carrier does not know a command, until the link binds anew.
func (l *link) lack(conn *smppconn.Conn, command smpp.CommandID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn == conn {
		l.unknown = append(l.unknown, command)
	}
}

func (l *link) lacks(command smpp.CommandID) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.unknown {
		if c == command {
			return true
		}
	}
	return false
}

// lackingNotes tell people what the carrier does not know although the settings say that it does.
func (c *carrier) lackingNotes() (notes []string) {
	for _, command := range []smpp.CommandID{smpp.CommandQuerySM, smpp.CommandCancelSM} {
		var where []string
		for _, l := range c.links {
			if l.lacks(command) {
				where = append(where, fmt.Sprint(l.number))
			}
		}
		if len(where) > 0 {
			notes = append(notes, fmt.Sprintf("The carrier does not know %s (ESME_RINVCMDID): it is not used on connection %s until that binds anew. Switch it off in the settings.", command, strings.Join(where, ", ")))
		}
	}
	return notes
}

// source is the sender of a message as it was submitted.
func (c *carrier) source(from string) (smpp.TON, smpp.NPI, string) {
	if from == "" {
		from = c.profile.sender
	}
	return c.profile.source(from)
}

// asAnswered is a reference as the carrier wrote it in its answer. exact is false where that is not remembered: then it is
// written as the carrier has written the others since.
func (c *carrier) asAnswered(reference string) (id string, exact bool) {
	if id = c.answers.written(reference); id != "" {
		return id, true
	}
	return c.ids.shaped(reference), false
}
