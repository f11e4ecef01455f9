package httpd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"mime"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/account"
)

const (
	jsonType    = "application/json"
	problemType = "application/problem+json"
)

// call is one request on its way through a route.
type call struct {
	s    *Server
	w    http.ResponseWriter
	r    *http.Request
	p    *account.Principal // nil on a route for anybody
	now  time.Time
	etag bool
	told noted // for the audit log
}

func (c *call) ctx() context.Context { return c.r.Context() }

// peer is where the call comes from.
func (c *call) peer() account.Peer {
	agent := c.r.UserAgent()
	if len(agent) > 256 {
		agent = strings.ToValidUTF8(agent[:256], "")
	}
	return account.Peer{IP: c.s.clientIP(c.r), UserAgent: agent}
}

// admit lets the call in, or says why not: media type, credential, permission, rate.
func (c *call) admit(acc access, hasBody bool, r *route) error {
	c.etag = r.ETag
	if acc.who != newcomer && acc.who != anybody {
		p, err := c.s.authenticate(c.r)
		if err != nil {
			return err
		}
		c.p = p
	}
	switch acc.who {
	case newcomer, anybody, principal:
	case person:
		if c.p.IsKey() {
			return smsir.Errorf(api.CodeForbidden, "This is for people; an API key cannot do it.")
		}
	case permitted:
		if err := c.p.Require(acc.perm); err != nil {
			return err
		}
	default:
		return smsir.Errorf(api.CodeForbidden, "Nobody may call this.")
	}
	if r.Limited {
		if err := c.s.limits.take(c.w.Header(), c.p.Actor.ID, c.now, 1); err != nil {
			return err
		}
	}
	if hasBody {
		check := checkMediaType
		if r.Takes != nil {
			check = r.checkFileType
		}
		if err := check(c.r); err != nil {
			return err
		}
		if c.r.ContentLength > r.MaxBody {
			return tooLarge(r.MaxBody)
		}
		c.r.Body = http.MaxBytesReader(c.w, c.r.Body, r.MaxBody)
	}
	return nil
}

// checkMediaType refuses a body that is not JSON in UTF-8.
func checkMediaType(r *http.Request) error {
	if r.Header.Get("Content-Encoding") != "" {
		return smsir.Errorf(api.CodeMediaType, "A body with Content-Encoding is not accepted. Send it plain.")
	}
	switch r.Header.Get("Content-Type") {
	case jsonType, "application/json; charset=utf-8":
		return nil
	case "":
		if r.ContentLength == 0 {
			return nil // no body: the route says whether it needs one
		}
		return smsir.Errorf(api.CodeMediaType, "Content-Type is missing.")
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != jsonType {
		return smsir.Errorf(api.CodeMediaType, "Content-Type must be application/json.")
	}
	if charset, ok := params["charset"]; ok && !strings.EqualFold(charset, "utf-8") {
		return smsir.Errorf(api.CodeMalformed, "JSON is UTF-8; another charset is not accepted.")
	}
	return nil
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// recycle gives a buffer back unless it has grown large.
func recycle(b *bytes.Buffer) {
	if b.Cap() <= 256<<10 {
		b.Reset()
		buffers.Put(b)
	}
}

// readBody reads the whole body into buf.
func (c *call) readBody(buf *bytes.Buffer) error {
	if _, err := buf.ReadFrom(c.r.Body); err != nil {
		return bodyError(err)
	}
	return nil
}

// bodyError tells why a body could not be read.
func bodyError(err error) error {
	var tooBig *http.MaxBytesError
	switch {
	case errors.As(err, &tooBig):
		return tooLarge(tooBig.Limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return smsir.Errorf(api.CodeRequestTimeout, "The body did not arrive in time.")
	}
	return smsir.Errorf(api.CodeMalformed, "The body ended early or its framing is wrong.")
}

func tooLarge(limit int64) error {
	return smsir.Errorf(api.CodeTooLarge, "The body is larger than %d bytes.", limit)
}

// answer writes a value as JSON.
func (c *call) answer(status int, v any) error {
	buf, _ := buffers.Get().(*bytes.Buffer)
	defer recycle(buf)
	if err := encodeJSON(buf, v); err != nil {
		return fmt.Errorf("render answer: %w", err)
	}
	c.write(status, jsonType, buf.Bytes())
	return nil
}

// write writes a rendered answer, or 304 when the caller has it already.
func (c *call) write(status int, kind string, body []byte) {
	h := c.w.Header()
	if mayCompress(c.r) {
		h.Add("Vary", "Accept-Encoding")
	}
	if c.etag && status == http.StatusOK {
		tag := etagOf(body)
		h.Set("ETag", tag)
		if matches(c.r.Header.Get("If-None-Match"), tag) {
			c.w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	writeRead(c.w, c.r, status, kind, body)
}

func writeBody(w http.ResponseWriter, status int, kind string, body []byte) {
	h, is := w.Header(), [...]string{kind, strconv.Itoa(len(body))}
	h["Content-Type"], h["Content-Length"] = is[:1:1], is[1:]
	w.WriteHeader(status)
	_, _ = w.Write(body) // a caller that went away is no error of ours
}

// encodeJSON writes v as one line of JSON, without the escapes that only HTML needs.
func encodeJSON(buf *bytes.Buffer, v any) error {
	if m, ok := v.(*api.Message); ok {
		b, err := api.AppendMessage(buf.AvailableBuffer(), m)
		buf.Write(append(b, '\n'))
		return err
	}
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// etagOf is a weak validator: same bytes, same tag.
func etagOf(body []byte) string {
	h := fnv.New64a()
	_, _ = h.Write(body) // never fails
	return `W/"` + strconv.FormatUint(h.Sum64(), 36) + `"`
}

// matches reports whether an If-None-Match header names tag.
func matches(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.TrimPrefix(one, "W/") == strings.TrimPrefix(tag, "W/") {
			return header != ""
		}
	}
	return false
}

// appendJSON is encodeJSON into a slice of its own.
func appendJSON(v any) ([]byte, error) {
	buf, _ := buffers.Get().(*bytes.Buffer)
	defer recycle(buf)
	if err := encodeJSON(buf, v); err != nil {
		return nil, err
	}
	return bytes.Clone(buf.Bytes()), nil
}
