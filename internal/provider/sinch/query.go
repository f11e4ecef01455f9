package sinch

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/outcall"
)

const (
	// settled is how long after an attempt its absence proves something.
	settled = 5 * time.Minute
	// skew is how far Sinch's clock and ours may be apart.
	skew = 5 * time.Minute
	// memory is how far back Sinch's list goes, with a day to spare.
	memory   = 13 * 24 * time.Hour
	pageSize = 100
	maxPages = 20
)

// page is one page of Sinch's list of batches.
type page struct {
	Count   int `json:"count"`
	Batches []struct {
		ID        string `json:"id"`
		Reference string `json:"client_reference"`
	} `json:"batches"`
}

// QueryStatus implements [smsir.StatusQuerier]. Our attempt is the reference of its batch, by which Sinch's list is
// filtered. What is compared is the reference itself, so that a list which ignores the filter does no harm: it is read
// to its end then, and proves something only if that is reached.
func (p *plan) QueryStatus(ctx context.Context, q smsir.StatusQuery) (smsir.StatusAnswer, error) {
	reference := q.Attempt.Format(smsir.PrefixAttempt)
	if reference == "" {
		return smsir.StatusAnswer{Verdict: smsir.VerdictUnknown}, nil
	}
	filter := url.Values{"client_reference": {reference}, "start_date": {stamp(q.StartedAt.Add(-skew))}, "page_size": {strconv.Itoa(pageSize)}}
	seen, complete := 0, false
	for n := range maxPages {
		filter.Set("page", strconv.Itoa(n))
		list, err := p.page(ctx, filter)
		if err != nil {
			return smsir.StatusAnswer{}, err
		}
		for _, b := range list.Batches {
			if b.Reference == reference && idForm.MatchString(b.ID) {
				return smsir.StatusAnswer{Verdict: smsir.VerdictAccepted, References: []string{b.ID}}, nil
			}
		}
		seen += len(list.Batches)
		if seen >= list.Count {
			complete = true
			break
		}
		if len(list.Batches) == 0 {
			break // it says that there is more, and does not show it
		}
	}
	if age := p.now().Sub(q.StartedAt); complete && age >= settled && age < memory {
		return smsir.StatusAnswer{Verdict: smsir.VerdictNotAccepted}, nil
	}
	return smsir.StatusAnswer{Verdict: smsir.VerdictUnknown}, nil
}

// page reads one page of the list.
func (p *plan) page(ctx context.Context, filter url.Values) (page, error) {
	req, err := outcall.NewJSON(ctx, http.MethodGet, p.batches+"?"+filter.Encode(), nil)
	if err != nil {
		return page{}, fmt.Errorf("sinch: list batches: %w", err)
	}
	p.authorize(req)
	var list page
	if err := p.http.Ask(ctx, req, title, &list); err != nil {
		return page{}, fmt.Errorf("sinch: list batches: %w", err)
	}
	if list.Batches == nil || list.Count < len(list.Batches) {
		return page{}, fmt.Errorf("sinch: list batches: the answer is no list")
	}
	return list, nil
}
