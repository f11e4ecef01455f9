package infobip

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

const (
	// settled is how long after an attempt its absence proves something.
	settled = 5 * time.Minute
	// memory is how far back Infobip's log goes, with an hour to spare.
	memory = 47 * time.Hour
)

// QueryStatus implements [smsir.StatusQuerier]: the id of the message is ours, and Infobip's log finds it. What is there
// was taken, unless the log says that it was rejected. An empty log five minutes later proves that it never was.
func (a *account) QueryStatus(ctx context.Context, q smsir.StatusQuery) (smsir.StatusAnswer, error) {
	unknown := smsir.StatusAnswer{Verdict: smsir.VerdictUnknown}
	id := q.Attempt.Format(smsir.PrefixAttempt)
	if id == "" {
		return unknown, nil
	}
	req, err := outcall.NewJSON(ctx, http.MethodGet, a.base+"/sms/3/logs?"+url.Values{"messageId": {id}}.Encode(), nil)
	if err != nil {
		return smsir.StatusAnswer{}, fmt.Errorf("infobip: read the log: %w", err)
	}
	a.authorize(req)
	var log struct {
		Results []struct {
			ID     string `json:"messageId"`
			Status status `json:"status"`
		} `json:"results"`
	}
	if err := a.http.Ask(ctx, req, title, &log); err != nil {
		return smsir.StatusAnswer{}, fmt.Errorf("infobip: read the log: %w", err)
	}
	if log.Results == nil {
		return smsir.StatusAnswer{}, fmt.Errorf("infobip: read the log: the answer is no log")
	}
	for _, m := range log.Results {
		switch {
		case m.ID != id:
		case m.Status.Group == groupRejected && m.Status.Name != nameDuplicate:
			return smsir.StatusAnswer{Verdict: smsir.VerdictNotAccepted}, nil
		default:
			return smsir.StatusAnswer{Verdict: smsir.VerdictAccepted, References: []string{id}}, nil
		}
	}
	// A log with others in it has not been asked what we asked.
	if age := a.now().Sub(q.StartedAt); len(log.Results) == 0 && age >= settled && age < memory {
		return smsir.StatusAnswer{Verdict: smsir.VerdictNotAccepted}, nil
	}
	return unknown, nil
}
