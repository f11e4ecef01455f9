package httpd

import (
	"github.com/smsir/smsir/internal/account"
)

// who is the kind of caller that a route lets in.
type who uint8

const (
	nobody    who = iota // the zero value lets nobody in
	newcomer             // anybody, also before the first person has registered
	anybody              // no credential needed
	principal            // a person or an API key, whatever it may do
	person               // a person with a session
	permitted            // a principal with the permission
)

// access is one line of the access table.
type access struct {
	who  who
	perm account.Permission // of permitted
}

func may(perm account.Permission) access { return access{permitted, perm} }

// accessTable says who may call what. A route that is missing here cannot be registered, so that
// nothing is open by oversight. What a caller may do to a single object (cancel only what one has
// sent, say) is decided by the handler or the service behind it.
func accessTable() map[string]access {
	return map[string]access{
		"GET /healthz":      {who: newcomer},
		"GET /readyz":       {who: anybody},
		"GET /metrics":      {who: anybody}, // loopback or token, see metrics.go
		"GET /openapi.json": {who: anybody},

		"POST /v1/auth/register":        {who: newcomer},
		"POST /v1/auth/login":           {who: anybody},
		"GET /v1/info":                  {who: anybody},
		"POST /v1/invites/lookup":       {who: anybody},
		"POST /v1/auth/logout":          {who: person},
		"POST /v1/auth/password":        {who: person},
		"POST /v1/auth/reauth":          {who: person},
		"GET /v1/auth/sessions":         {who: person},
		"DELETE /v1/auth/sessions/{id}": {who: person},

		"GET /v1/bootstrap":               {who: person},
		"GET /v1/me":                      {who: principal},
		"PATCH /v1/me":                    {who: person},
		"GET /v1/workspaces":              {who: person},
		"POST /v1/workspaces/{id}/switch": {who: person},
		"POST /v1/invites/accept":         {who: person},

		"GET /v1/workspace":                 may(account.WorkspaceRead),
		"PATCH /v1/workspace":               may(account.WorkspaceWrite),
		"GET /v1/limits":                    may(account.WorkspaceRead),
		"PUT /v1/limits":                    may(account.WorkspaceWrite),
		"GET /v1/retention":                 may(account.WorkspaceRead),
		"PUT /v1/retention":                 may(account.WorkspaceWrite),
		"GET /v1/retention/preview":         may(account.WorkspaceRead),
		"GET /v1/prices":                    may(account.CreditRead),
		"GET /v1/credit":                    may(account.CreditRead),
		"PUT /v1/credit":                    may(account.CreditWrite),
		"GET /v1/credit/entries":            may(account.CreditRead),
		"GET /v1/credit/entries/export":     may(account.CreditRead),
		"POST /v1/credit/entries":           may(account.CreditWrite),
		"POST /v1/prices":                   may(account.CreditWrite),
		"POST /v1/prices/import":            may(account.CreditWrite),
		"GET /v1/prices/export":             may(account.CreditRead),
		"GET /v1/workspace/members":         may(account.MembersRead),
		"PATCH /v1/workspace/members/{id}":  may(account.MembersWrite),
		"DELETE /v1/workspace/members/{id}": {who: person}, // anybody may leave; the service decides
		"GET /v1/invites":                   may(account.MembersWrite),
		"POST /v1/invites":                  may(account.MembersWrite),
		"DELETE /v1/invites/{id}":           may(account.MembersWrite),
		"GET /v1/instance":                  may(account.InstanceRead),
		"PATCH /v1/instance":                may(account.InstanceWrite),

		"POST /v1/messages":              may(account.MessagesSend),
		"POST /v1/batches":               may(account.MessagesSend),
		"POST /v1/messages/preview":      may(account.MessagesSend),
		"POST /v1/messages/recipients":   may(account.MessagesSend),
		"POST /v1/messages/{id}/resend":  may(account.MessagesSend),
		"POST /v1/messages/{id}/cancel":  may(account.MessagesCancel),
		"POST /v1/messages/bulk-cancel":  may(account.MessagesCancel),
		"POST /v1/messages/{id}/redact":  may(account.MessagesRedact),
		"GET /v1/messages/export":        may(account.MessagesRead),
		"GET /v1/messages":               may(account.MessagesRead),
		"GET /v1/messages/{id}":          may(account.MessagesRead),
		"GET /v1/messages/{id}/events":   may(account.MessagesRead),
		"GET /v1/messages/{id}/attempts": may(account.MessagesRead),
		"GET /v1/inbound":                may(account.InboundRead),
		"GET /v1/stats/summary":          may(account.StatsRead),
		"GET /v1/reports":                may(account.StatsRead),
		"GET /v1/reports/export":         may(account.StatsRead),
		"GET /v1/reports/weekly":         may(account.StatsRead),
		"GET /v1/reports/weekly/{id}":    may(account.StatsRead),
		"GET /v1/report-settings":        may(account.StatsRead),
		"PUT /v1/report-settings":        may(account.WorkspaceWrite),
		"GET /v1/events":                 may(account.EventsRead),

		"GET /v1/push":                    {who: person},
		"POST /v1/push/devices":           {who: person},
		"DELETE /v1/push/devices/{id}":    {who: person}, // one's own
		"POST /v1/push/devices/{id}/test": {who: person}, // one's own
		"PUT /v1/push/preferences":        {who: person},

		"GET /v1/views":         {who: person},
		"POST /v1/views":        {who: person},
		"PATCH /v1/views/{id}":  {who: person}, // the handler decides
		"DELETE /v1/views/{id}": {who: person},

		"GET /v1/contacts":             may(account.ContactsRead),
		"GET /v1/contacts/export":      may(account.ContactsRead),
		"POST /v1/contacts/search":     may(account.ContactsRead),
		"POST /v1/contacts/lookup":     may(account.ContactsRead),
		"POST /v1/contacts":            may(account.ContactsWrite),
		"GET /v1/contacts/{id}":        may(account.ContactsRead),
		"PATCH /v1/contacts/{id}":      may(account.ContactsWrite),
		"DELETE /v1/contacts/{id}":     may(account.ContactsWrite),
		"POST /v1/contacts/delete":     may(account.ContactsWrite),
		"GET /v1/contacts/duplicates":  may(account.ContactsRead),
		"POST /v1/contacts/{id}/merge": may(account.ContactsWrite),
		"GET /v1/contact-fields":       may(account.ContactsRead),
		"PUT /v1/contact-fields":       may(account.ContactsWrite),
		"GET /v1/groups":               may(account.ContactsRead),
		"POST /v1/groups":              may(account.ContactsWrite),
		"GET /v1/groups/{id}":          may(account.ContactsRead),
		"PATCH /v1/groups/{id}":        may(account.ContactsWrite),
		"DELETE /v1/groups/{id}":       may(account.ContactsWrite),
		"POST /v1/groups/{id}/members": may(account.ContactsWrite),
		"GET /v1/suppressions":         may(account.ContactsRead),
		"POST /v1/suppressions":        may(account.ContactsWrite),
		"POST /v1/suppressions/lift":   may(account.ConsentLift),
		"GET /v1/consents":             may(account.ContactsRead),

		"GET /v1/conversations":                may(account.InboxRead),
		"GET /v1/inbox/counts":                 may(account.InboxRead),
		"GET /v1/conversations/{id}":           may(account.InboxRead),
		"PATCH /v1/conversations/{id}":         may(account.InboxWrite),
		"GET /v1/conversations/{id}/messages":  may(account.InboxRead),
		"POST /v1/conversations/{id}/reply":    may(account.InboxWrite),
		"GET /v1/conversations/{id}/notes":     may(account.InboxRead),
		"POST /v1/conversations/{id}/notes":    may(account.InboxWrite),
		"GET /v1/canned-replies":               may(account.InboxRead),
		"POST /v1/canned-replies":              may(account.AutoRepliesWrite),
		"PUT /v1/canned-replies/{id}":          may(account.AutoRepliesWrite),
		"DELETE /v1/canned-replies/{id}":       may(account.AutoRepliesWrite),
		"GET /v1/auto-replies":                 may(account.InboxRead),
		"POST /v1/auto-replies":                may(account.AutoRepliesWrite),
		"PUT /v1/auto-replies/{id}":            may(account.AutoRepliesWrite),
		"DELETE /v1/auto-replies/{id}":         may(account.AutoRepliesWrite),
		"POST /v1/auto-replies/test":           may(account.InboxRead),
		"GET /v1/inbox/settings":               may(account.InboxRead),
		"PUT /v1/inbox/settings":               may(account.AutoRepliesWrite),
		"GET /v1/opt-out-reviews":              may(account.InboxRead),
		"POST /v1/opt-out-reviews/{id}/decide": may(account.InboxWrite),

		"POST /v1/imports":             may(account.ContactsWrite),
		"GET /v1/imports":              may(account.ContactsWrite),
		"GET /v1/imports/{id}":         may(account.ContactsWrite),
		"DELETE /v1/imports/{id}":      may(account.ContactsWrite),
		"PUT /v1/imports/{id}/mapping": may(account.ContactsWrite),
		"GET /v1/imports/{id}/rows":    may(account.ContactsWrite),
		"GET /v1/imports/{id}/rejects": may(account.ContactsWrite),
		"POST /v1/imports/{id}/commit": may(account.ContactsWrite),
		"POST /v1/imports/{id}/undo":   may(account.ContactsWrite),

		"GET /v1/webhooks":                     may(account.WebhooksRead),
		"POST /v1/webhooks":                    may(account.WebhooksWrite),
		"GET /v1/webhooks/{id}":                may(account.WebhooksRead),
		"PATCH /v1/webhooks/{id}":              may(account.WebhooksWrite),
		"DELETE /v1/webhooks/{id}":             may(account.WebhooksWrite),
		"POST /v1/webhooks/{id}/rotate":        may(account.WebhooksWrite),
		"POST /v1/webhooks/{id}/test":          may(account.WebhooksWrite),
		"GET /v1/webhooks/{id}/deliveries":     may(account.WebhooksRead),
		"POST /v1/webhooks/{id}/replay":        may(account.WebhooksWrite),
		"GET /v1/templates":                    may(account.CampaignsRead),
		"POST /v1/templates":                   may(account.CampaignsWrite),
		"POST /v1/templates/preview":           may(account.CampaignsRead),
		"GET /v1/templates/{id}":               may(account.CampaignsRead),
		"PATCH /v1/templates/{id}":             may(account.CampaignsWrite),
		"DELETE /v1/templates/{id}":            may(account.CampaignsWrite),
		"GET /v1/campaigns":                    may(account.CampaignsRead),
		"POST /v1/campaigns":                   may(account.CampaignsWrite),
		"GET /v1/campaigns/{id}":               may(account.CampaignsRead),
		"PATCH /v1/campaigns/{id}":             may(account.CampaignsWrite),
		"DELETE /v1/campaigns/{id}":            may(account.CampaignsWrite),
		"POST /v1/campaigns/{id}/recipients":   may(account.CampaignsWrite),
		"DELETE /v1/campaigns/{id}/recipients": may(account.CampaignsWrite),
		"POST /v1/campaigns/{id}/check":        may(account.CampaignsRead),
		"GET /v1/campaigns/{id}/failures":      may(account.CampaignsRead),
		"POST /v1/campaigns/{id}/launch":       may(account.CampaignsWrite),
		"POST /v1/campaigns/{id}/pause":        may(account.CampaignsWrite),
		"POST /v1/campaigns/{id}/resume":       may(account.CampaignsWrite),
		"POST /v1/campaigns/{id}/cancel":       may(account.CampaignsWrite),
		"POST /v1/campaigns/{id}/resend":       may(account.CampaignsWrite),
		"POST /v1/campaigns/{id}/withdraw":     may(account.CampaignsWrite),
		"POST /v1/campaigns/{id}/approve":      may(account.CampaignsApprove),
		"GET /v1/campaign-settings":            may(account.CampaignsRead),
		"PUT /v1/campaign-settings":            may(account.WorkspaceWrite),

		"GET /v1/senders":               may(account.SendersRead),
		"POST /v1/senders":              may(account.SendersWrite),
		"PATCH /v1/senders/{id}":        may(account.SendersWrite),
		"DELETE /v1/senders/{id}":       may(account.SendersWrite),
		"GET /v1/audit":                 may(account.AuditRead),
		"GET /v1/audit/export":          may(account.AuditRead),
		"GET /v1/smpp/accounts":         may(account.SMPPRead),
		"POST /v1/smpp/accounts":        may(account.SMPPWrite),
		"GET /v1/smpp/accounts/{id}":    may(account.SMPPRead),
		"PATCH /v1/smpp/accounts/{id}":  may(account.SMPPWrite),
		"DELETE /v1/smpp/accounts/{id}": may(account.SMPPWrite),
		"GET /v1/smpp/sessions":         may(account.SMPPRead),
		"DELETE /v1/smpp/sessions/{id}": may(account.SMPPWrite),
		"GET /v1/api-keys":              may(account.APIKeysRead),
		"POST /v1/api-keys":             may(account.APIKeysWrite),
		"DELETE /v1/api-keys/{id}":      may(account.APIKeysWrite),

		"GET /v1/provider-kinds":        may(account.ProvidersRead),
		"GET /v1/providers":             may(account.ProvidersRead),
		"GET /v1/providers/{id}":        may(account.ProvidersRead),
		"POST /v1/providers":            may(account.ProvidersWrite),
		"PATCH /v1/providers/{id}":      may(account.ProvidersWrite),
		"DELETE /v1/providers/{id}":     may(account.ProvidersWrite),
		"POST /v1/providers/{id}/test":  may(account.ProvidersWrite),
		"POST /v1/providers/{id}/check": may(account.ProvidersWrite),

		"GET /v1/routes":          may(account.RoutesRead),
		"GET /v1/routes/{id}":     may(account.RoutesRead),
		"POST /v1/routes/explain": may(account.RoutesRead),
		"POST /v1/routes":         may(account.RoutesWrite),
		"PUT /v1/routes/order":    may(account.RoutesWrite),
		"PATCH /v1/routes/{id}":   may(account.RoutesWrite),
		"DELETE /v1/routes/{id}":  may(account.RoutesWrite),
	}
}
