package carrier

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fault is one thing that goes wrong, and for whom. Its text is NAME[:ARGUMENT]@WHO, where WHO is p=0.01, a probability,
// or to=+447700900123, a recipient; a recipient that ends in * stands for all that begin so.
type Fault struct {
	Name string
	Arg  string
	P    float64 // of a submission that no rule for its recipient concerns; 0: To decides
	To   string
}

// Names of faults. The argument, where there is one, stands behind a colon.
const (
	FaultRefuse     = "refuse"   // :CODE  an explicit refusal with a code of the provider's
	FaultThrottle   = "throttle" // :SECONDS  too many requests; Retry-After if given
	FaultDrop       = "drop"     // taken; the connection is closed without an answer
	FaultReset      = "reset"    // :BYTES  taken; the connection is reset after so many bytes of the answer
	FaultError      = "error"    // :STATUS  taken; the answer is an error of the server (500)
	FaultLost       = "lost"     // :STATUS  not taken; the answer is an error of the server (503)
	FaultCut        = "cut"      // not taken: reset before the request is read
	FaultHang       = "hang"     // :DURATION  taken; the answer comes so late (10 minutes)
	FaultSlow       = "slow"     // :DURATION  taken; so long between two bytes of the answer (5 ms)
	FaultGarbage    = "garbage"  // taken; a 200 with a page of HTML
	FaultTwice      = "twice"    // taken; the answer leaves twice on the connection
	FaultHuge       = "huge"     // taken; the answer is 10 MB long
	FaultRedirect   = "redirect" // :STATUS  not taken; a redirect to another address of the carrier (307)
	FaultEarly      = "early"    // the final report comes before the answer
	FaultReceipts   = "receipts" // :N  every report comes N times
	FaultShuffled   = "shuffled" // the reports come in any order, each twice
	FaultLate       = "late"     // :DURATION  the reports come so much later
	FaultMute       = "mute"     // no report
	FaultFails      = "undelivered"
	FaultExpires    = "expired"
	FaultNonSend    = "nonsend"    // a report that the message never left the carrier, where the face has a word for it
	FaultContradict = "contradict" // undelivered, and then delivered
	FaultReply      = "reply"      // delivered, and the handset replies
)

// names lists them all, each with whether it takes an argument and of what kind.
func names() map[string]string {
	return map[string]string{
		FaultRefuse: "text", FaultThrottle: "number?", FaultDrop: "", FaultReset: "number?", FaultError: "number?", FaultLost: "number?",
		FaultCut: "", FaultHang: "duration?", FaultSlow: "duration?", FaultGarbage: "", FaultTwice: "", FaultHuge: "",
		FaultRedirect: "number?", FaultEarly: "", FaultReceipts: "number", FaultShuffled: "", FaultLate: "duration", FaultMute: "",
		FaultFails: "", FaultExpires: "", FaultNonSend: "", FaultContradict: "", FaultReply: "",
	}
}

// Names lists the faults, sorted.
func Names() []string {
	var all []string
	for name := range names() {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

// ParseFault reads the text of a fault.
func ParseFault(text string) (f Fault, err error) {
	what, who, found := strings.Cut(text, "@")
	if !found {
		return f, fmt.Errorf("fault %q: say for whom, such as @p=0.01 or @to=+447700900123", text)
	}
	f.Name, f.Arg, _ = strings.Cut(what, ":")
	kind, known := names()[f.Name]
	if !known {
		return f, fmt.Errorf("fault %q: there is no fault %q; there are %s", text, f.Name, strings.Join(Names(), ", "))
	}
	if err := checkArg(kind, f.Arg); err != nil {
		return f, fmt.Errorf("fault %q: %w", text, err)
	}
	switch key, value, _ := strings.Cut(who, "="); key {
	case "p":
		f.P, err = strconv.ParseFloat(value, 64)
		if err != nil || math.IsNaN(f.P) || f.P <= 0 || f.P > 1 {
			return f, fmt.Errorf("fault %q: %q is no probability above 0 and up to 1", text, value)
		}
	case "to":
		if !strings.HasPrefix(value, "+") {
			return f, fmt.Errorf("fault %q: the recipient %q does not begin with +", text, value)
		}
		f.To = value
	default:
		return f, fmt.Errorf("fault %q: say @p=… or @to=…", text)
	}
	return f, nil
}

func checkArg(kind, arg string) error {
	kind, optional := strings.CutSuffix(kind, "?")
	switch {
	case arg == "" && (optional || kind == ""):
		return nil
	case kind == "":
		return fmt.Errorf("it takes no argument")
	case arg == "":
		return fmt.Errorf("it needs an argument: NAME:%s", strings.ToUpper(kind))
	case kind == "number":
		if n, err := strconv.Atoi(arg); err != nil || n < 0 {
			return fmt.Errorf("%q is no number", arg)
		}
	case kind == "duration":
		if d, err := time.ParseDuration(arg); err != nil || d < 0 {
			return fmt.Errorf("%q is no duration such as 5s", arg)
		}
	}
	return nil
}

// ParseFaults reads several.
func ParseFaults(texts []string) ([]Fault, error) {
	all := make([]Fault, len(texts))
	sum := 0.0
	for i, text := range texts {
		var err error
		if all[i], err = ParseFault(text); err != nil {
			return nil, err
		}
		sum += all[i].P
	}
	if sum > 1.000001 {
		return nil, fmt.Errorf("the probabilities of the faults add up to %g, more than 1", sum)
	}
	return all, nil
}

// String is the text that [ParseFault] reads.
func (f Fault) String() string {
	what := f.Name
	if f.Arg != "" {
		what += ":" + f.Arg
	}
	if f.To != "" {
		return what + "@to=" + f.To
	}
	return what + "@p=" + strconv.FormatFloat(f.P, 'g', -1, 64)
}

// number and duration are the argument; checkArg has looked at it.
func (f Fault) number(otherwise int) int {
	if n, err := strconv.Atoi(f.Arg); err == nil {
		return n
	}
	return otherwise
}

func (f Fault) duration(otherwise time.Duration) time.Duration {
	if d, err := time.ParseDuration(f.Arg); err == nil {
		return d
	}
	return otherwise
}

func (f Fault) concerns(to string) bool {
	if f.To == "" {
		return false
	}
	if start, any := strings.CutSuffix(f.To, "*"); any {
		return strings.HasPrefix(to, start)
	}
	return f.To == to
}

// choose finds the fault of a submission: the first rule for its recipient, or else what chance (in [0,1)) picks; the
// zero Fault for none.
func choose(faults []Fault, to string, chance float64) Fault {
	for _, f := range faults {
		if f.concerns(to) {
			return f
		}
	}
	for _, f := range faults {
		if f.To != "" {
			continue
		}
		if chance < f.P {
			return f
		}
		chance -= f.P
	}
	return Fault{}
}

// takes reports whether the carrier has the message in spite of the fault.
func (f Fault) takes() bool {
	switch f.Name {
	case FaultRefuse, FaultThrottle, FaultLost, FaultCut, FaultRedirect:
		return false
	}
	return true
}
