package outcall

import (
	"net/http"
	"strconv"
	"time"

	"github.com/smsir/smsir"
)

// Negative is an answer to a submission in which the adapter found no yes.
type Negative struct {
	Provider string             // its title, for the sentences
	Code     string             // its code, word for word; "" when it gives none, and then nothing is certain
	Text     string             // its words
	Class    smsir.FailureClass // what the adapter's table makes of the code
	Note     string             // likewise: a sentence for people
	Mapped   bool               // the table has the code
}

// Judge tells what such an answer means. Only two things are certain: that a provider which asks to slow down has not
// taken the message, and that one which names a code of its own has refused it. A server error is never certain.
func (r Response) Judge(n Negative, now time.Time) *smsir.SendError {
	e := &smsir.SendError{ProviderCode: n.Code, ProviderText: n.Text}
	if n.Code == "" {
		e.ProviderCode = "HTTP " + strconv.Itoa(r.Status)
	}
	certain := n.Code != "" && n.Class != smsir.ClassUnknown && (r.Status/100 == 2 || r.Status/100 == 4)
	switch {
	case r.Status == http.StatusTooManyRequests || certain && n.Class == smsir.ClassThrottle:
		e.State, e.Class, e.Code, e.Text = smsir.AttemptNotSent, smsir.ClassThrottle, "throttled", n.Provider+" asks to slow down."
		e.RetryAfter = RetryAfter(r.Header, now)
	case certain:
		e.State, e.Class, e.Code, e.Text, e.Unmapped = smsir.AttemptRefused, n.Class, "refused", n.Note, !n.Mapped
		if n.Class == smsir.ClassRetry {
			e.RetryAfter = RetryAfter(r.Header, now)
		}
	case r.Status/100 == 2:
		e.Code, e.Text = "no_reference", n.Provider+" answered, but without the id of a message."
	case r.Status/100 == 3:
		e.Code, e.Text = "redirected", "The address of the API leads elsewhere. Check the setting."
	default:
		e.Code, e.Text = "no_answer", n.Provider+" gave no answer that tells what became of the message."
	}
	if e.State == 0 {
		e.State, e.Class = smsir.AttemptUnknown, smsir.ClassUnknown
	}
	return e
}
