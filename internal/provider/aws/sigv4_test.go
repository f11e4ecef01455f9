package aws

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// exampleSecret is the key of AWS's published test suite.
const exampleSecret = "wJalrXUtnFEMI/K7MDENG" + "+bPxRfiCYEXAMPLEKEY"

// TestSignatureVectors: cases of the test suite that AWS has published for Signature Version 4.
func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	s := signer{id: "AKIDEXAMPLE", secret: exampleSecret, region: "us-east-1", service: "service"}
	for name, tt := range map[string]struct {
		method, query string
		headers       [][2]string
		body          string
		signed, want  string
	}{
		"get-vanilla":              {"GET", "", nil, "", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"},
		"get-header-key-duplicate": {"GET", "", [][2]string{{"My-Header1", "value2"}, {"My-Header1", "value2"}, {"My-Header1", "value1"}}, "", "host;my-header1;x-amz-date", "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea"},
		"get-header-value-trim":    {"GET", "", [][2]string{{"My-Header1", " value1"}, {"My-Header2", ` "a   b   c"`}}, "", "host;my-header1;my-header2;x-amz-date", "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"},
		"get-vanilla-query-order":  {"GET", "?Param2=value2&Param1=value1", nil, "", "host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500"},
		"get-vanilla-utf8-query":   {"GET", "?%E1%88%B4=bar", nil, "", "host;x-amz-date", "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04"},
		"post-vanilla":             {"POST", "", nil, "", "host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"},
		"post-x-www-form":          {"POST", "", [][2]string{{"Content-Type", "application/x-www-form-urlencoded"}}, "Param1=value1", "content-type;host;x-amz-date", "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), tt.method, "https://example.amazonaws.com/"+tt.query, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range tt.headers {
			r.Header.Add(h[0], h[1])
		}
		s.sign(r, []byte(tt.body), time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC))
		want := "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=" + tt.signed + ", Signature=" + tt.want
		if got := r.Header.Get("Authorization"); got != want {
			t.Errorf("%s: got %s,\nwant %s", name, got, want)
		}
	}
}

// TestEscape: AWS wants everything but the unreserved characters escaped, and a space as %20.
func TestEscape(t *testing.T) {
	t.Parallel()
	if got, want := escape("Az09-_.~ +/=&é*"), "Az09-_.~%20%2B%2F%3D%26%C3%A9%2A"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
