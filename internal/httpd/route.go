package httpd

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// route describes one operation of the API.
type route struct {
	Method, Path string
	ID           string // operationId
	Tag          string
	Summary      string
	Text         string   // further description, CommonMark
	Status       int      // of success; 0: 200, or 204 without an answer
	Errors       []int    // statuses beside those that every such route has
	MaxBody      int64    // bytes; 0: defaultMaxBody
	Limited      bool     // counts against the caller's send rate
	ETag         bool     // answers If-None-Match with 304
	Takes        []string // media types of a body that is a file, not JSON
	Gives        string   // media type of an answer that is a file, not JSON
	Audit        string   // action that the door notes after success, of what no step of the store notes; see audit.go
}

const (
	defaultMaxBody = 64 << 10
	batchMaxBody   = 4 << 20
)

func (r *route) pattern() string { return r.Method + " " + r.Path }

// none is the answer of a route that answers 204.
type none struct{}

// raw is an answer that was rendered already.
type raw struct {
	Status int
	Body   []byte
}

// builder registers routes with the router and the OpenAPI document at once, so that they agree.
type builder struct {
	s      *Server
	mux    *http.ServeMux
	doc    *document
	routes []registered
}

// registered is a route as the tests see it.
type registered struct {
	route
	access access
}

// handle registers a route whose answer is a JSON value of type Out (or 204 for none).
func handle[In, Out any](b *builder, r route, fn func(*call, *In) (*Out, error)) {
	empty := reflect.TypeFor[Out]() == reflect.TypeFor[none]()
	if r.Status == 0 {
		r.Status = http.StatusOK
		if empty {
			r.Status = http.StatusNoContent
		}
	}
	var schema *huma.Schema
	if !empty {
		schema = b.doc.schema(reflect.TypeFor[Out]())
	}
	plan := planInput(reflect.TypeFor[In]())
	b.add(r, plan, schema, func(c *call) error {
		in := new(In)
		if err := plan.read(c, reflect.ValueOf(in).Elem()); err != nil {
			return err
		}
		out, err := fn(c, in)
		if err == nil {
			c.note(&r)
		}
		switch {
		case err != nil:
			return err
		case empty:
			c.w.WriteHeader(r.Status)
			return nil
		}
		return c.answer(r.Status, out)
	})
}

// handleRaw registers a route whose handler renders its answer itself; the document shows it as Out.
func handleRaw[In, Out any](b *builder, r route, fn func(*call, *In) (raw, error)) {
	plan := planInput(reflect.TypeFor[In]())
	b.add(r, plan, b.doc.schema(reflect.TypeFor[Out]()), func(c *call) error {
		in := new(In)
		if err := plan.read(c, reflect.ValueOf(in).Elem()); err != nil {
			return err
		}
		out, err := fn(c, in)
		if err != nil {
			return err
		}
		c.note(&r)
		c.write(out.Status, jsonType, out.Body)
		return nil
	})
}

// add registers a route by its parts.
func (b *builder) add(r route, plan *inputPlan, success *huma.Schema, run func(*call) error) {
	acc, ok := accessTable()[r.pattern()]
	if !ok {
		panic("httpd: no line in the access table for " + r.pattern())
	}
	if r.MaxBody == 0 {
		r.MaxBody = defaultMaxBody
	}
	b.routes = append(b.routes, registered{r, acc})
	b.doc.add(&r, acc, plan, success)
	hasBody := plan.body != nil || r.Takes != nil
	s, changes := b.s, changesAccess(r.pattern())
	b.mux.HandleFunc(r.pattern(), func(w http.ResponseWriter, req *http.Request) {
		setRoute(w, r.Path)
		c := &call{s: s, w: w, r: req, now: s.now()}
		err := c.admit(acc, hasBody, &r)
		if err == nil {
			err = run(c)
			if err == nil && changes && c.p != nil {
				s.streams.changed(c.p)
			}
		}
		if err != nil {
			s.fail(w, req, err)
		}
	})
}
