package jws_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/smsir/smsir/internal/jws"
)

func code(b string) string { return base64.RawURLEncoding.EncodeToString([]byte(b)) }

func sign(secret, head, claims string) string {
	signed := code(head) + "." + code(claims)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(signed))
	return signed + "." + code(string(mac.Sum(nil)))
}

// example is the token of RFC 7515 appendix A.1 with its key.
func example() (token string, key []byte, claims string) {
	key = []byte{
		3, 35, 53, 75, 43, 15, 165, 188, 131, 126, 6, 101, 119, 123, 166, 143, 90, 179, 40, 230, 240, 84, 201, 40, 169, 15, 132, 178, 210, 80, 46, 191,
		211, 251, 90, 146, 210, 6, 71, 239, 150, 138, 180, 195, 119, 98, 61, 34, 61, 46, 33, 114, 5, 46, 79, 8, 192, 205, 154, 245, 103, 208, 128, 163,
	}
	signature := []byte{116, 24, 223, 180, 151, 153, 224, 37, 79, 250, 96, 125, 216, 173, 187, 186, 22, 212, 37, 77, 105, 214, 191, 240, 91, 88, 5, 88, 83, 132, 141, 121}
	claims = "{\"iss\":\"joe\",\r\n \"exp\":1300819380,\r\n \"http://example.com/is_root\":true}"
	return code("{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}") + "." + code(claims) + "." + code(string(signature)), key, claims
}

func TestVerifyStandardExample(t *testing.T) {
	t.Parallel()
	token, key, want := example()
	got, err := jws.VerifyHS256(token, [][]byte{[]byte("other"), key}, time.Unix(1300819379, 0), 0)
	if err != nil || string(got) != want {
		t.Errorf("got %s, %v, want %s", got, err, want)
	}
	if got, err := jws.VerifyHS256(token, [][]byte{key}, time.Unix(1300819380, 0), 0); !errors.Is(err, jws.ErrTime) || got != nil {
		t.Errorf("when it has ended: got %s, %v, want ErrTime", got, err)
	}
	if _, err := jws.VerifyHS256(token, [][]byte{key}, time.Unix(1300819409, 0), 30*time.Second); err != nil {
		t.Errorf("ended, but within the leeway: got %v", err)
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	const head, claims = `{"alg":"HS256"}`, `{"iss":"x","nbf":1000,"iat":1000.5,"exp":2000}`
	good := sign("one", head, claims)
	parts := strings.Split(good, ".")
	for name, tt := range map[string]struct {
		token   string
		secrets []string
		now     int64
		want    error
	}{
		"fits":                       {good, []string{"one"}, 1500, nil},
		"second secret":              {good, []string{"two", "one"}, 1500, nil},
		"no times":                   {sign("one", head, `{}`), []string{"one"}, 1500, nil},
		"other secret":               {good, []string{"two"}, 1500, jws.ErrSignature},
		"no secret":                  {good, nil, 1500, jws.ErrSignature},
		"empty secret":               {sign("", head, claims), []string{""}, 1500, jws.ErrSignature},
		"other claims":               {parts[0] + "." + code(`{"iss":"y"}`) + "." + parts[2], []string{"one"}, 1500, jws.ErrSignature},
		"other header":               {code(`{"alg":"HS256","kid":"1"}`) + "." + parts[1] + "." + parts[2], []string{"one"}, 1500, jws.ErrSignature},
		"no signature":               {parts[0] + "." + parts[1] + ".", []string{"one"}, 1500, jws.ErrSignature},
		"signature of another shape": {good + "\n", []string{"one"}, 1500, jws.ErrSignature},
		"padded signature":           {good + "=", []string{"one"}, 1500, jws.ErrSignature},
		"alg none":                   {code(`{"alg":"none"}`) + "." + parts[1] + ".", []string{"one"}, 1500, jws.ErrAlgorithm},
		"alg HS512":                  {sign("one", `{"alg":"HS512"}`, claims), []string{"one"}, 1500, jws.ErrAlgorithm},
		"alg RS256 with HMAC":        {sign("one", `{"alg":"RS256"}`, claims), []string{"one"}, 1500, jws.ErrAlgorithm},
		"alg in other case":          {sign("one", `{"alg":"hs256"}`, claims), []string{"one"}, 1500, jws.ErrAlgorithm},
		"no alg":                     {sign("one", `{}`, claims), []string{"one"}, 1500, jws.ErrAlgorithm},
		"a critical extension":       {sign("one", `{"alg":"HS256","crit":["b64"],"b64":false}`, claims), []string{"one"}, 1500, jws.ErrAlgorithm},
		"before nbf":                 {good, []string{"one"}, 989, jws.ErrTime},
		"before nbf, in the leeway":  {sign("one", head, `{"nbf":1000}`), []string{"one"}, 990, nil},
		"issued later":               {sign("one", head, `{"iat":1000}`), []string{"one"}, 989, jws.ErrTime},
		"ended":                      {good, []string{"one"}, 2010, jws.ErrTime},
		"ended, in the leeway":       {good, []string{"one"}, 2009, nil},
		"times that are none":        {sign("one", head, `{"exp":"later"}`), []string{"one"}, 1500, jws.ErrForm},
		"claims that are no object":  {sign("one", head, `[1]`), []string{"one"}, 1500, jws.ErrForm},
		"claims that are null":       {sign("one", head, `null`), []string{"one"}, 1500, jws.ErrForm},
		"header that is no JSON":     {sign("one", `x`, claims), []string{"one"}, 1500, jws.ErrForm},
		"two parts":                  {parts[0] + "." + parts[1], []string{"one"}, 1500, jws.ErrForm},
		"four parts":                 {good + ".x", []string{"one"}, 1500, jws.ErrForm},
		"five parts, encrypted":      {"a.b.c.d.e", []string{"one"}, 1500, jws.ErrForm},
		"empty":                      {"", []string{"one"}, 1500, jws.ErrForm},
		"dots":                       {"..", []string{"one"}, 1500, jws.ErrForm},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var secrets [][]byte
			for _, s := range tt.secrets {
				secrets = append(secrets, []byte(s))
			}
			got, err := jws.VerifyHS256(tt.token, secrets, time.Unix(tt.now, 0), 10*time.Second)
			if !errors.Is(err, tt.want) || (err == nil) != (tt.want == nil) || (got != nil) != (err == nil) {
				t.Errorf("got %s, %v, want error %v", got, err, tt.want)
			}
		})
	}
}

func TestSign(t *testing.T) {
	t.Parallel()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	token, err := jws.SignRS256(key, map[string]any{"application_id": "x", "iat": 1_800_000_000})
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("got %q, want three parts", token)
	}
	decoded := make([][]byte, 3)
	for i, p := range parts {
		if decoded[i], err = base64.RawURLEncoding.DecodeString(p); err != nil {
			t.Fatalf("part %d of %q: %v", i, token, err)
		}
	}
	var head, claims map[string]any
	if json.Unmarshal(decoded[0], &head) != nil || head["alg"] != "RS256" || head["typ"] != "JWT" {
		t.Errorf("header %s, want RS256 and JWT", decoded[0])
	}
	if json.Unmarshal(decoded[1], &claims) != nil || claims["application_id"] != "x" || claims["iat"] != 1.8e9 {
		t.Errorf("claims %s, want those given", decoded[1])
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if err := rsa.VerifyPKCS1v15(&key.PublicKey, crypto.SHA256, sum[:], decoded[2]); err != nil {
		t.Errorf("the signature does not fit: %v", err)
	}
	if got, err := jws.VerifyHS256(token, [][]byte{[]byte("x")}, time.Unix(1_800_000_001, 0), 0); !errors.Is(err, jws.ErrAlgorithm) {
		t.Errorf("verified as HS256: got %s, %v, want ErrAlgorithm", got, err)
	}
	for name, claims := range map[string]any{"a list": []int{1}, "a text": "x", "nothing": nil, "what has no JSON": func() {}} {
		if got, err := jws.SignRS256(key, claims); err == nil {
			t.Errorf("claims that are %s: got %s, want an error", name, got)
		}
	}
	if got, err := jws.SignRS256(&rsa.PrivateKey{}, map[string]any{}); err == nil {
		t.Errorf("an empty key: got %s, want an error", got)
	}
}

// FuzzVerify: whatever comes, what is returned was signed.
func FuzzVerify(f *testing.F) {
	token, key, _ := example()
	f.Add(token)
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		t.Parallel()
		got, err := jws.VerifyHS256(token, [][]byte{key}, time.Unix(1300819379, 0), 0)
		if original, _, claims := example(); err == nil && (token != original || string(got) != claims) {
			t.Errorf("%q: got %s, want it refused", token, got)
		}
	})
}

// TestES256: the signature is the two numbers side by side, 32 bytes each, not the ASN.1 of other protocols.
func TestES256(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 { // a number with leading zeros comes by now and then
		token, err := jws.SignES256(key, map[string]string{"aud": "https://push.example.com"})
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(token, ".")
		signature, err := base64.RawURLEncoding.DecodeString(parts[2])
		if err != nil || len(parts) != 3 || len(signature) != 64 {
			t.Fatalf("%s: %d parts, %d bytes of signature, %v", token, len(parts), len(signature), err)
		}
		sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
		if !ecdsa.Verify(&key.PublicKey, sum[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
			t.Errorf("the signature of %s does not fit", token)
		}
	}
	other, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := jws.SignES256(other, map[string]string{}); err == nil {
		t.Error("a key of another curve signs")
	}
}
