package httpd

import (
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"io/fs"
	"net/http"
	"sync"

	"github.com/smsir/smsir/api"
)

// The documentation is a page of ours that reads /openapi.json: nothing of it comes from elsewhere, and
// the policy of all pages holds for it too.
//
//go:embed docspage
var docsPage embed.FS

// docsSite is the page in memory, made once.
var docsSite = sync.OnceValue(func() *site {
	files, err := fs.Sub(docsPage, "docspage")
	if err != nil {
		panic("httpd: documentation: " + err.Error())
	}
	si := newSite(files, false)
	extra := docsExtra()
	si.files["extra.json"] = &siteFile{kind: jsonType, variants: []siteVariant{{body: extra, etag: siteETag(extra)}}}
	for _, f := range si.files {
		f.variants = append([]siteVariant{zipped(f.variants[0].body)}, f.variants...)
	}
	return si
})

// docsHandler serves /docs and what lies below it.
func (s *Server) docsHandler() http.Handler {
	return http.StripPrefix("/docs", s.serveSite(docsSite()))
}

// docsExtra is what the page shows beside the OpenAPI document: every code of a problem, and bodies that
// make better examples than what a schema alone gives.
func docsExtra() []byte {
	type problem struct {
		Code      string `json:"code"`
		Status    int    `json:"status"`
		Title     string `json:"title"`
		Fix       string `json:"fix"`
		Retryable bool   `json:"retryable"`
	}
	extra := struct {
		Problems []problem                  `json:"problems"`
		Bodies   map[string]json.RawMessage `json:"bodies"`
	}{Bodies: docsBodies()}
	for _, k := range api.Kinds() {
		extra.Problems = append(extra.Problems, problem{string(k.Code), k.Status, k.Title, k.Fix, k.Retryable})
	}
	b, err := json.Marshal(extra)
	if err != nil {
		panic("httpd: documentation: " + err.Error())
	}
	return b
}

// docsBodies are example bodies by operationId; a test holds them against the document.
func docsBodies() map[string]json.RawMessage {
	return map[string]json.RawMessage{
		"sendMessage":    json.RawMessage(`{"to":"+12025550100","text":"Your parcel has arrived.","client_ref":"order-1001"}`),
		"sendBatch":      json.RawMessage(`{"to":["+12025550100","+12025550101"],"text":"We close at noon today."}`),
		"previewMessage": json.RawMessage(`{"to":["+12025550100"],"text":"Your parcel has arrived."}`),
	}
}

// zipped compresses a file of the page, which has no build step of its own.
func zipped(body []byte) siteVariant {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	_, _ = z.Write(body)                                  // a buffer takes everything
	_ = z.Close()
	return siteVariant{encoding: "gzip", body: b.Bytes(), etag: siteETag(b.Bytes())}
}
