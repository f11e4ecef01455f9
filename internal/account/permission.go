package account

import (
	"slices"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/store"
)

// Permission is one thing that a principal may or may not do. Those that an API key can be given are its scopes, by
// the same word.
type Permission string

// Permissions.
const (
	MessagesSend      Permission = "messages:send"
	MessagesRead      Permission = "messages:read"
	MessagesCancel    Permission = "messages:cancel"     // what one sent oneself; see [Principal.MayCancel]
	MessagesCancelAny Permission = "messages:cancel_any" // what anybody in the workspace sent
	MessagesRedact    Permission = "messages:redact"
	InboundRead       Permission = "inbound:read"
	EventsRead        Permission = "events:read"
	StatsRead         Permission = "stats:read"
	ProvidersRead     Permission = "providers:read"
	ProvidersWrite    Permission = "providers:write"
	RoutesRead        Permission = "routes:read"
	RoutesWrite       Permission = "routes:write"
	ContactsRead      Permission = "contacts:read"
	ContactsWrite     Permission = "contacts:write"
	ConsentLift       Permission = "consent:lift"
	InboxRead         Permission = "inbox:read"
	InboxWrite        Permission = "inbox:write"
	AutoRepliesWrite  Permission = "autoreplies:write"
	WebhooksRead      Permission = "webhooks:read"
	WebhooksWrite     Permission = "webhooks:write"
	SMPPRead          Permission = "smpp:read"
	SMPPWrite         Permission = "smpp:write"
	SendersRead       Permission = "senders:read"
	SendersWrite      Permission = "senders:write"
	CampaignsRead     Permission = "campaigns:read"
	CampaignsWrite    Permission = "campaigns:write"
	CampaignsApprove  Permission = "campaigns:approve"
	APIKeysRead       Permission = "api_keys:read"
	APIKeysWrite      Permission = "api_keys:write"
	MembersRead       Permission = "members:read"
	MembersWrite      Permission = "members:write"
	WorkspaceRead     Permission = "workspace:read"
	WorkspaceWrite    Permission = "workspace:write"
	CreditRead        Permission = "credit:read"
	CreditWrite       Permission = "credit:write"
	AuditRead         Permission = "audit:read"
	InstanceRead      Permission = "instance:read"
	InstanceWrite     Permission = "instance:write"
)

// Rule is one row of the permission table: who may. Everything that no row allows is denied.
type Rule struct {
	Permission Permission
	Help       string       // one sentence for people, for the form that makes an API key
	Roles      []store.Role // people with one of these roles in the workspace
	Key        bool         // may be given to an API key as a scope
	Operator   bool         // people who run the instance, whatever their role
}

// Rules returns the permission table, in the order in which it is shown.
func Rules() []Rule { return slices.Clone(rules) }

var (
	everyone = []store.Role{store.Owner, store.Admin, store.Member, store.Viewer}
	senders  = []store.Role{store.Owner, store.Admin, store.Member}
	leaders  = []store.Role{store.Owner, store.Admin}
)

// rules is never changed after the program has started.
var rules = []Rule{
	{MessagesSend, "Send messages.", senders, true, false},
	{MessagesRead, "Read messages, their attempts and their history.", everyone, true, false},
	{MessagesCancel, "Cancel messages: people those they sent themselves, API keys any of the workspace.", senders, true, false},
	{MessagesCancelAny, "Cancel messages that others sent.", leaders, false, false},
	{MessagesRedact, "Remove the texts of messages that have ended, for good.", leaders, true, false},
	{InboundRead, "Read messages received from handsets.", everyone, true, false},
	{EventsRead, "Follow events live.", everyone, true, false},
	{StatsRead, "Read counts and delivery rates.", everyone, true, false},
	{ProvidersRead, "See the providers and their settings, without secrets.", senders, true, false},
	{ProvidersWrite, "Add, change, test and remove providers.", leaders, true, false},
	{RoutesRead, "See the routing rules, and ask who would take a message.", senders, true, false},
	{RoutesWrite, "Add, change, order and remove routing rules.", leaders, true, false},
	{ContactsRead, "See contacts, groups, opt-outs and the ledger of consent.", everyone, true, false},
	{ContactsWrite, "Add, change and remove contacts and groups, and forbid messages to numbers.", senders, true, false},
	{ConsentLift, "Allow messages to a number that opted out, with a proof of consent.", leaders, true, false},
	{WebhooksRead, "See the webhooks, without their secrets, and their log.", leaders, true, false},
	{WebhooksWrite, "Add, change, test and remove webhooks, and send deliveries again.", leaders, true, false},
	{SMPPRead, "See the SMPP accounts and who is bound.", leaders, false, false},
	{SMPPWrite, "Add, change and remove SMPP accounts, and end their sessions.", leaders, false, false},
	{SendersRead, "See the registered senders.", senders, true, false},
	{SendersWrite, "Register, change and remove senders.", leaders, true, false},
	{CampaignsRead, "See templates and campaigns.", everyone, true, false},
	{CampaignsWrite, "Write templates, and write, launch, pause and cancel campaigns.", senders, true, false},
	{CampaignsApprove, "Approve campaigns that somebody else launched.", leaders, false, false},
	{InboxRead, "Read conversations, their notes, canned replies, automatic answers and reviews of opt-outs.", everyone, true, false},
	{InboxWrite, "Reply, assign, archive and note in conversations, and decide about opt-outs.", senders, true, false},
	{AutoRepliesWrite, "Change canned replies, automatic answers and business hours.", leaders, true, false},
	{APIKeysRead, "See the API keys, without their secrets.", leaders, false, false},
	{APIKeysWrite, "Create and revoke API keys.", leaders, false, false},
	{MembersRead, "See the members of the workspace.", everyone, false, false},
	{MembersWrite, "Invite people, change roles and remove members.", leaders, false, false},
	{WorkspaceRead, "See the settings of the workspace.", everyone, true, false},
	{WorkspaceWrite, "Change the settings of the workspace.", leaders, false, false},
	{CreditRead, "See what messages cost: the price list, and the credit with its ledger.", senders, true, false},
	{CreditWrite, "Change the price list, turn credit on or off, and grant or correct it.", []store.Role{store.Owner}, false, true},
	{AuditRead, "Read the audit log of the workspace.", leaders, false, false},
	{InstanceRead, "See the settings of the instance.", nil, false, true},
	{InstanceWrite, "Change the settings of the instance.", nil, false, true},
}

func ruleOf(perm Permission) (Rule, bool) {
	for _, r := range rules {
		if r.Permission == perm {
			return r, true
		}
	}
	return Rule{}, false
}

// Can reports whether p may do perm. It is false for nil, for a word that is not in the table, and for whatever the
// table does not allow.
func Can(p *Principal, perm Permission) bool {
	r, ok := ruleOf(perm)
	if !ok || p == nil {
		return false
	}
	switch p.Actor.Kind {
	case smsir.ActorKey:
		return r.Key && slices.Contains(p.Scopes, perm)
	case smsir.ActorUser:
		return slices.Contains(r.Roles, p.Role) || r.Operator && p.User != nil && p.User.Operator
	}
	return false
}

// Can is [Can].
func (p *Principal) Can(perm Permission) bool { return Can(p, perm) }

// Permissions lists all that p may do, in the order of the table.
func (p *Principal) Permissions() []Permission {
	var all []Permission
	for _, r := range rules {
		if Can(p, r.Permission) {
			all = append(all, r.Permission)
		}
	}
	return all
}

// Require returns nil when p may do perm. Otherwise an error of code unauthenticated (p is nil) or forbidden, which
// says who can help.
func (p *Principal) Require(perm Permission) error {
	switch {
	case Can(p, perm):
		return nil
	case p == nil:
		return unauthenticated()
	case p.Actor.Kind == smsir.ActorKey:
		return smsir.Errorf(CodeForbidden, "This API key lacks the scope %s. Create a key that has it, if such a scope can be given.", perm)
	}
	r, _ := ruleOf(perm)
	if r.Operator {
		return smsir.Errorf(CodeForbidden, "Only an operator of this instance may do this (%s). Ask one.", perm)
	}
	return smsir.Errorf(CodeForbidden, "Your role, %s, does not allow this (%s). Ask an owner or admin of the workspace.", p.Role, perm)
}

// MayCancel reports whether p may cancel a message that creator sent: the person who sent it, an owner or admin, or an
// API key with the scope messages:cancel.
func (p *Principal) MayCancel(creator smsir.Actor) bool {
	if !Can(p, MessagesCancel) {
		return false
	}
	return p.Actor.Kind == smsir.ActorKey || p.Actor == creator || Can(p, MessagesCancelAny)
}

func unauthenticated() error {
	return smsir.Errorf(CodeUnauthenticated, "This needs you to be signed in. Sign in, or send an API key as \"Authorization: Bearer smsir…\".")
}
