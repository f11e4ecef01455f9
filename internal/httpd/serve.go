package httpd

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path"
	"runtime/debug"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// serve takes one request from its first header to its last byte.
func (s *Server) serve(rw http.ResponseWriter, r *http.Request) {
	w := &recorder{ResponseWriter: rw}
	start := s.now()
	defer func() {
		if p := recover(); p != nil {
			if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(p)
			}
			s.log.ErrorContext(r.Context(), "request panicked", "route", w.route, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			if w.status == 0 {
				s.fail(w, r, fmt.Errorf("panic: %v", p))
			}
		}
		s.metrics.observe(r, w, s.now().Sub(start))
	}()
	s.setHeaders(w.Header(), r)
	switch {
	case isAPI(r.URL.Path):
		s.serveAPI(w, r)
		return
	case strings.HasPrefix(r.URL.Path, callbackRoot):
		s.serveCallback(w, r)
		return
	}
	s.serveWeb(w, r)
}

// isAPI tells the paths of the API from those of the web app.
func isAPI(p string) bool {
	switch p {
	case "/v1", "/openapi.json", "/healthz", "/readyz", "/metrics":
		return true
	}
	return strings.HasPrefix(p, "/v1/")
}

func (s *Server) serveAPI(w *recorder, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		// What was asked for happens and is answered, even to a caller who closed its half of the connection.
		r = r.WithContext(context.WithoutCancel(r.Context()))
	}
	maps.Copy(w.Header(), apiAnswer)
	if r.URL.Path != path.Clean(r.URL.Path) { // ServeMux would redirect; an API should not
		writeProblem(w, problem(smsir.CodeNotFound, "There is no such path.", nil))
		return
	}
	if err := s.gate(r); err != nil {
		s.fail(w, r, err)
		return
	}
	if err := s.checkOrigin(r); err != nil {
		s.fail(w, r, err)
		return
	}
	s.api.ServeHTTP(w, r)
}

// gate lets through what may be asked before the first person has registered.
func (s *Server) gate(r *http.Request) error {
	if r.URL.Path == "/healthz" || r.URL.Path == "/v1/auth/register" {
		return nil
	}
	ok, err := s.isClaimed(r)
	if err == nil && !ok {
		return smsir.Errorf(api.CodeSetupRequired, "Nobody has registered on this server yet.")
	}
	return err
}

// isClaimed reports whether somebody has registered, which never goes back.
func (s *Server) isClaimed(r *http.Request) (bool, error) {
	if s.claimed.Load() {
		return true, nil
	}
	ok, err := s.deps.Accounts.Claimed(r.Context())
	if ok {
		s.claimed.Store(true)
	}
	return ok, err
}

// serveWeb serves the documentation and the web app. Before the first person has registered every page
// leads to /setup.
func (s *Server) serveWeb(w *recorder, r *http.Request) {
	w.route = "web"
	if r.URL.Path != "/setup" && path.Ext(r.URL.Path) == "" {
		ok, err := s.isClaimed(r)
		switch {
		case err != nil:
			s.fail(w, r, err)
			return
		case !ok && (r.Method == http.MethodGet || r.Method == http.MethodHead):
			w.Header().Set("Cache-Control", "no-store")
			http.Redirect(w, r, "/setup", http.StatusSeeOther)
			return
		case !ok:
			s.fail(w, r, smsir.Errorf(api.CodeSetupRequired, "Nobody has registered on this server yet."))
			return
		}
	}
	if r.URL.Path == "/docs" || strings.HasPrefix(r.URL.Path, "/docs/") {
		s.docs.ServeHTTP(w, r)
		return
	}
	s.web.ServeHTTP(w, r)
}

// recorder notes the status of an answer, for the metrics and for panics.
type recorder struct {
	http.ResponseWriter
	status int
	route  string
}

// WriteHeader implements [http.ResponseWriter].
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements [http.ResponseWriter].
func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Flush implements [http.Flusher].
func (w *recorder) Flush() {
	if f, ok := w.ResponseWriter.(http.Flusher); ok {
		f.Flush()
	}
}

// Unwrap lets [http.ResponseController] reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// setRoute notes the route that answers, routeOf reads it.
func setRoute(w http.ResponseWriter, route string) {
	if rec, ok := w.(*recorder); ok {
		rec.route = route
	}
}

func routeOf(w http.ResponseWriter) string {
	if rec, ok := w.(*recorder); ok {
		return rec.route
	}
	return ""
}
