package twilio

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

const (
	// settled is how long after an attempt its absence proves something.
	settled = 5 * time.Minute
	// skew is how far Twilio's clock and ours may be apart.
	skew = 5 * time.Minute
	// pageSize keeps a page within what is read of an answer.
	pageSize = "50"
	maxPages = 10
)

// listed is one message of Twilio's list.
type listed struct {
	SID       string  `json:"sid"`
	Direction string  `json:"direction"`
	To        string  `json:"to"`
	Body      *string `json:"body"`
	Created   string  `json:"date_created"` // RFC 2822
}

type page struct {
	Messages []listed `json:"messages"`
	Next     string   `json:"next_page_uri"`
}

// QueryStatus implements [smsir.StatusQuerier]. Twilio has no place for our attempt in a message, so the recipient, the
// time and the text have to tell, among the messages that belong to no other attempt. Exactly one with the text is it.
// None at all in the complete list, five minutes later, proves that there is none: one with another text does not do,
// because Twilio may change a text (smart encoding, redaction).
func (a *account) QueryStatus(ctx context.Context, q smsir.StatusQuery) (smsir.StatusAnswer, error) {
	recent := a.query(q)
	recent.Set("DateSent>", q.StartedAt.Add(-skew).UTC().Format(time.RFC3339))
	same, other, complete, err := a.candidates(ctx, recent, q)
	if err != nil {
		return smsir.StatusAnswer{}, err
	}
	if len(same)+len(other) == 0 && a.now().Sub(q.StartedAt) >= settled {
		// A message that Twilio has not sent yet has no DateSent: only the list without that filter proves anything.
		if same, other, complete, err = a.candidates(ctx, a.query(q), q); err != nil {
			return smsir.StatusAnswer{}, err
		}
		if complete && len(same)+len(other) == 0 {
			return smsir.StatusAnswer{Verdict: smsir.VerdictNotAccepted}, nil
		}
	}
	if complete && len(same) == 1 {
		return smsir.StatusAnswer{Verdict: smsir.VerdictAccepted, References: same}, nil
	}
	return smsir.StatusAnswer{Verdict: smsir.VerdictUnknown}, nil
}

// query is the filter for messages that may be the one asked about.
func (a *account) query(q smsir.StatusQuery) url.Values {
	filter := url.Values{"To": {q.To}, "PageSize": {pageSize}}
	switch {
	case q.From != "":
		filter.Set("From", q.From)
	case a.service == "" && a.sender != "":
		filter.Set("From", a.sender)
	}
	return filter
}

// candidates lists the messages that may be the one asked about and belong to no other attempt: those with the same
// text, and the others. complete says that the list was read to its end.
func (a *account) candidates(ctx context.Context, filter url.Values, q smsir.StatusQuery) (same, other []string, complete bool, err error) {
	var found []string
	next := a.resource("/Messages.json") + "?" + filter.Encode()
	for range maxPages {
		p, err := a.page(ctx, next)
		if err != nil {
			return nil, nil, false, err
		}
		for _, m := range p.Messages {
			if !m.mayBe(q) || slices.Contains(found, m.SID) {
				continue
			}
			found = append(found, m.SID)
			if m.Body != nil && *m.Body == q.Text {
				same = append(same, m.SID)
			} else {
				other = append(other, m.SID)
			}
		}
		if p.Next == "" {
			complete = true
			break
		}
		if !strings.HasPrefix(p.Next, "/") { // our credentials go nowhere else
			return nil, nil, false, fmt.Errorf("twilio: the list of messages goes on at another server")
		}
		next = a.base + p.Next
	}
	if len(found) == 0 || q.Owned == nil {
		return same, other, complete, nil
	}
	owned, err := q.Owned(ctx, found)
	if err != nil {
		return nil, nil, false, err
	}
	isOwned := func(sid string) bool { return slices.Contains(owned, sid) }
	return slices.DeleteFunc(same, isOwned), slices.DeleteFunc(other, isOwned), complete, nil
}

// mayBe reports whether a message may be the one asked about, its text aside. A date that cannot be read excludes
// nothing.
func (m *listed) mayBe(q smsir.StatusQuery) bool {
	if m.Direction == "inbound" || m.To != q.To {
		return false
	}
	created, err := time.Parse(time.RFC1123Z, m.Created)
	if err != nil {
		return true
	}
	return created.After(q.StartedAt.Add(-skew)) && created.Before(q.StartedAt.Add(outcall.DefaultTimeout+skew))
}

// page reads one page of the list.
func (a *account) page(ctx context.Context, address string) (page, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return page{}, fmt.Errorf("twilio: list messages: %w", err)
	}
	answer, err := a.do(ctx, req)
	if err != nil {
		return page{}, fmt.Errorf("twilio: list messages: %w", err)
	}
	var p page
	if answer.Status != http.StatusOK || answer.Truncated {
		return page{}, fmt.Errorf("twilio: list messages: status %d", answer.Status)
	}
	if err := json.Unmarshal(answer.Body, &p); err != nil || p.Messages == nil {
		return page{}, fmt.Errorf("twilio: list messages: the answer is no list")
	}
	return p, nil
}
