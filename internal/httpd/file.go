package httpd

import (
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// csvType is that of tables for spreadsheets.
const csvType = "text/csv"

// handleUpload registers a route whose body is a file, which fn reads as it comes: route.Takes names the media types,
// route.MaxBody its size.
func handleUpload[In, Out any](b *builder, r route, fn func(c *call, in *In, file io.Reader) (*Out, error)) {
	if r.Status == 0 {
		r.Status = http.StatusOK
	}
	plan := planInput(reflect.TypeFor[In]())
	b.add(r, plan, b.doc.schema(reflect.TypeFor[Out]()), func(c *call) error {
		in := new(In)
		if err := plan.read(c, reflect.ValueOf(in).Elem()); err != nil {
			return err
		}
		out, err := fn(c, in, fileReader{c})
		if err != nil {
			return err
		}
		c.note(&r)
		return c.answer(r.Status, out)
	})
}

// fileReader reads the body of an upload; its errors are those of every body.
type fileReader struct{ c *call }

// Read implements io.Reader.
func (f fileReader) Read(p []byte) (int, error) {
	n, err := f.c.r.Body.Read(p)
	if err != nil && err != io.EOF { //nolint:errorlint // a reader returns io.EOF itself
		err = bodyError(err)
	}
	return n, err
}

// checkFileType refuses a file of another kind than the route takes.
func (r *route) checkFileType(req *http.Request) error {
	kind, _, err := mime.ParseMediaType(req.Header.Get("Content-Type"))
	if err != nil || req.Header.Get("Content-Encoding") != "" || !slices.Contains(r.Takes, kind) {
		return smsir.Errorf(api.CodeMediaType, "Content-Type must be one of: %s.", strings.Join(r.Takes, ", "))
	}
	return nil
}

// handleDownload registers a route whose answer is a file. fn writes it as it goes: before the first byte it may fail
// with a problem like any other; after it, the connection is cut, so that half a file is not taken for a whole one.
func handleDownload[In any](b *builder, r route, name string, fn func(c *call, in *In, file io.Writer) error) {
	r.Status = http.StatusOK
	plan := planInput(reflect.TypeFor[In]())
	b.add(r, plan, nil, func(c *call) error {
		in := new(In)
		if err := plan.read(c, reflect.ValueOf(in).Elem()); err != nil {
			return err
		}
		file := &download{c: c, kind: r.Gives, name: name}
		err := fn(c, in, file)
		switch {
		case !file.begun && err != nil:
			return err
		case err != nil:
			c.s.log.WarnContext(c.ctx(), "a download was cut off", "route", r.Path, "err", err)
			panic(http.ErrAbortHandler)
		}
		file.begin()
		return nil
	})
}

// download writes a file to the caller.
type download struct {
	c          *call
	kind, name string
	begun      bool
}

func (d *download) begin() {
	if d.begun {
		return
	}
	d.begun = true
	kind := d.kind
	if strings.HasPrefix(kind, "text/") {
		kind += "; charset=utf-8"
	}
	h := d.c.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": d.name}))
	d.c.w.WriteHeader(http.StatusOK)
}

// Write implements io.Writer.
func (d *download) Write(p []byte) (int, error) {
	d.begin()
	return d.c.w.Write(p)
}
