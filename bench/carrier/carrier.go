package carrier

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Options of [Open]; the zero value is good.
type Options struct {
	Seed   uint64 // decides every random choice, together with the submission
	Faults []Fault
	// Answer and Report are the shortest and longest time to an answer, and from there to the first report. Zero: 1 to
	// 20 ms, and 50 to 800 ms.
	Answer, Report [2]time.Duration
	// Secret signs reports of faces that sign.
	Secret string
	// Callbacks are the addresses for reports of faces whose submissions name none, by face.
	Callbacks map[string]string
	Log       *slog.Logger // nil: nothing
}

// Carrier is the outside world. Make one with [Open]; it is an [http.Handler]. Safe for concurrent use.
type Carrier struct {
	opt    Options
	ledger *Ledger
	log    *slog.Logger
	mux    *http.ServeMux
	client *http.Client
	ctx    context.Context // ends with Close
	end    context.CancelFunc
	work   sync.WaitGroup

	mu        sync.Mutex
	closed    bool
	faults    []Fault
	callbacks map[string]string
	taken     []*taken          // in the order of arrival
	byKey     map[string]*taken // of faces that dedupe
	seen      map[string]int    // submissions, by face, recipient, text and key: each draws anew

	stats struct{ submissions, taken, reports, acks, owed atomic.Int64 }
}

// taken is a message that the carrier has.
type taken struct {
	*call
	reference string
	at        time.Time
}

// call is one submission as a face has read it.
type call struct {
	face     face
	account  string
	key      string
	to       string // E.164
	from     string
	text     string
	callback string // where reports go
	wish     string // what the client wants to be told besides, such as its own reference
}

// reply is an answer, before a fault is done to it.
type reply struct {
	status int
	header map[string]string
	body   string
}

// face is one provider's interface.
type face interface {
	name() string
	routes(c *Carrier)
	// accepted and refused make the answers to a submission; throttled that to one too many.
	accepted(t *taken) reply
	refused(s *call, code string) reply
	throttled(s *call, retryAfter int) reply
	// reference makes the id of the n-th message.
	reference(n int, draw uint64) string
	// report and reply make the calls that tell of a message, nil if the face has no word for it.
	report(c *Carrier, t *taken, r *report) *http.Request
	reply(c *Carrier, t *taken, reference, text string) *http.Request
	// parts is how many ids the answer names, each reported by itself: 1, but for faces that name one for each segment.
	parts(t *taken) int
	// dedupes says that a key that was taken before is not taken again.
	dedupes() bool
}

// Open opens a carrier whose ledger is the file at path. Call Close when nobody will ask it any more.
func Open(path string, opt Options) (*Carrier, error) {
	ledger, err := OpenLedger(path)
	if err != nil {
		return nil, err
	}
	if opt.Answer == ([2]time.Duration{}) {
		opt.Answer = [2]time.Duration{time.Millisecond, 20 * time.Millisecond}
	}
	if opt.Report == ([2]time.Duration{}) {
		opt.Report = [2]time.Duration{50 * time.Millisecond, 800 * time.Millisecond}
	}
	c := &Carrier{
		opt: opt, ledger: ledger, log: opt.Log, mux: http.NewServeMux(), faults: opt.Faults, callbacks: map[string]string{},
		byKey: map[string]*taken{}, seen: map[string]int{},
		client: &http.Client{
			Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	for name, address := range opt.Callbacks {
		c.callbacks[name] = address
	}
	c.ctx, c.end = context.WithCancel(context.Background())
	for _, f := range []face{twilio{}, vonage{}, africasTalking{}, generic{}} {
		f.routes(c)
	}
	c.control()
	return c, nil
}

// ServeHTTP implements [http.Handler].
func (c *Carrier) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.mux.ServeHTTP(w, r) }

// Close gives up what the carrier owes and closes its ledger. Shut the server down first.
func (c *Carrier) Close() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.end()
	c.work.Wait()
	c.client.CloseIdleConnections()
	return c.ledger.Close()
}

// SetFaults changes what goes wrong from now on, and returns what went wrong until now.
func (c *Carrier) SetFaults(faults []Fault) (before []Fault) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before, c.faults = c.faults, faults
	return before
}

// SetCallback says where a face whose submissions name no address hands in its reports.
func (c *Carrier) SetCallback(face, address string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.callbacks[face] = address
}

// Owed is how many reports and replies nobody has acknowledged yet, due or not.
func (c *Carrier) Owed() int { return int(c.stats.owed.Load()) }

// Taken is how many messages the carrier has.
func (c *Carrier) Taken() int { return int(c.stats.taken.Load()) }

// Reports is how many reports it has handed in, each repetition counted.
func (c *Carrier) Reports() int { return int(c.stats.reports.Load()) }

// maxBody bounds a request.
const maxBody = 1 << 20

// body reads a request.
func body(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	return b, err == nil
}

// take decides about a submission, writes it down, and answers.
func (c *Carrier) take(w http.ResponseWriter, r *http.Request, s *call) {
	d := c.draws(s)
	c.mu.Lock()
	f := choose(c.faults, s.to, d.unit(drawFault))
	if s.callback == "" {
		s.callback = c.callbacks[s.face.name()]
	}
	c.mu.Unlock()
	if f.Name == FaultCut {
		hangUp(w) // nothing was taken, and the request was read only because TCP had it
		return
	}
	sum := sha256.Sum256([]byte(s.text))
	e := Entry{
		Kind: Submission, At: now(), Face: s.face.name(), Account: s.account, Key: s.key, To: s.to, From: s.from,
		TextSHA256: hex.EncodeToString(sum[:]), Segments: Segments(s.text), Verdict: Refused, Fault: f.Name,
	}
	var answer reply
	var t *taken
	switch before := c.before(s); {
	case before != nil:
		e.Verdict, e.Reference = Repeated, before.reference
		answer = s.face.accepted(before)
	case f.takes():
		t = c.keep(s, d)
		e.Verdict, e.Reference, e.Parts = Accepted, t.reference, max(1, s.face.parts(t))
		answer = s.face.accepted(t)
	case f.Name == FaultRefuse:
		e.Code = f.Arg
		answer = s.face.refused(s, f.Arg)
	case f.Name == FaultThrottle:
		e.Code = "throttled"
		answer = s.face.throttled(s, f.number(0))
	case f.Name == FaultRedirect:
		answer = reply{status: f.number(http.StatusTemporaryRedirect), header: map[string]string{"Location": "/elsewhere"}}
	default:
		answer = reply{status: f.number(http.StatusServiceUnavailable), body: "Service Unavailable"}
	}
	if err := c.ledger.Append(&e, true); err != nil {
		c.log.Error("a submission could not be written down; it was not taken", "err", err)
		if t != nil {
			c.forget(t)
		}
		hangUp(w)
		return
	}
	c.stats.submissions.Add(1)
	var early *report
	if t != nil {
		c.stats.taken.Add(1)
		early = c.plan(t, f, d)
	}
	c.answer(w, r, f, answer, d, early)
}

// before finds the message that a key stands for, in a face that dedupes.
func (c *Carrier) before(s *call) *taken {
	if !s.face.dedupes() || s.key == "" {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.byKey[s.face.name()+" "+s.account+" "+s.key]
}

func (c *Carrier) keep(s *call, d draws) *taken {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := &taken{call: s, at: now(), reference: s.face.reference(len(c.taken)+1, d.number(drawReference))}
	c.taken = append(c.taken, t)
	if s.face.dedupes() && s.key != "" {
		c.byKey[s.face.name()+" "+s.account+" "+s.key] = t
	}
	return t
}

func (c *Carrier) forget(t *taken) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := len(c.taken) - 1; i >= 0; i-- {
		if c.taken[i] == t {
			c.taken = append(c.taken[:i], c.taken[i+1:]...)
		}
	}
	delete(c.byKey, t.face.name()+" "+t.account+" "+t.key)
}

// now is the time of an entry.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// draws are the random choices about one submission. They depend on the seed, on what is submitted and on how often it
// was, not on what else happens.
type draws struct{ base uint64 }

// Purposes of draws.
const (
	drawFault = iota
	drawReference
	drawAnswer
	drawReport
	drawOrder
	drawCopies = 100 // and those above it
)

func (c *Carrier) draws(s *call) draws {
	what := s.face.name() + "\x00" + s.to + "\x00" + s.text + "\x00" + s.key
	c.mu.Lock()
	n := c.seen[what]
	c.seen[what]++
	c.mu.Unlock()
	h := fnv.New64a()
	fmt.Fprintf(h, "%d\x00%s\x00%d", c.opt.Seed, what, n)
	return draws{h.Sum64()}
}

// number draws for a purpose (splitmix64).
func (d draws) number(purpose int) uint64 {
	z := d.base + uint64(purpose+1)*0x9E3779B97F4A7C15 //nolint:gosec // never negative
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func (d draws) unit(purpose int) float64 { return float64(d.number(purpose)>>11) / (1 << 53) }

func (d draws) within(purpose int, r [2]time.Duration) time.Duration {
	return r[0] + time.Duration(d.unit(purpose)*float64(r[1]-r[0]))
}
