package httpd

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"sync"
)

// minCompressed is from how many bytes an answer is worth compressing: a smaller one fits the first packet anyway.
const minCompressed = 1200

// zippers are used again: each holds 800 kB of tables. The fastest level makes an answer ten times smaller, because lists
// repeat the names of their fields; the next ones gain a tenth of that for twice the time.
var zippers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // the level is valid
	return z
}}

// mayCompress reports whether the answer of a request may be compressed: reads only, for the app's own pages and for programs.
//
// The length of a compressed body tells a listener whether two of its parts are alike (BREACH). What a write answers may be a new
// secret, and what the page of another site makes a browser ask is asked as often as that site likes: both are never compressed.
func mayCompress(r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin":
		return true
	}
	return false
}

// writeRead writes the answer of a read, compressed where the caller takes it and it is worth it.
func writeRead(w http.ResponseWriter, r *http.Request, status int, kind string, body []byte) {
	if !mayCompress(r) || len(body) < minCompressed || !acceptsEncoding(r.Header.Values("Accept-Encoding"), "gzip") {
		writeBody(w, status, kind, body)
		return
	}
	buf, _ := buffers.Get().(*bytes.Buffer)
	defer recycle(buf)
	z, _ := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	z.Reset(buf)
	_, _ = z.Write(body) // a buffer takes everything
	_ = z.Close()
	w.Header().Set("Content-Encoding", "gzip")
	writeBody(w, status, kind, buf.Bytes())
}
