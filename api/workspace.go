package api

import "time"

// Workspace is the tenant: an organisation's people, messages, providers and keys.
type Workspace struct {
	ID                    string      `json:"id" doc:"Identifier." example:"wks_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Name                  string      `json:"name" doc:"Name." example:"Example Clinic"`
	Country               string      `json:"country" doc:"ISO 3166-1 alpha-2: the region in which national numbers are read." example:"US"`
	TimeZone              string      `json:"time_zone" doc:"IANA time zone: where its days begin." example:"America/New_York"`
	OnUnknown             string      `json:"on_unknown" enum:"hold,retry_once,alert" doc:"What happens to a message when nobody can tell whether it went out."`
	SmartEncoding         bool        `json:"smart_encoding" doc:"Replace typographic characters by GSM equivalents unless a send says otherwise."`
	CreatedAt             time.Time   `json:"created_at" doc:"When it was created."`
	PausedAt              *time.Time  `json:"paused_at,omitempty" doc:"Since when nothing is sent; left out: it is not paused."`
	RegisteredSendersOnly bool        `json:"registered_senders_only" doc:"Messages are refused unless their sender is registered and approved for the country of the recipient."`
	QueueMaxCount         int64       `json:"queue_max_count,omitempty" doc:"New messages are refused (queue_full) while so many wait; left out: the server's limit."`
	QueueMaxAge           int64       `json:"queue_max_age_seconds,omitempty" doc:"New messages other than OTPs are refused (queue_full) while one has waited for so long; left out: never."`
	Quiet                 *QuietHours `json:"quiet_hours,omitempty" doc:"Hours in which the web app asks before it lets a phone ring, on the clocks of the recipient's country; left out: none. The API sends at any time, and so does a campaign without quiet hours of its own."`
}

// WorkspaceUpdate is the body of PATCH /v1/workspace. What is left out stays.
type WorkspaceUpdate struct {
	Name                  *string `json:"name,omitempty" minLength:"1" maxLength:"100" doc:"New name."`
	Country               *string `json:"country,omitempty" minLength:"2" maxLength:"2" doc:"ISO 3166-1 alpha-2." example:"US"`
	TimeZone              *string `json:"time_zone,omitempty" minLength:"1" maxLength:"64" doc:"IANA time zone." example:"America/New_York"`
	OnUnknown             *string `json:"on_unknown,omitempty" enum:"hold,retry_once,alert" doc:"What happens when nobody can tell whether a message went out."`
	SmartEncoding         *bool   `json:"smart_encoding,omitempty" doc:"Smart encoding by default."`
	RegisteredSendersOnly *bool   `json:"registered_senders_only,omitempty" doc:"Accept messages from registered and approved senders only."`
	Paused                *bool   `json:"paused,omitempty" doc:"Pause or resume sending. Messages are still accepted and wait."`
	QueueMaxCount         *int    `json:"queue_max_count,omitempty" minimum:"0" maximum:"10000000" doc:"Refuse new messages while so many wait; 0 for the server's limit. OTPs may exceed it by a tenth."`

	QueueMaxAgeSeconds *int              `json:"queue_max_age_seconds,omitempty" minimum:"0" maximum:"604800" doc:"Refuse new messages other than OTPs while one has waited for so long; 0 for never."`
	Quiet              *QuietHoursUpdate `json:"quiet_hours,omitempty" doc:"Hours in which the web app asks before it lets a phone ring."`
}

// QuietHoursUpdate are quiet hours, or none of them.
type QuietHoursUpdate struct {
	From string `json:"from" maxLength:"5" doc:"When they begin; empty, as the other: none." example:"21:00"`
	To   string `json:"to" maxLength:"5" doc:"When they are over." example:"08:00"`
}

// Member is a person's place in a workspace.
type Member struct {
	ID       string    `json:"id" doc:"Identifier of the user." example:"usr_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Name     string    `json:"name" doc:"Name." example:"Ada"`
	Email    string    `json:"email" doc:"Address." example:"ada@example.com"`
	Role     string    `json:"role" enum:"owner,admin,member,viewer" doc:"What the person may do."`
	JoinedAt time.Time `json:"joined_at" doc:"Since when."`
}

// MemberList is every member of a workspace.
type MemberList struct {
	Items []Member `json:"items" nullable:"false" doc:"Longest standing first."`
}

// MemberUpdate is the body of PATCH /v1/workspace/members/{id}.
type MemberUpdate struct {
	Role string `json:"role" enum:"owner,admin,member,viewer" doc:"New role."`
}

// Invite lets one person join a workspace.
type Invite struct {
	ID         string     `json:"id" doc:"Identifier." example:"inv_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Email      string     `json:"email" doc:"Whom it is for." example:"grace@example.com"`
	Role       string     `json:"role" enum:"owner,admin,member,viewer" doc:"The role the person will have."`
	CreatedBy  *Actor     `json:"created_by,omitempty" doc:"Who invited."`
	CreatedAt  time.Time  `json:"created_at" doc:"When."`
	ExpiresAt  time.Time  `json:"expires_at" doc:"Until when its code works."`
	AcceptedAt *time.Time `json:"accepted_at,omitempty" doc:"When the person joined."`
}

// InviteList is every open invitation of a workspace.
type InviteList struct {
	Items []Invite `json:"items" nullable:"false" doc:"Newest first."`
}

// InviteCreate is the body of POST /v1/invites.
type InviteCreate struct {
	Email string `json:"email" minLength:"3" maxLength:"254" doc:"Whom to invite." example:"grace@example.com"`
	Role  string `json:"role" enum:"owner,admin,member,viewer" doc:"The role the person will have."`
}

// InviteCreated shows the code of a new invitation, this once.
type InviteCreated struct {
	Invite Invite `json:"invite" doc:"The invitation."`
	Code   string `json:"code" doc:"The code. It is not stored and cannot be shown again."`
	URL    string `json:"url" doc:"The link to hand over; the code stands behind #, so that no server log sees it." example:"https://sms.example.com/register#invite=…"`
}

// InviteLookup is the body of POST /v1/invites/lookup.
type InviteLookup struct {
	Code string `json:"code" minLength:"1" maxLength:"128" writeOnly:"true" doc:"The code of an invitation."`
}

// InviteInfo is what an invitation's code is for.
type InviteInfo struct {
	WorkspaceName string    `json:"workspace_name" doc:"The workspace to join." example:"Example Clinic"`
	Email         string    `json:"email" doc:"Whom it is for." example:"grace@example.com"`
	Role          string    `json:"role" enum:"owner,admin,member,viewer" doc:"The role the person will have."`
	ExpiresAt     time.Time `json:"expires_at" doc:"Until when its code works."`
}

// Instance is the whole server, for those who run it.
type Instance struct {
	Version      string `json:"version" doc:"Version of the server." example:"0.1.0"`
	Registration string `json:"registration" enum:"invitation,open,closed" doc:"Who may register: only invited people, anybody (each newcomer gets a workspace), or nobody."`
}

// InstanceUpdate is the body of PATCH /v1/instance.
type InstanceUpdate struct {
	Registration *string `json:"registration,omitempty" enum:"invitation,open,closed" doc:"Who may register."`
}
