package api

import (
	"slices"

	"github.com/smsir/smsir"
)

// Problem is the body of every answer that is not a success (RFC 9457, application/problem+json).
// Programs decide by Code; Title, Detail and Fix are for people.
type Problem struct {
	Type      string       `json:"type" doc:"Names the kind of problem: the page that explains its code." example:"/docs#problem-not_found"`
	Title     string       `json:"title" doc:"The kind of problem in words." example:"Not found"`
	Status    int          `json:"status" doc:"The HTTP status." example:"404"`
	Detail    string       `json:"detail,omitempty" doc:"What was wrong this time." example:"There is no message with this identifier in this workspace."`
	Code      string       `json:"code" doc:"The kind of problem, stable. docs/api.md lists all of them." example:"not_found"`
	Errors    []FieldError `json:"errors,omitempty" nullable:"false" doc:"What is wrong with which field."`
	Fix       string       `json:"fix,omitempty" doc:"What to do about it."`
	Retryable bool         `json:"retryable" doc:"True when the very same request may work later."`
	Instance  string       `json:"instance,omitempty" doc:"Identifier of this occurrence, to be found in the server's log. Only of errors of the server." example:"err_01k0c2v6sf7m8x0v3w6n9d5qhe"`
	Message   *Message     `json:"message,omitempty" doc:"With too_late: the message as it stands."`
}

// FieldError says what is wrong with one field of a request.
type FieldError struct {
	Field  string `json:"field,omitempty" doc:"The field, as a path: to, messages[3].to, query.limit, header.Idempotency-Key." example:"messages[3].to"`
	Code   string `json:"code" doc:"What is wrong, as a word." example:"required"`
	Detail string `json:"detail" doc:"What is wrong, in words." example:"This field is required."`
}

// Codes of problems, beside those of package smsir.
const (
	CodeMalformed          smsir.Code = "malformed"
	CodeTooLarge           smsir.Code = "too_large"
	CodeMediaType          smsir.Code = "unsupported_media_type"
	CodeMethodNotAllowed   smsir.Code = "method_not_allowed"
	CodeRequestTimeout     smsir.Code = "request_timeout"
	CodeUnauthenticated    smsir.Code = "unauthenticated"
	CodeCredentialsWrong   smsir.Code = "credentials_wrong"
	CodeSlowDown           smsir.Code = "slow_down"
	CodePasswordWeak       smsir.Code = "password_weak"
	CodeNoWorkspace        smsir.Code = "no_workspace"
	CodeInvitationRequired smsir.Code = "invitation_required"
	CodeForbidden          smsir.Code = "forbidden"
	CodeReauthRequired     smsir.Code = "reauth_required"
	CodeSetupRequired      smsir.Code = "setup_required"
	CodeSetupCodeInvalid   smsir.Code = "setup_code_invalid"
	CodeInviteInvalid      smsir.Code = "invite_invalid"
	CodeRegistrationClosed smsir.Code = "registration_closed"
	CodeEmailTaken         smsir.Code = "email_taken"
	CodeCrossOrigin        smsir.Code = "cross_origin"
	CodeInsecureConnection smsir.Code = "insecure_connection"
	CodeCursorInvalid      smsir.Code = "cursor_invalid"
	CodeRateLimited        smsir.Code = "rate_limited"
	CodeUpgradeRequired    smsir.Code = "upgrade_required"
	CodeStopping           smsir.Code = "stopping"
	CodeInternal           smsir.Code = "internal"
)

// Kind documents one code: the status it is answered with, and what to do.
type Kind struct {
	Code      smsir.Code
	Status    int
	Title     string
	Fix       string
	Retryable bool
}

// Kinds lists every code an answer may carry, by status. docs/api.md shows the same table, and a test
// compares them.
func Kinds() []Kind { return slices.Clone(kinds) }

// KindOf finds the entry of a code; that of CodeInternal for a code that is not in the table.
func KindOf(code smsir.Code) Kind {
	for i := range kinds {
		if kinds[i].Code == code {
			return kinds[i]
		}
	}
	return kinds[len(kinds)-1]
}

var kinds = []Kind{
	{CodeMalformed, 400, "Malformed request", "Send one JSON value in UTF-8, without byte order mark, NUL, lone surrogates or repeated keys.", false},
	{CodeCursorInvalid, 400, "Invalid cursor", "Start again without a cursor, or send the cursor with the very filters it came with.", false},
	{CodeUnauthenticated, 401, "Not logged in", "Log in, or send an API key or token as Authorization: Bearer.", false},
	{CodeCredentialsWrong, 401, "Wrong email or password", "Check both. Letter case matters in the password.", false},
	{CodeForbidden, 403, "Not allowed", "Ask an owner or admin of the workspace; a key needs the scope that detail names.", false},
	{CodeReauthRequired, 403, "Password needed again", "Send the password to POST /v1/auth/reauth, then repeat the request.", false},
	{CodeSetupRequired, 403, "Setup required", "Open the setup link that the server prints, and register the first person.", false},
	{CodeSetupCodeInvalid, 403, "Setup code not valid", "Use the newest link that the server has printed; it works once and for 30 minutes.", false},
	{CodeInviteInvalid, 403, "Invitation not valid", "Ask for a new invitation: it was used, withdrawn, or has expired.", false},
	{CodeInvitationRequired, 403, "Invitation required", "Ask an owner or admin of a workspace for an invitation.", false},
	{CodeNoWorkspace, 403, "No workspace", "Ask an owner or admin of a workspace for an invitation.", false},
	{CodeRegistrationClosed, 403, "Registration closed", "Ask the operator of this server.", false},
	{CodeCrossOrigin, 403, "Cross-origin request refused", "Send the request from the server's own web app, or with an API key and without a cookie.", false},
	{CodeInsecureConnection, 403, "Connection not secure", "Use https, or the machine the server runs on; an operator may set allow_insecure_http.", false},
	{smsir.CodeNotFound, 404, "Not found", "Check the identifier and the workspace.", false},
	{CodeMethodNotAllowed, 405, "Method not allowed", "Use one of the methods in the Allow header.", false},
	{CodeRequestTimeout, 408, "Request too slow", "Send the whole body within 30 seconds.", true},
	{smsir.CodeConflict, 409, "Conflict", "Load the present state, then decide again.", false},
	{smsir.CodeTooLate, 409, "Too late", "Nothing: a provider has the message already, or it has ended.", false},
	{CodeEmailTaken, 409, "Email already registered", "Log in with this address.", false},
	{smsir.CodeClientRefUsed, 409, "client_ref already used", "Look for the message with this client_ref, or choose another.", false},
	{smsir.CodeInFlight, 409, "Same request under way", "Wait a second and repeat it with the same Idempotency-Key.", true},
	{smsir.CodeStale, 412, "Changed since", "Load the present state, then decide again; If-Match takes its ETag.", false},
	{CodeTooLarge, 413, "Request too large", "Send less at once.", false},
	{CodeMediaType, 415, "Media type not supported", "Send Content-Type: application/json.", false},
	{smsir.CodeInvalid, 422, "Not valid", "Correct the fields that errors names.", false},
	{smsir.CodeIdempotencyReuse, 422, "Idempotency-Key used for another request", "Use a new key for a new request.", false},
	{smsir.CodeOptedOut, 422, "Recipient has opted out", "Do not send to this number from this sender.", false},
	{smsir.CodeNoCredit, 422, "Not enough credit", "Send less, or ask an owner of the workspace or an operator to add credit.", false},
	{CodeUpgradeRequired, 426, "Not a stream", "Connect with a WebSocket (version 13), or send Accept: text/event-stream.", false},
	{CodePasswordWeak, 422, "Password too weak", "Choose 8 or more characters that are not a well-known password; 15 or more are advised.", false},
	{CodeSlowDown, 429, "Too many failed attempts", "Wait as long as Retry-After says.", true},
	{CodeRateLimited, 429, "Too many requests", "Wait as long as Retry-After says.", true},
	{smsir.CodeLimitReached, 429, "Limit of the workspace reached", "Wait as long as Retry-After says, or ask an owner or admin to raise the limit that errors names.", false},
	{smsir.CodeQueueFull, 429, "Queue full", "Wait until messages of this workspace have gone out.", true},
	{CodeStopping, 503, "Server is stopping", "Repeat the request in a few seconds, with the same Idempotency-Key.", true},
	{smsir.CodeStorageDown, 503, "Storage unavailable", "Repeat the request later, with the same Idempotency-Key.", true},
	{smsir.CodeCommitUnknown, 503, "Outcome of the commit unknown", "Repeat the request with the same Idempotency-Key; without one, look for the message first.", true},
	{smsir.CodeStorageFull, 507, "Storage full", "The operator must free disk space.", true},
	{CodeInternal, 500, "Server error", "Repeat it once; if it stays, give the operator the identifier in instance.", true},
}
