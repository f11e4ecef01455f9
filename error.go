package smsir

import (
	"errors"
	"fmt"
)

// Error is a failure that people and programs may read: a stable code and a sentence that says how
// to put it right. Its cause, if any, stays inside.
type Error struct {
	Code  Code
	Text  string
	Field string // of the request, "" when it concerns the whole
	Err   error

	// Cause is finer than Code, for programs that say it in another language: a stable word, with the Params that its sentence
	// needs. "" where there is none.
	Cause  string
	Params map[string]string
}

// Code is stable and documented; one function in the HTTP door turns it into a status.
type Code string

// Codes shared by stages and doors. The API lists more of them, for requests.
const (
	CodeNotFound         Code = "not_found"
	CodeInvalid          Code = "invalid"
	CodeConflict         Code = "conflict"
	CodeStale            Code = "stale" // what is to be changed has changed since it was read
	CodeTooLate          Code = "too_late"
	CodeIdempotencyReuse Code = "idempotency_key_reused"
	CodeInFlight         Code = "request_in_flight"
	CodeClientRefUsed    Code = "client_ref_used"
	CodeQueueFull        Code = "queue_full"
	CodeStorageFull      Code = "insufficient_storage"
	CodeStorageDown      Code = "storage_unavailable"
	CodeCommitUnknown    Code = "commit_unknown"
	CodeOptedOut         Code = "recipient_opted_out"
	CodeLimitReached     Code = "limit_reached" // a workspace's own limit on what it sends or spends
	CodeNoCredit         Code = "no_credit"     // the credit of a workspace does not reach for what it wants to send
	CodeCallbackRefused  Code = "callback_refused"

	CodeCredentialsRefused  Code = "credentials_refused"  // by a provider
	CodeProviderUnreachable Code = "provider_unreachable" // no usable answer from a provider
)

// Error implements error: the sentence, and the cause behind it.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %v", e.Text, e.Err)
	}
	return e.Text
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an [Error] of a code and a sentence.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, args...)}
}

// Because adds the cause of an error, with the names and values of its parameters.
func (e *Error) Because(cause string, params ...string) *Error {
	e.Cause = cause
	for i := 0; i+1 < len(params); i += 2 {
		if e.Params == nil {
			e.Params = make(map[string]string, len(params)/2)
		}
		e.Params[params[i]] = params[i+1]
	}
	return e
}

// CodeOf is the code of the first [Error] in err's chain, or "".
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// Unavailable reports whether an error says that the storage could not do its part: nothing about what was asked for is wrong,
// and it may work later.
func Unavailable(err error) bool {
	switch CodeOf(err) {
	case CodeStorageDown, CodeStorageFull, CodeCommitUnknown:
		return true
	}
	return false
}
