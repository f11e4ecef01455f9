package client

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/smsir/smsir/api"
)

// AuditQuery selects lines of the audit log. Zero fields select everything.
type AuditQuery struct {
	Actor    string // identifier of a user, an API key or an SMPP account
	Action   string // whole ("route.updated"), or its noun ("route")
	Target   string // identifier of an object
	Since    time.Time
	Until    time.Time
	Instance bool   // those of the server, for operators
	Cursor   string // of the page before
	Limit    int    // 1 to 200; 0 for the server's
}

// Audit returns a page of the audit log, newest first. It needs the log-in of an owner or admin: API keys cannot read it.
func (c *Client) Audit(ctx context.Context, q AuditQuery) (*api.AuditList, error) {
	v := url.Values{}
	for name, value := range map[string]string{"actor": q.Actor, "action": q.Action, "target": q.Target, "cursor": q.Cursor} {
		if value != "" {
			v.Set(name, value)
		}
	}
	for name, at := range map[string]time.Time{"since": q.Since, "until": q.Until} {
		if !at.IsZero() {
			v.Set(name, at.UTC().Format(time.RFC3339Nano))
		}
	}
	if q.Instance {
		v.Set("instance", "true")
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return get[api.AuditList](ctx, c, "/v1/audit", v)
}

const sendersPath = "/v1/senders"

// Senders lists the registered senders of the workspace; with usage, also how much each was used in the last 30 days.
func (c *Client) Senders(ctx context.Context, usage bool) (*api.SenderList, error) {
	v := url.Values{}
	if usage {
		v.Set("usage", "true")
	}
	return get[api.SenderList](ctx, c, sendersPath, v)
}

// CreateSender registers a sender (code "conflict" if the workspace has it already).
func (c *Client) CreateSender(ctx context.Context, s api.SenderCreate) (*api.Sender, error) {
	var out api.Sender
	err := c.do(ctx, &request{method: http.MethodPost, path: sendersPath, body: s}, &out)
	return value(&out, err)
}

// UpdateSender changes a sender; lists are replaced whole.
func (c *Client) UpdateSender(ctx context.Context, id string, s api.SenderUpdate) (*api.Sender, error) {
	var out api.Sender
	err := c.do(ctx, &request{method: http.MethodPatch, path: sendersPath + "/" + url.PathEscape(id), body: s}, &out)
	return value(&out, err)
}

// DeleteSender removes a sender. Messages that were accepted with it are sent.
func (c *Client) DeleteSender(ctx context.Context, id string) error {
	return c.do(ctx, &request{method: http.MethodDelete, path: sendersPath + "/" + url.PathEscape(id)}, nil)
}

const creditPath = "/v1/credit"

// Credit is how the credit of the workspace stands.
func (c *Client) Credit(ctx context.Context) (*api.Credit, error) {
	return get[api.Credit](ctx, c, creditPath, nil)
}

// SetCredit turns credit on or off. It needs the log-in of an owner or operator, with a recent password.
func (c *Client) SetCredit(ctx context.Context, s api.CreditSettings) (*api.Credit, error) {
	var out api.Credit
	err := c.do(ctx, &request{method: http.MethodPut, path: creditPath, body: s}, &out)
	return value(&out, err)
}

// AddCredit grants or corrects credit, as SetCredit may. With a key, a retry adds nothing and returns the entry of before; "" for
// no key.
func (c *Client) AddCredit(ctx context.Context, change api.CreditChange, key string) (*api.CreditEntry, error) {
	var out api.CreditEntry
	err := c.do(ctx, &request{method: http.MethodPost, path: creditPath + "/entries", body: change, key: key}, &out)
	return value(&out, err)
}

// CreditQuery selects entries of the credit ledger. Zero fields select everything.
type CreditQuery struct {
	Kind    string // of the entries; "by_hand" for grants and corrections
	Message string // identifier
	Since   time.Time
	Until   time.Time
	Cursor  string // of the page before
	Limit   int    // 1 to 200; 0 for the server's
}

// CreditEntries returns a page of the credit ledger, newest first.
func (c *Client) CreditEntries(ctx context.Context, q CreditQuery) (*api.CreditEntryList, error) {
	v := url.Values{}
	for name, value := range map[string]string{"kind": q.Kind, "message": q.Message, "cursor": q.Cursor} {
		if value != "" {
			v.Set(name, value)
		}
	}
	for name, at := range map[string]time.Time{"since": q.Since, "until": q.Until} {
		if !at.IsZero() {
			v.Set(name, at.UTC().Format(time.RFC3339Nano))
		}
	}
	if q.Limit > 0 {
		v.Set("limit", strconv.Itoa(q.Limit))
	}
	return get[api.CreditEntryList](ctx, c, creditPath+"/entries", v)
}

const retentionPath = "/v1/retention"

// Retention tells how long the workspace keeps texts and messages.
func (c *Client) Retention(ctx context.Context) (*api.Retention, error) {
	return get[api.Retention](ctx, c, retentionPath, nil)
}

// SetRetention changes that. It needs the log-in of an owner or admin. What is removed does not come back.
func (c *Client) SetRetention(ctx context.Context, r api.RetentionRule) (*api.Retention, error) {
	var out api.Retention
	err := c.do(ctx, &request{method: http.MethodPut, path: retentionPath, body: r}, &out)
	return value(&out, err)
}

// PreviewRetention tells how much a rule would remove now.
func (c *Client) PreviewRetention(ctx context.Context, r api.RetentionRule) (*api.RetentionEffect, error) {
	v := url.Values{"text_days": {strconv.Itoa(r.TextDays)}, "metadata_days": {strconv.Itoa(r.MetadataDays)}, "one_time_codes": {strconv.FormatBool(r.OneTimeCodes)}}
	return get[api.RetentionEffect](ctx, c, retentionPath+"/preview", v)
}
