package client

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/smsir/smsir/api"
)

func TestAdministration(t *testing.T) {
	t.Parallel()
	sender := api.Sender{ID: "snd_1", Value: "SHOP"}
	c, gateway := clientOf(t, says(200, api.AuditList{Items: []api.AuditEntry{{ID: "aud_1"}}, Next: "more"}), says(200, api.AuditList{}),
		says(200, api.SenderList{Items: []api.Sender{sender}}), says(201, sender), says(200, sender), says(204, nil))
	ctx := t.Context()
	list, err := c.Audit(ctx, AuditQuery{Action: "route", Since: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), Limit: 5})
	if err != nil || len(list.Items) != 1 || list.Next != "more" {
		t.Errorf("Audit: %+v, %v", list, err)
	}
	if _, err := c.Audit(ctx, AuditQuery{Instance: true, Cursor: "more"}); err != nil {
		t.Error(err)
	}
	if list, err := c.Senders(ctx, true); err != nil || len(list.Items) != 1 {
		t.Errorf("Senders: %+v, %v", list, err)
	}
	if s, err := c.CreateSender(ctx, api.SenderCreate{Value: "SHOP"}); err != nil || s.ID != "snd_1" {
		t.Errorf("CreateSender: %+v, %v", s, err)
	}
	name := "The shop"
	if _, err := c.UpdateSender(ctx, "snd_1", api.SenderUpdate{Name: &name}); err != nil {
		t.Error(err)
	}
	if err := c.DeleteSender(ctx, "snd_1"); err != nil {
		t.Error(err)
	}
	var got []string
	for _, r := range gateway.requests() {
		got = append(got, r.Method+" "+r.URI+" "+r.Body)
	}
	if diff := cmp.Diff([]string{
		"GET /v1/audit?action=route&limit=5&since=2026-11-01T00%3A00%3A00Z ", "GET /v1/audit?cursor=more&instance=true ", "GET /v1/senders?usage=true ",
		`POST /v1/senders {"value":"SHOP"}`, `PATCH /v1/senders/snd_1 {"name":"The shop"}`, "DELETE /v1/senders/snd_1 ",
	}, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestCredit(t *testing.T) {
	t.Parallel()
	c, gateway := clientOf(t, says(200, api.Credit{Balance: "10"}), says(200, api.Credit{On: true}), says(201, api.CreditEntry{ID: "crd_1"}), says(200, api.CreditEntryList{Next: "more"}))
	ctx := t.Context()
	if got, err := c.Credit(ctx); err != nil || got.Balance != "10" {
		t.Errorf("Credit: %+v, %v", got, err)
	}
	if got, err := c.SetCredit(ctx, api.CreditSettings{On: true, Low: "5"}); err != nil || !got.On {
		t.Errorf("SetCredit: %+v, %v", got, err)
	}
	if got, err := c.AddCredit(ctx, api.CreditChange{Kind: "grant", Amount: "10", Note: "x"}, "k"); err != nil || got.ID != "crd_1" {
		t.Errorf("AddCredit: %+v, %v", got, err)
	}
	if got, err := c.CreditEntries(ctx, CreditQuery{Kind: "by_hand", Limit: 2}); err != nil || got.Next != "more" {
		t.Errorf("CreditEntries: %+v, %v", got, err)
	}
	var got []string
	for _, r := range gateway.requests() {
		got = append(got, r.Method+" "+r.URI+" "+r.Body)
	}
	if diff := cmp.Diff([]string{
		"GET /v1/credit ", `PUT /v1/credit {"on":true,"low":"5"}`, `POST /v1/credit/entries {"kind":"grant","amount":"10","note":"x"}`, "GET /v1/credit/entries?kind=by_hand&limit=2 ",
	}, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	rule := api.RetentionRule{TextDays: 30, MetadataDays: 365}
	c, gateway := clientOf(t, says(200, api.Retention{Rule: rule}), says(200, api.Retention{Rule: rule}), says(200, api.RetentionEffect{Texts: 3}), says(200, api.Message{ID: "msg_1"}))
	ctx := t.Context()
	if r, err := c.Retention(ctx); err != nil || r.Rule != rule {
		t.Errorf("Retention: %+v, %v", r, err)
	}
	if r, err := c.SetRetention(ctx, rule); err != nil || r.Rule != rule {
		t.Errorf("SetRetention: %+v, %v", r, err)
	}
	if e, err := c.PreviewRetention(ctx, rule); err != nil || e.Texts != 3 {
		t.Errorf("PreviewRetention: %+v, %v", e, err)
	}
	if m, err := c.Redact(ctx, "msg_1"); err != nil || m.ID != "msg_1" {
		t.Errorf("Redact: %+v, %v", m, err)
	}
	var got []string
	for _, r := range gateway.requests() {
		got = append(got, r.Method+" "+r.URI+" "+r.Body)
	}
	if diff := cmp.Diff([]string{
		"GET /v1/retention ", `PUT /v1/retention {"text_days":30,"metadata_days":365,"one_time_codes":false}`,
		"GET /v1/retention/preview?metadata_days=365&one_time_codes=false&text_days=30 ", "POST /v1/messages/msg_1/redact ",
	}, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}
