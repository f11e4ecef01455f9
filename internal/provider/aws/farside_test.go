package aws

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/provider/providertest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	keyID    = "AKIDEXAMPLE000000"
	region   = "eu-west-1"
	sender   = "+12025550130"
	topic    = "arn:aws:sns:eu-west-1:000000000001:receipts"
	callback = "https://sms.example.com/callbacks/prv_1/abc"
	message1 = "567910cd-659e-55d4-8ccb-5aaf14679dc0"
	attempt  = smsir.ID(4711)
)

// Numbers with a part to play.
const (
	takes    = "+12025550120"
	hangs    = "+12025550121"
	resets   = "+12025550122"
	garbage  = "+12025550123"
	noID     = "+12025550124"
	broken   = "+12025550125" // HTTP 500
	invalidN = "+12025550126"
	noLogin  = "+12025550127"
	slowDown = "+12025550128" // HTTP 400
	page     = "+12025550131"
	elsewher = "+12025550132"
	tooMany  = "+12025550133" // HTTP 429
)

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

func (a *account) Close() { a.http.Close() }

// signatureFits makes the signature of a request anew, of what arrived, as the standard says and not by our signer's own
// reading of it.
func signatureFits(c providertest.Call, host, secret, service string) bool {
	auth := c.Header.Get("Authorization")
	var scope, signed, signature string
	if _, err := fmt.Sscanf(strings.NewReplacer(",", "").Replace(auth), "AWS4-HMAC-SHA256 Credential="+keyID+"/%s SignedHeaders=%s Signature=%s", &scope, &signed, &signature); err != nil {
		return false
	}
	stamp := c.Header.Get("X-Amz-Date")
	if len(stamp) != 16 || scope != stamp[:8]+"/"+region+"/"+service+"/aws4_request" || !strings.Contains(signed, "host") || !strings.Contains(signed, "x-amz-date") || !strings.Contains(signed, "content-type") {
		return false
	}
	lines := []string{c.Method, c.Path, ""}
	for name := range strings.SplitSeq(signed, ";") {
		value := c.Header.Get(name)
		if name == "host" {
			value = host
		}
		lines = append(lines, name+":"+value)
	}
	body := sha256.Sum256(c.Body)
	lines = append(lines, "", signed, hex.EncodeToString(body[:]))
	hash := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	key := mac(mac(mac(mac([]byte("AWS4"+secret), stamp[:8]), region), service), "aws4_request")
	return signature == hex.EncodeToString(mac(key, "AWS4-HMAC-SHA256\n"+stamp+"\n"+scope+"\n"+hex.EncodeToString(hash[:])))
}

// recipient and text of a call to either service.
func submitted(c providertest.Call) (to, text string) {
	if c.Method != http.MethodPost {
		return "", ""
	}
	if strings.HasPrefix(c.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return c.Form().Get("PhoneNumber"), c.Form().Get("Message")
	}
	var m textMessage
	_ = json.Unmarshal(c.Body, &m)
	return m.To, m.Body
}

// newFar is AWS, scripted by the recipient's number: End User Messaging, or SNS.
func newFar(t testing.TB, sns bool) *providertest.Far {
	var taken atomic.Int64
	return providertest.NewFar(t, func(f *providertest.Far, w http.ResponseWriter, c providertest.Call) {
		refuse := func(status int, code, words string) {
			if sns {
				w.Header().Set("Content-Type", "text/xml")
				w.WriteHeader(status)
				_, _ = fmt.Fprintf(w, `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>r</RequestId></ErrorResponse>`, code, html.EscapeString(words))
				return
			}
			w.Header().Set("Content-Type", "application/x-amz-json-1.0")
			w.WriteHeader(status)
			_ = json.NewEncoder(w).Encode(map[string]any{"__type": "com.amazonaws.pinpointsmsvoicev2#" + code, "message": words})
		}
		service := "sms-voice"
		if sns {
			service = "sns"
		}
		host, _ := url.Parse(f.URL)
		if !signatureFits(c, host.Host, exampleSecret, service) {
			refuse(403, "SignatureDoesNotMatch", "The request signature does not match")
			return
		}
		to, _ := submitted(c)
		id := fmt.Sprintf("567910cd-659e-55d4-8ccb-%012x", taken.Add(1))
		switch to {
		case hangs:
			f.Hang()
		case resets:
			f.Reset(w)
		case garbage:
			_, _ = io.WriteString(w, `{"MessageId": "5679`)
		case noID:
			_, _ = io.WriteString(w, map[bool]string{true: `<PublishResponse><PublishResult></PublishResult></PublishResponse>`, false: `{}`}[sns])
		case broken:
			refuse(500, "InternalServerException", "oh")
		case invalidN:
			refuse(400, map[bool]string{true: "InvalidParameter", false: "ValidationException"}[sns], "The number is not valid")
		case noLogin:
			refuse(403, map[bool]string{true: "InvalidClientTokenId", false: "UnrecognizedClientException"}[sns], "The security token included in the request is invalid.")
		case slowDown:
			refuse(400, map[bool]string{true: "Throttling", false: "ThrottlingException"}[sns], "Rate exceeded")
		case tooMany:
			w.Header().Set("Retry-After", "7")
			w.WriteHeader(http.StatusTooManyRequests)
		case page:
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, "<html>Access denied by your proxy</html>")
		case elsewher:
			w.Header().Set("Location", f.URL+"/elsewhere")
			w.WriteHeader(http.StatusTemporaryRedirect)
		default:
			if sns {
				w.Header().Set("Content-Type", "text/xml")
				_, _ = fmt.Fprintf(w, `<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>%s</MessageId></PublishResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></PublishResponse>`, id)
				return
			}
			w.Header().Set("Content-Type", "application/x-amz-json-1.0")
			_ = json.NewEncoder(w).Encode(map[string]any{"MessageId": id})
		}
	})
}

func settings(base string, sns bool, change ...string) map[string]string {
	s := map[string]string{settingService: serviceEUM, settingRegion: region, settingID: keyID, settingSecret: exampleSecret, settingSender: sender, settingBase: base}
	if sns {
		s[settingService] = serviceSNS
	}
	for i := 0; i+1 < len(change); i += 2 {
		s[change[i]] = change[i+1]
	}
	return s
}

func newAccount(t testing.TB, f *providertest.Far, sns bool, change ...string) *account {
	t.Helper()
	p, err := newKind(options{now: clock, sns: f.URL}).Open(smsir.ProviderConfig{ID: smsir.UUID{1}, Settings: settings(f.URL, sns, change...), CallbackURL: callback})
	if err != nil {
		t.Fatal(err)
	}
	a := p.(*account)
	t.Cleanup(a.Close)
	return a
}

func conformance(t *testing.T, sns bool, invalid, login, throttled string) {
	const timer = 2 * time.Second
	providertest.Run(t, providertest.Harness{
		Start: func(t testing.TB) *providertest.World {
			f := newFar(t, sns)
			return f.World(t, newKind(options{now: time.Now, timeout: timer}), settings(f.URL, sns), func(c providertest.Call) string {
				_, text := submitted(c)
				return text
			})
		},
		ResponseTimer: timer, Accepts: takes, Hangs: hangs,
		Lost: map[string]string{"reset": resets, "garbage": garbage, "no id": noID, "internal error": broken, "a proxy's page": page, "redirect": elsewher},
		Refusals: []providertest.Refusal{
			{Name: "number", To: invalidN, State: smsir.AttemptRefused, Class: smsir.ClassPermanent, ProviderCode: invalid, ProviderText: "The number is not valid"},
			{Name: "credentials", To: noLogin, State: smsir.AttemptRefused, Class: smsir.ClassConfig, ProviderCode: login, ProviderText: "The security token included in the request is invalid."},
			{Name: "throttled with HTTP 400", To: slowDown, State: smsir.AttemptNotSent, Class: smsir.ClassThrottle, ProviderCode: throttled, ProviderText: "Rate exceeded"},
			{Name: "throttled with HTTP 429", To: tooMany, State: smsir.AttemptNotSent, Class: smsir.ClassThrottle, RetryAfter: 7 * time.Second, ProviderCode: "HTTP 429"},
		},
	})
}

func TestConformanceEUM(t *testing.T) {
	t.Parallel()
	conformance(t, false, "ValidationException", "UnrecognizedClientException", "ThrottlingException")
}

func TestConformanceSNS(t *testing.T) {
	t.Parallel()
	conformance(t, true, "InvalidParameter", "InvalidClientTokenId", "Throttling")
}
