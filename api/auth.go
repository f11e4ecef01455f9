package api

import "time"

// RegisterRequest is the body of POST /v1/auth/register.
type RegisterRequest struct {
	Email         string `json:"email" minLength:"3" maxLength:"254" doc:"The address to log in with." example:"ada@example.com"`
	Password      string `json:"password" minLength:"8" maxLength:"128" writeOnly:"true" doc:"8 to 128 characters of any kind; 15 or more are advised. Well-known passwords are refused."`
	Name          string `json:"name" minLength:"1" maxLength:"100" doc:"Name of the person." example:"Ada"`
	SetupCode     string `json:"setup_code,omitempty" maxLength:"128" writeOnly:"true" doc:"The one-time code that the server prints at its first start. The first person needs it and becomes the operator."`
	Invite        string `json:"invite,omitempty" maxLength:"128" writeOnly:"true" doc:"The code of an invitation: the person joins its workspace."`
	WorkspaceName string `json:"workspace_name,omitempty" maxLength:"100" doc:"Name of the new workspace; not with an invitation." example:"Example Clinic"`
	Country       string `json:"country,omitempty" maxLength:"2" doc:"ISO 3166-1 alpha-2 country of the new workspace: the region in which national numbers are read." example:"US"`
	TimeZone      string `json:"time_zone,omitempty" maxLength:"64" doc:"IANA time zone of the new workspace." example:"America/New_York"`
	Client        string `json:"client,omitempty" enum:"web,app" doc:"web (when left out) sets a cookie; app returns a bearer token."`
}

// LoginRequest is the body of POST /v1/auth/login.
type LoginRequest struct {
	Email    string `json:"email" minLength:"1" maxLength:"254" doc:"The address." example:"ada@example.com"`
	Password string `json:"password" minLength:"1" maxLength:"128" writeOnly:"true" doc:"The password."`
	Client   string `json:"client,omitempty" enum:"web,app" doc:"web (when left out) sets a cookie; app returns a bearer token."`
}

// Login is the answer to a registration or a login.
type Login struct {
	User      User      `json:"user" doc:"Who logged in."`
	Workspace Workspace `json:"workspace" doc:"The workspace it looks at."`
	Role      string    `json:"role" enum:"owner,admin,member,viewer" doc:"The person's role in it."`
	Token     string    `json:"token,omitempty" doc:"Bearer token, with client app only. It is shown this once."`
	ExpiresAt time.Time `json:"expires_at" doc:"When the session ends at the latest."`
}

// PasswordChange is the body of POST /v1/auth/password. Every other session of the person ends.
type PasswordChange struct {
	OldPassword string `json:"old_password" minLength:"1" maxLength:"128" writeOnly:"true" doc:"The password as it is."`
	NewPassword string `json:"new_password" minLength:"8" maxLength:"128" writeOnly:"true" doc:"The password as it shall be."`
}

// ReauthRequest is the body of POST /v1/auth/reauth: the password again, before something sensitive.
type ReauthRequest struct {
	Password string `json:"password" minLength:"1" maxLength:"128" writeOnly:"true" doc:"The password."`
}

// Session is one log-in of a person.
type Session struct {
	ID         string    `json:"id" doc:"Identifier." example:"ses_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Client     string    `json:"client" enum:"web,app" doc:"Cookie or bearer token."`
	UserAgent  string    `json:"user_agent" doc:"What the client said it is."`
	IP         string    `json:"ip" doc:"Address it logged in from." example:"192.0.2.7"`
	CreatedAt  time.Time `json:"created_at" doc:"When it began."`
	LastSeenAt time.Time `json:"last_seen_at" doc:"When it was used last, to about a minute."`
	ExpiresAt  time.Time `json:"expires_at" doc:"When it ends at the latest."`
	Current    bool      `json:"current" doc:"True for the session that asks."`
}

// SessionList is every live session of a person, newest first.
type SessionList struct {
	Items []Session `json:"items" nullable:"false" doc:"Newest first."`
}

// User is a person.
type User struct {
	ID        string    `json:"id" doc:"Identifier." example:"usr_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Email     string    `json:"email" doc:"The address to log in with." example:"ada@example.com"`
	Name      string    `json:"name" doc:"Name." example:"Ada"`
	Phone     string    `json:"phone,omitempty" doc:"The person's own number, E.164: test messages go there." example:"+12025550100"`
	Operator  bool      `json:"operator" doc:"True for a person who runs this instance."`
	CreatedAt time.Time `json:"created_at" doc:"When the person registered."`
}

// UserUpdate is the body of PATCH /v1/me.
type UserUpdate struct {
	Name  *string `json:"name,omitempty" minLength:"1" maxLength:"100" doc:"New name."`
	Phone *string `json:"phone,omitempty" maxLength:"64" doc:"One's own number as it is dialled, for test messages; empty takes it away." example:"+12025550100"`
}

// Place is a workspace with the person's role in it.
type Place struct {
	Workspace Workspace `json:"workspace" doc:"The workspace."`
	Role      string    `json:"role" enum:"owner,admin,member,viewer" doc:"The person's role in it."`
	Current   bool      `json:"current" doc:"True for the workspace that the session looks at."`
}

// PlaceList is every workspace of a person.
type PlaceList struct {
	Items []Place `json:"items" nullable:"false" doc:"The current one among them."`
}

// Me is who asks: a person or an API key.
type Me struct {
	Kind        string    `json:"kind" enum:"user,api_key" doc:"A person or a program."`
	User        *User     `json:"user,omitempty" doc:"The person; left out for a key."`
	APIKey      *APIKey   `json:"api_key,omitempty" doc:"The key; left out for a person."`
	Workspace   Workspace `json:"workspace" doc:"The workspace that every call works on."`
	Role        string    `json:"role,omitempty" enum:"owner,admin,member,viewer" doc:"The person's role; left out for a key."`
	Permissions []string  `json:"permissions" nullable:"false" doc:"What this caller may do." example:"[\"messages:read\",\"messages:send\"]"`
}
