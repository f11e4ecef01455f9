package httpd

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/failpoint"
)

// callbackRoot is where providers call back: callbackRoot + provider id + "/" + token. It is no part of the API: what is
// asked and answered there is each provider's own.
const (
	callbackRoot  = "/callbacks/"
	callbackRoute = "/callbacks/{provider}/{token}"
)

// maxCallback is the size of a callback's body in bytes.
const maxCallback = 1 << 20

// Callbacks makes and checks the addresses at which providers call back. The last part of an address is a secret of
// 160 bits that belongs to one provider; whoever does not know it learns nothing, not even whether the provider exists.
type Callbacks struct {
	public string
	keys   [][]byte
}

// NewCallbacks returns the addresses of a gateway under its configured public address ("" while it is not known: then
// there are none). The first key makes the secrets, all of them open: old addresses live as long as their key does.
func NewCallbacks(publicURL string, keys [][]byte) *Callbacks {
	return &Callbacks{public: strings.TrimRight(publicURL, "/"), keys: keys}
}

// URL is the address of a provider, "" when there are none.
func (c *Callbacks) URL(provider smsir.UUID) string {
	if c == nil || c.public == "" || len(c.keys) == 0 {
		return ""
	}
	return c.public + callbackRoot + provider.Format(smsir.PrefixProvider) + "/" + callbackToken(c.keys[0], provider)
}

// callbackToken is the secret in an address, in lower case letters and digits.
func callbackToken(key []byte, provider smsir.UUID) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte("callback v1 "))
	mac.Write(provider[:])
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(mac.Sum(nil)[:20]))
}

// open finds the provider whose address a path is. It compares in constant time.
func (c *Callbacks) open(path string) (smsir.UUID, bool) {
	if c == nil || c.public == "" {
		return smsir.UUID{}, false
	}
	id, token, _ := strings.Cut(strings.TrimPrefix(path, callbackRoot), "/")
	provider, err := parseUUID(smsir.PrefixProvider, id)
	fits := false
	for _, key := range c.keys {
		if hmac.Equal([]byte(token), []byte(callbackToken(key, provider))) {
			fits = true
		}
	}
	return provider, fits && err == nil
}

// What became of a callback, for the metrics.
const (
	callbackStored     = "stored"
	callbackRefused    = "refused"    // it proved nothing
	callbackUnreadable = "unreadable" // or too large
	callbackNoAddress  = "no_address" // wrong secret, no such provider, or one that does not call back
	callbackFailed     = "failed"     // it could not be stored, and has to come again
)

// serveCallback takes one callback. What it tells is stored before it is answered.
func (s *Server) serveCallback(w *recorder, r *http.Request) {
	w.route = callbackRoute
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	if r.Method != http.MethodPost && r.Method != http.MethodGet {
		h.Set("Allow", "GET, POST")
		http.Error(w, "This path takes GET and POST.", http.StatusMethodNotAllowed)
		return
	}
	result, err := s.callback(w, r)
	if err != nil && result == callbackFailed {
		s.log.ErrorContext(r.Context(), "a callback could not be stored", "error", err.Error())
	}
	s.metrics.callbacks.WithLabelValues(result).Inc()
}

// callback answers one callback and tells what became of it.
func (s *Server) callback(w http.ResponseWriter, r *http.Request) (result string, err error) {
	id, ok := s.deps.Callbacks.open(r.URL.Path)
	if !ok {
		http.Error(w, "There is no such path.", http.StatusNotFound)
		return callbackNoAddress, nil
	}
	p, err := s.deps.Opened(r.Context(), id)
	if err != nil && smsir.CodeOf(err) != smsir.CodeNotFound {
		comeAgain(w)
		return callbackFailed, err
	}
	back, ok := p.(smsir.CalledBack)
	if err != nil || !ok {
		http.Error(w, "There is no such path.", http.StatusNotFound)
		return callbackNoAddress, nil //nolint:nilerr // it is the answer
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCallback))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		http.Error(w, "This is too large.", http.StatusRequestEntityTooLarge)
		return callbackUnreadable, nil
	case err != nil:
		http.Error(w, "The body did not arrive whole.", http.StatusBadRequest)
		return callbackUnreadable, nil //nolint:nilerr // it is the answer
	}
	failpoint.Hit(failpoint.CallbackBefore)
	// The address is the configured one: Host and forwarding headers are the caller's to choose.
	told, err := back.Callback(r.Context(), smsir.CallbackRequest{
		Method: r.Method, URL: s.deps.Callbacks.public + r.URL.RequestURI(), Header: r.Header, Body: body,
	})
	switch smsir.CodeOf(err) {
	case smsir.CodeCallbackRefused:
		s.log.WarnContext(r.Context(), "a callback proves nothing and was refused", "provider", id.Format(smsir.PrefixProvider))
		status := http.StatusUnauthorized
		if told.Status == http.StatusServiceUnavailable { // the provider signs what it repeats
			w.Header().Set("Retry-After", "5")
			status = told.Status
		}
		http.Error(w, "This request does not prove where it comes from.", status)
		return callbackRefused, nil
	case smsir.CodeInvalid:
		s.log.WarnContext(r.Context(), "a callback cannot be read", "provider", id.Format(smsir.PrefixProvider), "error", err.Error())
		http.Error(w, "This request cannot be read.", http.StatusBadRequest)
		return callbackUnreadable, nil
	}
	if err == nil {
		err = s.storeCallback(r, id, told)
	}
	if err != nil {
		comeAgain(w)
		return callbackFailed, err
	}
	failpoint.Hit(failpoint.CallbackAfter)
	if told.Status == 0 {
		told.Status = http.StatusNoContent
	}
	if told.ContentType != "" {
		w.Header().Set("Content-Type", told.ContentType)
	}
	w.WriteHeader(told.Status)
	_, err = w.Write(told.Body)
	return callbackStored, err
}

// storeCallback hands over what a callback told, as the report of the provider whose address it came to.
func (s *Server) storeCallback(r *http.Request, provider smsir.UUID, told smsir.CallbackAnswer) error {
	for _, receipt := range told.Receipts {
		receipt.Provider = provider
		if err := s.deps.Sink.Receipt(r.Context(), receipt); err != nil {
			return err
		}
	}
	for _, in := range told.Inbound {
		in.Provider = provider
		if err := s.deps.Sink.Inbound(r.Context(), in); err != nil {
			return err
		}
	}
	return nil
}

// comeAgain answers a callback that is not stored.
func comeAgain(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "5")
	http.Error(w, "This could not be stored. Send it again later.", http.StatusServiceUnavailable)
}
