package api

import "time"

// APIKey lets a program in. Its secret is shown once, when it is created.
type APIKey struct { //nolint:revive // the word users know; it names the schema in the OpenAPI document
	ID         string     `json:"id" doc:"Identifier; it is no secret." example:"key_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Name       string     `json:"name" doc:"What it is for." example:"Web shop"`
	Hint       string     `json:"hint" doc:"The last four characters of its secret." example:"x7Qa"`
	Scopes     []string   `json:"scopes" nullable:"false" doc:"What it may do."`
	CreatedBy  *Actor     `json:"created_by,omitempty" doc:"Who created it."`
	CreatedAt  time.Time  `json:"created_at" doc:"When it was created."`
	ExpiresAt  *time.Time `json:"expires_at,omitempty" doc:"When it stops working; left out: never."`
	LastUsedAt *time.Time `json:"last_used_at,omitempty" doc:"When it was used last, to about a minute."`
	RevokedAt  *time.Time `json:"revoked_at,omitempty" doc:"When it was revoked."`
}

// APIKeyList is every key of a workspace, revoked ones included, newest first.
type APIKeyList struct { //nolint:revive // the word users know; it names the schema in the OpenAPI document
	Items  []APIKey `json:"items" nullable:"false" doc:"Newest first."`
	Scopes []Scope  `json:"scopes" nullable:"false" doc:"What a key can be given."`
}

// Scope is one thing that a key can be allowed to do.
type Scope struct {
	Scope string `json:"scope" doc:"The word for it." example:"messages:send"`
	Help  string `json:"help" doc:"What it allows, for people." example:"Send messages."`
}

// APIKeyCreate is the body of POST /v1/api-keys.
type APIKeyCreate struct { //nolint:revive // the word users know; it names the schema in the OpenAPI document
	Name      string     `json:"name" minLength:"1" maxLength:"100" doc:"What it is for." example:"Web shop"`
	Scopes    []string   `json:"scopes" nullable:"false" minItems:"1" maxItems:"40" enum:"messages:send,messages:read,messages:cancel,messages:redact,inbound:read,events:read,stats:read,providers:read,providers:write,routes:read,routes:write,contacts:read,contacts:write,consent:lift,inbox:read,inbox:write,autoreplies:write,webhooks:read,webhooks:write,campaigns:read,campaigns:write,senders:read,senders:write,workspace:read,credit:read" doc:"What it may do."`
	ExpiresAt *time.Time `json:"expires_at,omitempty" doc:"When it stops working; left out: never."`
}

// APIKeyCreated shows the secret of a new key, this once.
type APIKeyCreated struct { //nolint:revive // the word users know; it names the schema in the OpenAPI document
	APIKey APIKey `json:"api_key" doc:"The key."`
	Secret string `json:"secret" doc:"The secret: send it as Authorization: Bearer. It is not stored and cannot be shown again." example:"smsir…"`
}
