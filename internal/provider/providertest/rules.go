package providertest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/smsir/smsir"
)

// outcomeFaults says what is wrong with what Send returned, whatever was sent. It gives the error as the type that it
// must have, nil when there is none.
func outcomeFaults(got smsir.Accepted, err error) (failure *smsir.SendError, faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if err == nil {
		return nil, referenceFaults(got.References)
	}
	if !errors.As(err, &failure) {
		fault("got an error of type %T (%v), want a *smsir.SendError: anything else counts as unknown", err, err)
		return &smsir.SendError{State: smsir.AttemptUnknown, Class: smsir.ClassUnknown, Err: err}, faults
	}
	if len(got.References) > 0 || got.NoReceipt {
		fault("got %+v together with the error %v, want the zero Accepted", got, err)
	}
	return failure, append(faults, errorFaults(failure)...)
}

func referenceFaults(references []string) (faults []string) {
	for i, r := range references {
		if r == "" {
			faults = append(faults, fmt.Sprintf("reference %d of %q is empty, want only ids that the provider gave", i, references))
		}
		if slices.Contains(references[:i], r) {
			faults = append(faults, fmt.Sprintf("reference %q comes twice in %q", r, references))
		}
	}
	return faults
}

// errorFaults checks the classification: which classes of failure go with which state.
func errorFaults(e *smsir.SendError) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	classes := map[smsir.AttemptState][]smsir.FailureClass{
		smsir.AttemptNotSent: {smsir.ClassRetry, smsir.ClassThrottle, smsir.ClassConfig, smsir.ClassPermanent},
		smsir.AttemptRefused: {smsir.ClassRetry, smsir.ClassThrottle, smsir.ClassConfig, smsir.ClassPermanent, smsir.ClassBlocked, smsir.ClassRecipientTemp},
		smsir.AttemptUnknown: {smsir.ClassUnknown},
	}
	if fits, known := classes[e.State]; !known {
		fault("got state %v, want not_sent, refused or unknown", e.State)
	} else if !slices.Contains(fits, e.Class) {
		fault("got state %v with class %q, want one of %q", e.State, e.Class, fits)
	}
	if !regexp.MustCompile(`^[a-z][a-z0-9_]*$`).MatchString(e.Code) {
		fault("got code %q, want a word such as no_answer", e.Code)
	}
	if e.Text == "" {
		fault("got no text for people")
	}
	if e.State == smsir.AttemptRefused && e.ProviderCode == "" && e.ProviderText == "" {
		fault("refused, but neither the provider's code nor its text is kept")
	}
	waits := []smsir.FailureClass{smsir.ClassRetry, smsir.ClassThrottle, smsir.ClassConfig}
	if e.RetryAfter < 0 || e.RetryAfter > 0 && !slices.Contains(waits, e.Class) {
		fault("got RetryAfter %v with class %q, want 0", e.RetryAfter, e.Class)
	}
	return faults
}

// kindFaults says what is wrong with how a kind describes itself.
func kindFaults(k smsir.ProviderKind) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	word := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	if !word.MatchString(k.Name) {
		fault("name %q: want a word in lower case", k.Name)
	}
	if k.Title == "" || k.Help == "" {
		fault("title %q, help %q: want both", k.Title, k.Help)
	}
	if k.Window < 1 {
		fault("window %d: want at least 1", k.Window)
	}
	if k.Open == nil {
		fault("Open is missing")
	}
	names := map[string]bool{}
	for _, f := range k.Fields {
		if !word.MatchString(f.Name) || names[f.Name] {
			fault("field %q: want a word in lower case that no other field has", f.Name)
		}
		names[f.Name] = true
		for _, text := range fieldFaults(f) {
			fault("field %q: %s", f.Name, text)
		}
	}
	addresses := map[string]bool{}
	for _, a := range k.Addresses {
		if !regexp.MustCompile(`^\+[0-9]{7,15}$`).MatchString(a.Address) || addresses[a.Address] || a.Does == "" {
			fault("address %q (%q): want a number in E.164 that stands there once, with what it does", a.Address, a.Does)
		}
		addresses[a.Address] = true
	}
	if len(k.Addresses) > 0 && !k.TestOnly {
		fault("a kind that reaches phones has no test addresses")
	}
	return faults
}

func fieldFaults(f smsir.Field) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if f.Label == "" || f.Help == "" {
		fault("label %q, help %q: want both", f.Label, f.Help)
	}
	types := []string{"text", "textarea", "password", "number", "url", "select", "checkbox"}
	if !slices.Contains(types, f.Type) {
		fault("type %q: want one of %q", f.Type, types)
	}
	if secret := f.Type == "password"; secret != f.Secret && !(f.Secret && f.Type == "text") { // a private key has lines
		fault("secret %v with type %q: a secret is a password, or a text if it has lines, and nothing else is", f.Secret, f.Type)
	}
	if f.Secret && f.Default != "" {
		fault("a secret has a default")
	}
	if (f.Type == "select") != (len(f.Options) > 0) {
		fault("type %q with options %q: a select has options, and nothing else has", f.Type, f.Options)
	}
	if f.Default != "" && len(f.Options) > 0 && !slices.Contains(f.Options, f.Default) {
		fault("default %q is none of %q", f.Default, f.Options)
	}
	pattern, err := regexp.Compile("^(?:" + f.Pattern + ")$")
	if err != nil {
		fault("pattern %q: %v", f.Pattern, err)
	} else if f.Pattern != "" && f.Default != "" && !pattern.MatchString(f.Default) {
		fault("default %q does not match pattern %q", f.Default, f.Pattern)
	}
	if strings.HasPrefix(f.Pattern, "^") || strings.HasSuffix(f.Pattern, "$") {
		fault("pattern %q: it covers the whole value without ^ and $", f.Pattern)
	}
	return faults
}

// receiptFaults says what is wrong with a receipt about s, which the far side accepted with the given references.
func receiptFaults(r smsir.Receipt, provider smsir.UUID, s smsir.Submission, references []string) (faults []string) {
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	if r.Provider != provider {
		fault("provider %x, want %x", r.Provider, provider)
	}
	if r.Attempt != s.Attempt && !slices.Contains(references, r.Reference) {
		fault("attempt %d and reference %q, want attempt %d or a reference of %q", r.Attempt, r.Reference, s.Attempt, references)
	}
	if r.Attempt != 0 && r.Attempt != s.Attempt {
		fault("attempt %d, want %d or 0", r.Attempt, s.Attempt)
	}
	if r.To != "" && r.To != s.To {
		fault("recipient %q, want %q", r.To, s.To)
	}
	reported := []smsir.Status{smsir.Sent, smsir.Delivered, smsir.Undelivered, smsir.Expired}
	if !slices.Contains(reported, r.Status) {
		fault("status %v, want one of %v", r.Status, reported)
	}
	if r.ArrivedAt.IsZero() {
		fault("no time of arrival")
	}
	if len(r.Raw) == 0 || len(r.Raw) > 4096 {
		fault("%d bytes of raw report, want 1 to 4096", len(r.Raw))
	}
	if (r.Status == smsir.Undelivered || r.Status == smsir.Expired) && r.Error == nil {
		fault("status %v without an error that says why", r.Status)
	}
	if r.ID != 0 {
		fault("id %d, want 0: the store gives it", r.ID)
	}
	return faults
}
