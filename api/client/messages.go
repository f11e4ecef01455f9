package client

import (
	"context"
	"crypto/rand"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/smsir/smsir/api"
)

// Register opens an account and logs in: from now on the client acts for that person. The first person of a
// gateway gives the setup code that the server has printed.
func (c *Client) Register(ctx context.Context, r api.RegisterRequest) (*api.Login, error) {
	r.Client = "app"
	return c.enter(ctx, "/v1/auth/register", r)
}

// Login logs in: from now on the client acts for that person.
func (c *Client) Login(ctx context.Context, email, password string) (*api.Login, error) {
	return c.enter(ctx, "/v1/auth/login", api.LoginRequest{Email: email, Password: password, Client: "app"})
}

func (c *Client) enter(ctx context.Context, path string, body any) (*api.Login, error) {
	var in api.Login
	if err := c.do(ctx, &request{method: http.MethodPost, path: path, body: body, secret: true}, &in); err != nil {
		return nil, err
	}
	c.credential.Store(&in.Token)
	return &in, nil
}

// Me tells who the client acts for.
func (c *Client) Me(ctx context.Context) (*api.Me, error) {
	return get[api.Me](ctx, c, "/v1/me", nil)
}

// Send sends one message. When it returns without an error the message is on disk.
func (c *Client) Send(ctx context.Context, r api.SendRequest, options ...CallOption) (*api.Message, error) {
	return send[api.Message](ctx, c, "/v1/messages", r, options)
}

// SendBatch sends up to [api.MaxBatch] messages in one step: all of them or none.
func (c *Client) SendBatch(ctx context.Context, r api.BatchRequest, options ...CallOption) (*api.BatchResult, error) {
	return send[api.BatchResult](ctx, c, "/v1/batches", r, options)
}

// Resend sends a message again, as a new one.
func (c *Client) Resend(ctx context.Context, id string, r api.ResendRequest, options ...CallOption) (*api.Message, error) {
	return send[api.Message](ctx, c, "/v1/messages/"+url.PathEscape(id)+"/resend", r, options)
}

// Cancel tries to cancel a message. Result "cancel_requested" means that an attempt is open and no further one
// will start; code "too_late" means that a provider has the message, or that it has ended.
func (c *Client) Cancel(ctx context.Context, id string) (*api.CancelResult, error) {
	var out api.CancelResult
	err := c.do(ctx, &request{method: http.MethodPost, path: "/v1/messages/" + url.PathEscape(id) + "/cancel"}, &out)
	return value(&out, err)
}

// Redact removes the text of a message that has ended, for good; code "conflict" for one that has not.
func (c *Client) Redact(ctx context.Context, id string) (*api.Message, error) {
	var out api.Message
	err := c.do(ctx, &request{method: http.MethodPost, path: "/v1/messages/" + url.PathEscape(id) + "/redact"}, &out)
	return value(&out, err)
}

// Preview tells what a send would be; nothing is stored.
func (c *Client) Preview(ctx context.Context, r api.PreviewRequest) (*api.Preview, error) {
	var out api.Preview
	err := c.do(ctx, &request{method: http.MethodPost, path: "/v1/messages/preview", body: r}, &out)
	return value(&out, err)
}

// Message returns one message as it stands now.
func (c *Client) Message(ctx context.Context, id string) (*api.Message, error) {
	return get[api.Message](ctx, c, "/v1/messages/"+url.PathEscape(id), nil)
}

// MessageFilter selects messages; zero fields select everything.
type MessageFilter struct {
	Statuses  []string
	To        string // E.164, or a part of it
	From      string // sender ID, exact
	Text      string // part of the text, in any letter case
	CreatedBy string // usr_… or key_…
	Batch     string
	ClientRef string
	Tag       string
	Provider  string
	Since     time.Time // accepted at or after
	Until     time.Time // accepted before
	PageSize  int       // messages fetched at once, 1 to 200; 0 leaves it to the server
}

func (f *MessageFilter) query() url.Values {
	q := url.Values{}
	for name, v := range map[string]string{
		"status": strings.Join(f.Statuses, ","), "to": f.To, "from": f.From, "text": f.Text,
		"created_by": f.CreatedBy, "batch": f.Batch, "client_ref": f.ClientRef, "tag": f.Tag, "provider": f.Provider,
		"since": moment(f.Since), "until": moment(f.Until),
	} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if f.PageSize > 0 {
		q.Set("limit", strconv.Itoa(f.PageSize))
	}
	return q
}

// Messages returns the messages of a filter, newest first, fetching page after page as they are asked for.
// An error ends it.
func (c *Client) Messages(ctx context.Context, f MessageFilter) iter.Seq2[api.Message, error] {
	return func(yield func(api.Message, error) bool) {
		q := f.query()
		for {
			page, err := get[api.MessageList](ctx, c, "/v1/messages", q)
			if err != nil {
				yield(api.Message{}, err)
				return
			}
			for _, m := range page.Items {
				if !yield(m, nil) {
					return
				}
			}
			if page.Next == "" {
				return
			}
			q.Set("cursor", page.Next)
		}
	}
}

// StatsQuery selects a range of time. The zero value is today.
type StatsQuery struct {
	Range    string    // "today", "yesterday", "24h", "7d" or "30d"; not together with From
	From, To time.Time // of the acceptance
	Interval string    // "hour" or "day"
}

// Stats counts messages by status.
func (c *Client) Stats(ctx context.Context, s StatsQuery) (*api.Summary, error) {
	q := url.Values{}
	for name, v := range map[string]string{"range": s.Range, "from": moment(s.From), "to": moment(s.To), "interval": s.Interval} {
		if v != "" {
			q.Set(name, v)
		}
	}
	return get[api.Summary](ctx, c, "/v1/stats/summary", q)
}

// ReportQuery selects a range of time, and what its messages are told apart by. The zero value is today, by provider.
type ReportQuery struct {
	Range    string    // "today", "yesterday", "24h", "7d" or "30d"; not together with From
	From, To time.Time // of the acceptance
	Interval string    // "hour" or "day"
	GroupBy  string    // "provider", "country", "network", "sender", "template", "campaign", "person", "class", "reason", "day" or "hour"
}

// Report tells what became of many messages.
func (c *Client) Report(ctx context.Context, r ReportQuery) (*api.Report, error) {
	q := url.Values{}
	for name, v := range map[string]string{"range": r.Range, "from": moment(r.From), "to": moment(r.To), "interval": r.Interval, "group_by": r.GroupBy} {
		if v != "" {
			q.Set(name, v)
		}
	}
	return get[api.Report](ctx, c, "/v1/reports", q)
}

// WeeklyReports lists the summaries of the latest weeks.
func (c *Client) WeeklyReports(ctx context.Context) (*api.WeeklyReportList, error) {
	return get[api.WeeklyReportList](ctx, c, "/v1/reports/weekly", nil)
}

func moment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func get[T any](ctx context.Context, c *Client, path string, query url.Values) (*T, error) {
	var out T
	err := c.do(ctx, &request{method: http.MethodGet, path: path, query: query}, &out)
	return value(&out, err)
}

func send[T any](ctx context.Context, c *Client, path string, body any, options []CallOption) (*T, error) {
	r := &request{method: http.MethodPost, path: path, body: body, key: rand.Text()}
	for _, o := range options {
		o(r)
	}
	var out T
	err := c.do(ctx, r, &out)
	return value(&out, err)
}

// value is v, or nil beside an error.
func value[T any](v *T, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	return v, nil
}
