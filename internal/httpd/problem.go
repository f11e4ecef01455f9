package httpd

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/account"
)

// fail answers with the problem behind err. It is the one place where an error becomes an answer.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		panic(http.ErrAbortHandler) // the caller went away; an implicit 200 would be a lie to one who still listens
	}
	p := problemOf(err)
	h := w.Header()
	switch smsir.Code(p.Code) {
	case api.CodeInternal:
		p.Instance = smsir.NewUUID(s.now()).Format("err")
		s.log.ErrorContext(r.Context(), "request failed", "error_id", p.Instance, "method", r.Method, "route", routeOf(w), "error", err.Error())
	case api.CodeUnauthenticated:
		h.Set("WWW-Authenticate", `Bearer realm="SMSir"`)
	case smsir.CodeInFlight:
		h.Set("Retry-After", "1")
	case smsir.CodeStorageDown, smsir.CodeCommitUnknown, smsir.CodeQueueFull, smsir.CodeStorageFull, api.CodeStopping:
		h.Set("Retry-After", "5")
	}
	if wait := waitOf(err); wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	}
	if p.Status >= http.StatusInternalServerError && p.Instance == "" {
		s.log.LogAttrs(r.Context(), slog.LevelWarn, "request refused", slog.String("code", p.Code), slog.String("route", routeOf(w)), slog.String("error", err.Error()))
	}
	writeProblem(w, p)
}

func writeProblem(w http.ResponseWriter, p *api.Problem) {
	buf, _ := buffers.Get().(*bytes.Buffer)
	defer recycle(buf)
	if err := encodeJSON(buf, p); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Del("ETag")
	writeBody(w, p.Status, problemType, buf.Bytes())
}

// problemOf tells an error to the outside: what a person or program can act on, and nothing of what
// stays inside.
func problemOf(err error) *api.Problem {
	var invalid *invalidError
	if errors.As(err, &invalid) {
		return problem(smsir.CodeInvalid, invalid.Error(), invalid.faults)
	}
	var rows *accept.InvalidError
	if errors.As(err, &rows) {
		return problem(smsir.CodeInvalid, "", rowFaults(rows.Problems, nil))
	}
	var late *tooLateError
	if errors.As(err, &late) {
		p := problem(smsir.CodeTooLate, late.Error(), nil)
		p.Message = &late.message
		return p
	}
	var e *smsir.Error
	if !errors.As(err, &e) {
		return problem(api.CodeInternal, "", nil)
	}
	switch {
	case e.Code == smsir.CodeNotFound:
		// One text for whatever is not there, so that nothing tells the missing from the forbidden.
		return problem(e.Code, "There is nothing with this identifier in this workspace.", nil)
	case api.KindOf(e.Code).Code != e.Code || e.Code == api.CodeInternal:
		return problem(api.CodeInternal, "", nil)
	case e.Field != "":
		return problem(e.Code, e.Text, []api.FieldError{{Field: e.Field, Code: string(e.Code), Detail: e.Text}})
	}
	return problem(e.Code, e.Text, nil)
}

func problem(code smsir.Code, detail string, faults []api.FieldError) *api.Problem {
	k := api.KindOf(code)
	if detail == "" && len(faults) > 0 {
		detail = faults[0].Detail
	}
	return &api.Problem{
		Type: "/docs#problem-" + string(k.Code), Title: k.Title, Status: k.Status, Detail: detail,
		Code: string(k.Code), Errors: faults, Fix: k.Fix, Retryable: k.Retryable,
	}
}

// rowFaults names the fields of a request in which stage 1 found problems; name makes the field of
// row i, nil for a request of one row.
func rowFaults(problems []accept.Problem, name func(i int, field string) string) []api.FieldError {
	faults := make([]api.FieldError, 0, min(len(problems), maxFaults))
	for _, p := range problems {
		if len(faults) == maxFaults {
			break
		}
		field := p.Field
		if name != nil {
			field = name(p.Index, field)
		}
		faults = append(faults, api.FieldError{Field: field, Code: p.Code, Detail: p.Text})
	}
	return faults
}

// waitOf is how long an error asks to wait.
func waitOf(err error) time.Duration {
	var limited *limitedError
	if errors.As(err, &limited) {
		return limited.wait
	}
	var full *accept.LimitError
	if errors.As(err, &full) {
		return time.Until(full.Until)
	}
	return account.RetryAfter(err)
}

// tooLateError is a cancel that came too late.
type tooLateError struct{ message api.Message }

func (e *tooLateError) Error() string {
	if e.message.Final {
		return "The message has ended already: " + e.message.Status + "."
	}
	return "A provider has the message already: " + e.message.Status + "."
}

// noRoute answers for a path or method that the API does not have.
func (s *Server) noRoute(w http.ResponseWriter, r *http.Request) {
	var allow []byte
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := s.api.Handler(probe); pattern != "/" && pattern != "" {
			if len(allow) > 0 {
				allow = append(allow, ", "...)
			}
			allow = append(allow, method...)
		}
	}
	if len(allow) > 0 {
		w.Header().Set("Allow", string(allow))
		s.fail(w, r, smsir.Errorf(api.CodeMethodNotAllowed, "This path takes %s.", allow))
		return
	}
	writeProblem(w, problem(smsir.CodeNotFound, "There is no such path.", nil))
}
