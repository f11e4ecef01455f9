// Package client is clients of a gateway that comes and goes: they send of every kind, cancel, repeat and come in crowds, and
// write down each request before it leaves and each answer when it is there.
//
// It is in charge of load and of the client's side of the evidence (package oracle reads its ledger), and of noticing answers
// that no client should get. It is not in charge of the gateway's life, and shares no code with the product's own client:
// what it proves must not rest on that.
//
// What it guarantees on failure: a request without an entry in the ledger never left. A good client repeats with the same
// key until it is answered; a bad one takes a new key; one without a key does not repeat.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// Patience is how long a client waits for something that must happen before it calls it a failure. It is no measure of how
// fast anything is.
const Patience = time.Minute

// Site is where a gateway is, while it is there, and the credential that outlives its runs. Safe for concurrent use.
type Site struct {
	token string

	mu   sync.Mutex
	conn *Conn
	isUp bool
	back chan struct{} // closed when it comes up
}

// NewSite returns a site that is down.
func NewSite(token string) *Site { return &Site{token: token, back: make(chan struct{})} }

// Up says that the gateway answers at an address, such as http://127.0.0.1:8080.
func (s *Site) Up(url string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conn = NewConn(url, s.token)
	if !s.isUp {
		close(s.back)
	}
	s.isUp = true
}

// Down says that it is about to go.
func (s *Site) Down() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isUp { // else those who wait go on waiting
		s.isUp, s.back = false, make(chan struct{})
	}
}

// Conn waits until the gateway is up; nil when ctx ends first.
func (s *Site) Conn(ctx context.Context) *Conn {
	for {
		s.mu.Lock()
		c, back, isUp := s.conn, s.back, s.isUp
		s.mu.Unlock()
		if isUp {
			return c
		}
		select {
		case <-back:
		case <-ctx.Done():
			return nil
		}
	}
}

// Conn speaks to one run of a gateway.
type Conn struct {
	http  *http.Client
	url   string
	token string
}

// NewConn returns a connection to the gateway at url, with a bearer token ("" for none).
func NewConn(url, token string) *Conn {
	return &Conn{url: url, token: token, http: &http.Client{
		Timeout:       Patience,
		Transport:     &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// URL is the address of the gateway.
func (c *Conn) URL() string { return c.url }

// Answer is an answer, read to its end.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do sends a request once; body is a JSON value or nil, headers come in pairs.
func (c *Conn) Do(ctx context.Context, method, path string, body any, headers ...string) (*Answer, error) {
	var content io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		content = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, content)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	req.GetBody = nil // what is sent twice is sent twice by us, not by the transport
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	a := &Answer{Status: resp.StatusCode, Header: resp.Header}
	a.Body, err = io.ReadAll(resp.Body)
	return a, err
}

// Call sends a request that must be answered with a status, and reads the answer into out, if out is not nil.
func (c *Conn) Call(ctx context.Context, method, path string, body any, want int, out any) error {
	a, err := c.Do(ctx, method, path, body)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if a.Status != want {
		return fmt.Errorf("%s %s: status %d, want %d: %.300s", method, path, a.Status, want, a.Body)
	}
	if out == nil || len(a.Body) == 0 {
		return nil
	}
	if err := json.Unmarshal(a.Body, out); err != nil {
		return fmt.Errorf("%s %s: %w in %.300s", method, path, err, a.Body)
	}
	return nil
}

// Rest waits, or returns false when ctx ends first.
func Rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
