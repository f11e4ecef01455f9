package push

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/guard"
	"github.com/smsir/smsir/internal/store"
)

const (
	timeout = 10 * time.Second // of one request
	life    = 24 * time.Hour   // of a notice: here, and at the push service (TTL, RFC 8030 §5.2)
	maxWait = 6 * time.Hour    // that a push service may ask for
)

// waits is the pause after each push that was not taken; the last one goes on until the notice's life is over.
var waits = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour}

// result is what a push service said.
type result struct {
	gone    bool          // it does not know the device any more
	again   bool          // it may take the notice later
	wait    time.Duration // that it asks for
	failure string        // why it did not take it; "" if it did
}

// Send runs a job of kind [JobKind]: it sends the notice once. A time says when to run it again, with the payload.
func (s *Service) Send(ctx context.Context, j store.Job) (again time.Time, payload []byte, err error) {
	var n notice
	if err := json.Unmarshal(j.Payload, &n); err != nil {
		return again, nil, err
	}
	now := s.now()
	id, err := smsir.ParseUUID(smsir.PrefixDevice, n.Device)
	if err != nil {
		return again, nil, err
	}
	t, err := s.opt.Store.PushTarget(ctx, id, now)
	switch {
	case smsir.CodeOf(err) == smsir.CodeNotFound:
		s.counted("nobody")
		return again, nil, nil
	case err != nil:
		return again, nil, err
	case t.Workspace != j.Workspace || !wanted(t, n.Kind):
		s.counted("unwanted")
		return again, nil, nil
	case now.Sub(j.CreatedAt) > life:
		s.counted("late")
		return again, nil, nil
	}
	r := s.push(ctx, t, n)
	if ctx.Err() != nil {
		return again, nil, ctx.Err() // the node stops; another run sends it again under its topic
	}
	if err := s.tell(ctx, t, r); err != nil {
		return again, nil, err
	}
	if !r.again {
		return again, nil, nil
	}
	pause := max(waits[min(n.Tries, len(waits)-1)], r.wait)
	n.Tries++
	payload, err = json.Marshal(n)
	return s.now().Add(pause), payload, err
}

// wanted reports whether the person still wants to hear of a kind.
func wanted(t *store.PushTarget, kind string) bool {
	switch kind {
	case kindReply:
		return t.Replies != store.PushNone
	case kindCampaign:
		return t.Campaigns
	case kindFailure:
		return t.Failures
	}
	return true
}

// Test sends a notification to a device at once. failure says why the push service did not take it; "" if it did.
// Error: CodeNotFound.
func (s *Service) Test(ctx context.Context, user, id smsir.UUID) (failure string, err error) {
	t, err := s.opt.Store.PushTarget(ctx, id, s.now())
	if err == nil && t.User != user {
		err = smsir.Errorf(smsir.CodeNotFound, "There is no such device.")
	}
	if err != nil {
		return "", err
	}
	r := s.push(ctx, t, notice{Kind: kindTest, ID: "test", URL: "/settings?tab=notifications", Tag: "test"})
	return r.failure, s.tell(ctx, t, r)
}

// tell notes what came of a push.
func (s *Service) tell(ctx context.Context, t *store.PushTarget, r result) error {
	switch {
	case r.gone:
		s.counted("gone")
		s.log.Info("a device is not known to its push service any more and was removed", "device", t.ID.Format(smsir.PrefixDevice))
		return s.opt.Store.DropPushDevice(ctx, t.ID, t.Endpoint)
	case r.failure == "":
		s.counted("sent")
	case r.again:
		s.counted("put_off")
	default:
		s.counted("refused")
	}
	return s.opt.Store.PushTold(ctx, t.ID, s.now().UTC().Truncate(time.Millisecond), r.failure)
}

func (s *Service) counted(result string) { s.pushes.WithLabelValues(result).Inc() }

// push makes the request.
func (s *Service) push(ctx context.Context, t *store.PushTarget, n notice) result {
	sub, err := s.opened(&t.PushDevice)
	if err != nil {
		return result{failure: "The subscription cannot be opened: the key file of the server is another one. Turn notifications off and on again on the device."}
	}
	if _, err := s.opt.Guard.CheckURL(sub.Endpoint); err != nil {
		return result{failure: err.Error()}
	}
	plain, err := json.Marshal(shown(&n, t))
	if err == nil {
		plain, err = encrypt(plain, sub)
	}
	if err != nil {
		return result{failure: "The notification could not be encrypted: " + err.Error()}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, sub.Endpoint, bytes.NewReader(plain))
	if err == nil {
		err = s.authorize(req, sub.Endpoint)
	}
	if err != nil {
		return result{failure: "The push service cannot be asked: its address cannot be used."}
	}
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Header.Set("Content-Encoding", "aes128gcm")
	req.Header.Set("TTL", strconv.Itoa(int(life.Seconds())))
	req.Header.Set("Topic", topic(n.Tag))
	req.Header.Set("Urgency", "high") // it wakes the device: somebody is to look
	req.Header.Set("User-Agent", "SMSir-Push")
	res, err := s.client.Do(req)
	if err != nil {
		return unanswered(err)
	}
	defer res.Body.Close()                                       //nolint:errcheck // it tells nothing
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection serves again
	return answered(res, s.now())
}

// answered reads an answer (RFC 8030 §5 to §8.4).
func answered(res *http.Response, now time.Time) result {
	said := "The push service answered HTTP " + strconv.Itoa(res.StatusCode) + "."
	switch code := res.StatusCode; {
	case code/100 == 2:
		return result{}
	case code == http.StatusNotFound || code == http.StatusGone:
		return result{gone: true, failure: "The push service does not know this device any more. Turn notifications on again there."}
	case code == http.StatusTooManyRequests, code == http.StatusRequestTimeout, code >= 500:
		return result{again: true, wait: retryAfter(res.Header, now), failure: said}
	case code == http.StatusUnauthorized || code == http.StatusForbidden:
		return result{failure: said + " The device was registered with another server; turn notifications off and on again there."}
	}
	return result{failure: said}
}

// unanswered is why there was no answer, without the address, which is a secret.
func unanswered(err error) result {
	var timeouts interface{ Timeout() bool }
	switch {
	case errors.Is(err, guard.ErrForbidden):
		return result{failure: "The address of the push service does not lead to the public internet, so nothing was sent."}
	case errors.As(err, &timeouts) && timeouts.Timeout():
		return result{again: true, failure: "The push service did not answer in time."}
	}
	return result{again: true, failure: "There is no connection to the push service."}
}

// retryAfter reads the header of that name (RFC 9110 §10.2.3).
func retryAfter(h http.Header, now time.Time) time.Duration {
	text := h.Get("Retry-After")
	if n, err := strconv.Atoi(text); err == nil {
		return min(max(time.Duration(min(n, 1<<20))*time.Second, 0), maxWait)
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return min(max(at.Sub(now), 0), maxWait)
}
