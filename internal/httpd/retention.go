package httpd

import (
	"context"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/internal/store"
)

// Retention is what the door needs of package retention.
type Retention interface {
	Set(ctx context.Context, r store.Retention, audit store.AuditEntry) (store.Retention, error)
	Effect(ctx context.Context, r store.Retention) (store.RetentionEffect, error)
	RemoveText(ctx context.Context, workspace smsir.UUID, id smsir.ID, audit store.AuditEntry) (*smsir.Message, error)
}

// registerRetention registers how long a workspace keeps what was written.
func (s *Server) registerRetention(b *builder) {
	handle(b, route{Method: "GET", Path: "/v1/retention", ID: "getRetention", Tag: "Retention", Summary: "How long texts and messages are kept"},
		func(c *call, _ *struct{}) (*api.Retention, error) {
			r, err := s.deps.Store.Retention(c.ctx(), c.p.Workspace.ID)
			return retentionOf(r), err
		})
	handle(b, route{
		Method: "PUT", Path: "/v1/retention", ID: "putRetention", Tag: "Retention", Summary: "Change how long texts and messages are kept",
		Text: "What is too old goes at the next sweep, which begins at once and goes slowly. **What was removed does not come back.** GET /v1/retention/preview tells beforehand how much it will be. Messages that have not ended are never touched.",
	}, func(c *call, in *struct{ Body api.RetentionRule }) (*api.Retention, error) {
		r, err := s.deps.Retention.Set(c.ctx(), keepRule(c, &in.Body), c.entry("retention.updated", c.p.Workspace.ID.Format(smsir.PrefixWorkspace), ""))
		if err != nil {
			return nil, err
		}
		return retentionOf(r), nil
	})
	handle(b, route{
		Method: "GET", Path: "/v1/retention/preview", ID: "previewRetention", Tag: "Retention", Summary: "How much a rule would remove now",
		Text: "Nothing is changed. Counting stops at counted_to.",
	}, func(c *call, in *retentionQuery) (*api.RetentionEffect, error) {
		e, err := s.deps.Retention.Effect(c.ctx(), keepRule(c, &api.RetentionRule{TextDays: in.TextDays, MetadataDays: in.MetadataDays, OneTimeCodes: in.OneTimeCodes}))
		if err != nil {
			return nil, err
		}
		return &api.RetentionEffect{
			Texts: e.Texts, OneTimeCodes: e.Codes, InboundTexts: e.Inbound, Messages: e.Messages, Inbound: e.Whole, CountedTo: store.RetentionCount,
		}, nil
	})
	handle(b, route{
		Method: "POST", Path: "/v1/messages/{id}/redact", ID: "redactMessage", Tag: "Messages", Errors: []int{409}, Summary: "Remove the text of a message",
		Text: "For good, from wherever it stands: the message, the answer kept for its Idempotency-Key, deliveries to webhooks, delivery reports. The rest of the message stays. Only of a message that has ended (`final`), otherwise 409 `conflict`. To repeat it changes nothing.",
	}, s.redactMessage)
}

type retentionQuery struct {
	TextDays     int  `query:"text_days" minimum:"0" maximum:"3650" doc:"As in PUT /v1/retention."`
	MetadataDays int  `query:"metadata_days" minimum:"0" maximum:"3650" doc:"As in PUT /v1/retention."`
	OneTimeCodes bool `query:"one_time_codes" doc:"As in PUT /v1/retention."`
}

func keepRule(c *call, r *api.RetentionRule) store.Retention {
	return store.Retention{Workspace: c.p.Workspace.ID, TextDays: r.TextDays, MetadataDays: r.MetadataDays, OTP: r.OneTimeCodes, DecidedAt: c.now.UTC().Truncate(msPrecision)}
}

func retentionOf(r store.Retention) *api.Retention {
	return &api.Retention{
		Rule:      api.RetentionRule{TextDays: r.TextDays, MetadataDays: r.MetadataDays, OneTimeCodes: r.OTP},
		DecidedAt: api.Time(r.DecidedAt),
	}
}

func (s *Server) redactMessage(c *call, in *messageID) (*api.Message, error) {
	m, err := s.message(c, in.ID)
	if err != nil {
		return nil, err
	}
	m, err = s.deps.Retention.RemoveText(c.ctx(), c.p.Workspace.ID, m.ID, c.entry("message.text_removed", in.ID, ""))
	if err != nil {
		return nil, err
	}
	return s.messageOf(c, m)
}
