package account

import (
	"errors"
	"fmt"
	"time"

	"github.com/smsir/smsir"
)

// Codes of the errors of this package, beside the shared ones of package smsir (invalid, not_found, conflict). They
// are stable. The HTTP status that fits stands beside each.
const (
	CodeUnauthenticated    smsir.Code = "unauthenticated"     // 401: no credential, or one that is not valid (any more)
	CodeCredentialsWrong   smsir.Code = "credentials_wrong"   // 401: email and password do not fit; never says which
	CodeSlowDown           smsir.Code = "slow_down"           // 429: see [RetryAfter]
	CodePasswordWeak       smsir.Code = "password_weak"       // 422: Field "password" or "new_password"
	CodeSetupCodeInvalid   smsir.Code = "setup_code_invalid"  // 403: Field "setup_code"
	CodeRegistrationClosed smsir.Code = "registration_closed" // 403: nobody may register
	CodeInvitationRequired smsir.Code = "invitation_required" // 403: only who was invited may register; Field "invite"
	CodeInviteInvalid      smsir.Code = "invite_invalid"      // 403: unknown, used or expired; Field "invite" (or "email")
	CodeEmailTaken         smsir.Code = "email_taken"         // 409: Field "email"
	CodeReauthRequired     smsir.Code = "reauth_required"     // 403: give the password again ([Service.Reauthenticate])
	CodeForbidden          smsir.Code = "forbidden"           // 403: the role or the scopes do not allow it
	CodeNoWorkspace        smsir.Code = "no_workspace"        // 403: the person belongs to no workspace (any more)
	CodeSetupRequired      smsir.Code = "setup_required"      // 403: nobody has registered yet; for doors, see [Service.Claimed]
)

// retryAfter is the cause inside a CodeSlowDown error.
type retryAfter time.Duration

func (r retryAfter) Error() string {
	return fmt.Sprintf("retry after %s", time.Duration(r))
}

// RetryAfter is the time that err, of code slow_down, asks to wait: whole seconds, at least one. 0 when err does not
// ask for any.
func RetryAfter(err error) time.Duration {
	var r retryAfter
	if !errors.As(err, &r) {
		return 0
	}
	return max(time.Second, (time.Duration(r) + time.Second - 1).Truncate(time.Second))
}

func slowDown(wait time.Duration) error {
	e := &smsir.Error{Code: CodeSlowDown, Err: retryAfter(wait)}
	e.Text = fmt.Sprintf("Too many attempts. Wait %d seconds and try again.", int(RetryAfter(e)/time.Second))
	return e
}

// fault makes an [smsir.Error] about one field of the request.
func fault(code smsir.Code, field, format string, args ...any) error {
	e := smsir.Errorf(code, format, args...)
	e.Field = field
	return e
}
