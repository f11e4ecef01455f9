package httpd

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/accept"
	"github.com/smsir/smsir/internal/failpoint"
	"github.com/smsir/smsir/internal/sheet"
)

// registerSend registers what makes messages.
func (s *Server) registerSend(b *builder) {
	idempotent := "With an `Idempotency-Key` a retry gets the stored answer and nothing is sent twice; the key is kept for three days."
	handleRaw[sendInput, api.Message](b, route{
		Method: "POST", Path: "/v1/messages", ID: "sendMessage", Tag: "Messages", Status: 202, Limited: true, Errors: []int{409},
		Summary: "Send one text to one recipient", Text: "202 means: on disk. " + idempotent,
	}, s.sendMessage)
	handleRaw[batchInput, api.BatchResult](b, route{
		Method: "POST", Path: "/v1/batches", ID: "sendBatch", Tag: "Messages", Status: 202, Limited: true, MaxBody: batchMaxBody, Errors: []int{409},
		Summary: "Send to up to 1,000 recipients, one text or one text each",
		Text:    "Everything is accepted in one step or nothing. Rows with the same recipient and text are merged and reported. " + idempotent,
	}, s.sendBatch)
	handleRaw[resendInput, api.Message](b, route{
		Method: "POST", Path: "/v1/messages/{id}/resend", ID: "resendMessage", Tag: "Messages", Status: 202, Limited: true, Errors: []int{409},
		Summary: "Send a message again, as a new one", Text: "The new message names the old one in `resend_of`. " + idempotent,
	}, s.resendMessage)
	handle(b, route{
		Method: "POST", Path: "/v1/messages/preview", ID: "previewMessage", Tag: "Messages", MaxBody: 256 << 10,
		Summary: "What a send would be: encoding, segments, numbers, problems", Text: "Nothing is stored.",
	}, s.preview)
	handleUpload(b, route{
		Method: "POST", Path: "/v1/messages/recipients", ID: "readRecipients", Tag: "Messages", Takes: []string{sheet.CSV, sheet.TSV, sheet.XLSX}, MaxBody: batchMaxBody,
		Summary: "Read a table of recipients for a send",
		Text: "Nothing is stored. CSV with commas, semicolons or tabs, or a workbook, as /v1/campaigns/{id}/recipients takes it, of at most 1,000 numbers. " +
			"Every row without a number is named. A longer table belongs to a campaign.",
	}, s.readRecipients)
}

type sendInput struct {
	Key  string `header:"Idempotency-Key" doc:"1 to 255 printable ASCII characters: makes a retry safe." example:"5f0c8e0a-7c1e"`
	Body api.SendRequest
}

type batchInput struct {
	Key  string `header:"Idempotency-Key" doc:"1 to 255 printable ASCII characters: makes a retry safe." example:"5f0c8e0a-7c1e"`
	Body api.BatchRequest
}

type resendInput struct {
	ID   string `path:"id" doc:"Identifier of the message." example:"msg_0g5t3v2k9qw1a"`
	Key  string `header:"Idempotency-Key" doc:"1 to 255 printable ASCII characters: makes a retry safe." example:"5f0c8e0a-7c1e"`
	Body *api.ResendRequest
}

func (s *Server) sendMessage(c *call, in *sendInput) (raw, error) {
	r, err := requestOf(&in.Body.Options)
	if err != nil {
		return raw{}, err
	}
	r.To, r.Text, r.ClientRef = in.Body.To, in.Body.Text, in.Body.ClientRef
	return s.send(c, in.Key, &in.Body, r)
}

func (s *Server) resendMessage(c *call, in *resendInput) (raw, error) {
	id, err := parseID(smsir.PrefixMessage, in.ID)
	if err != nil {
		return raw{}, err
	}
	old, err := s.deps.Store.Message(c.ctx(), c.p.Workspace.ID, id)
	if err != nil {
		return raw{}, err
	}
	if !old.TextRemovedAt.IsZero() {
		return raw{}, smsir.Errorf(smsir.CodeConflict, "The text of this message was removed. Write it anew.")
	}
	body := in.Body
	if body == nil {
		body = &api.ResendRequest{}
	}
	// The text went through smart encoding when it was first accepted; it is sent again as it was.
	asItWas := false
	r := accept.Request{
		To: old.To, Text: old.Text, From: old.From, Class: old.Class, OnUnknown: &old.OnUnknown, Tags: old.Tags,
		Metadata: old.Metadata, Smart: &asItWas, ResendOf: old.ID, Hold: time.Duration(body.HoldSeconds) * time.Second,
	}
	if r.Provider, err = providerOption(body.Provider); err != nil {
		return raw{}, err
	}
	return s.send(c, in.Key, body, r)
}

// requestOf is what single sends and batches ask for alike.
func requestOf(o *api.Options) (accept.Request, error) {
	class, _ := smsir.ParseClass(o.Class) // one of its words, as the tags demand
	r := accept.Request{
		From: o.From, Class: class, SendAt: timeOf(o.SendAt), Hold: time.Duration(o.HoldSeconds) * time.Second,
		Validity: time.Duration(o.ValiditySeconds) * time.Second, Tags: o.Tags, Metadata: o.Metadata, Smart: o.Smart,
		OrderingKey: o.OrderingKey,
	}
	if o.OnUnknown != "" {
		policy, _ := smsir.ParseOnUnknown(o.OnUnknown)
		r.OnUnknown = &policy
	}
	var err error
	r.Provider, err = providerOption(o.Provider)
	return r, err
}

func providerOption(id string) (smsir.UUID, error) {
	if id == "" {
		return smsir.UUID{}, nil
	}
	u, err := smsir.ParseUUID(smsir.PrefixProvider, id)
	if err != nil {
		return u, invalid("provider", "provider_unknown", "This is not the identifier of a provider: it looks like prv_ and 26 letters and digits.")
	}
	return u, nil
}

// send takes one message through stage 1. body is what the idempotency key is bound to.
func (s *Server) send(c *call, key string, body any, r accept.Request) (raw, error) {
	return s.order(c, key, body, accept.Order{Requests: []accept.Request{r}}, func(res *accept.Result) (any, error) {
		names, err := s.names.of(c.ctx(), c.p.Workspace.ID, res.Messages)
		if err != nil {
			return nil, err
		}
		m := api.MessageOf(res.Messages[0], names)
		return &m, nil
	})
}

func (s *Server) sendBatch(c *call, in *batchInput) (raw, error) {
	o, err := batchOrder(&in.Body)
	if err != nil {
		return raw{}, err
	}
	if n := len(o.Requests); n > 1 { // the route has counted one
		if err := s.limits.take(c.w.Header(), c.p.Actor.ID, c.now, n-1); err != nil {
			return raw{}, err
		}
	}
	out, err := s.order(c, in.Key, &in.Body, o, func(res *accept.Result) (any, error) {
		names, err := s.names.of(c.ctx(), c.p.Workspace.ID, res.Messages)
		if err != nil {
			return nil, err
		}
		return batchResultOf(res, names), nil
	})
	var rows *accept.InvalidError
	if errors.As(err, &rows) {
		return raw{}, &invalidError{rowFaults(rows.Problems, func(i int, field string) string { return rowField(&in.Body, i, field) })}
	}
	return out, err
}

// rowField names the field of a batch in which row i has a problem.
func rowField(b *api.BatchRequest, i int, field string) string {
	switch field {
	case "to":
		if len(b.Messages) == 0 && len(b.To) > 0 {
			return fmt.Sprintf("to[%d]", i)
		}
	case "text":
		if i >= len(b.Messages) || b.Messages[i].Text == "" {
			return "text"
		}
	case "client_ref", "metadata", "send_at":
		if i >= len(b.Messages) {
			return field
		}
	default:
		return field
	}
	if i < len(b.Messages) {
		return fmt.Sprintf("messages[%d].%s", i, field)
	}
	return field
}

// batchOrder makes the rows of a batch.
func batchOrder(b *api.BatchRequest) (accept.Order, error) {
	o := accept.Order{Batch: true, SkipInvalid: b.OnInvalid == "skip"}
	switch {
	case len(b.To) > 0 && len(b.Messages) > 0:
		return o, invalid("messages", "not_together", "Give to with one text, or messages with one text each, not both.")
	case len(b.To) == 0 && len(b.Messages) == 0:
		return o, invalid("to", faultRequired, "Give to with one text, or messages with one text each.")
	}
	base, err := requestOf(&b.Options)
	if err != nil {
		return o, err
	}
	base.Text = b.Text
	o.Requests = make([]accept.Request, 0, max(len(b.To), len(b.Messages)))
	for _, to := range b.To {
		r := base
		r.To = to
		o.Requests = append(o.Requests, r)
	}
	for i := range b.Messages {
		m, r := &b.Messages[i], base
		r.To, r.ClientRef = m.To, m.ClientRef
		if m.Text != "" {
			r.Text = m.Text
		}
		if m.SendAt != nil {
			r.SendAt, r.Hold = timeOf(m.SendAt), 0 // a later message needs no undo window
		}
		if len(m.Metadata) > 0 {
			merged := maps.Clone(base.Metadata)
			if merged == nil {
				merged = make(map[string]string, len(m.Metadata))
			}
			maps.Copy(merged, m.Metadata)
			r.Metadata = merged
		}
		o.Requests = append(o.Requests, r)
	}
	return o, nil
}

func batchResultOf(res *accept.Result, names api.Names) *api.BatchResult {
	out := &api.BatchResult{
		BatchID: res.Batch.Format(smsir.PrefixBatch), Messages: api.MessagesOf(res.Messages, names),
		Duplicates: make([]api.BatchDuplicate, len(res.Duplicates)), Skipped: make([]api.BatchSkipped, len(res.Skipped)),
	}
	for i, d := range res.Duplicates {
		out.Duplicates[i] = api.BatchDuplicate{Index: d.Index, Of: d.Of, To: d.To}
	}
	for i, k := range res.Skipped {
		out.Skipped[i] = api.BatchSkipped{Index: k.Index, To: k.To, Field: k.Problem.Field, Code: k.Problem.Code, Detail: k.Problem.Text}
	}
	return out
}

// order takes an order through stage 1 and answers with what was rendered before the commit, or with
// what an earlier request with the same key got.
func (s *Server) order(c *call, key string, body any, o accept.Order, render func(*accept.Result) (any, error)) (raw, error) {
	var err error
	if o.Idempotency, err = c.idempotency(key, body); err != nil {
		return raw{}, err
	}
	o.Workspace, o.Actor = c.p.Workspace, c.p.Actor
	o.Render = func(res *accept.Result) (int, []byte, error) {
		v, err := render(res)
		if err != nil {
			return 0, nil, err
		}
		b, err := appendJSON(v)
		return 202, b, err
	}
	res, err := s.deps.Accept.Send(c.ctx(), o)
	if err != nil {
		return raw{}, err
	}
	failpoint.Hit(failpoint.AnswerBefore)
	if res.Replayed {
		c.w.Header().Set("Idempotent-Replayed", "true")
	}
	return raw{Status: res.Status, Body: res.Body}, nil
}

// idempotency binds a key to this very request: method, path and the body as it was understood.
func (c *call) idempotency(key string, body any) (*accept.Key, error) {
	if _, sent := c.r.Header["Idempotency-Key"]; !sent {
		return nil, nil
	}
	if !printable(key) {
		return nil, invalid("header.Idempotency-Key", faultFormat, "An Idempotency-Key has 1 to 255 printable ASCII characters, of which one is not a space.")
	}
	canonical, err := json.Marshal(body)
	if err != nil {
		return nil, fmt.Errorf("canonical body: %w", err)
	}
	h := sha256.New()
	h.Write([]byte(c.r.Method + " " + c.r.URL.Path + "\n"))
	h.Write(canonical)
	k := &accept.Key{Scope: c.r.Method + " " + c.r.URL.Path, Key: key}
	h.Sum(k.Fingerprint[:0])
	return k, nil
}

// printable reports whether s is a proper Idempotency-Key.
func printable(s string) bool {
	if len(s) == 0 || len(s) > 255 {
		return false
	}
	visible := false
	for i := range len(s) {
		if s[i] < 0x20 || s[i] > 0x7e {
			return false
		}
		visible = visible || s[i] != ' '
	}
	return visible
}
