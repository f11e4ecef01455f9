package httpapi

import (
	"errors"
	"strings"
	"testing"

	"github.com/smsir/smsir"
)

// small is a complete description in few lines. Tests put other lines in the place of its own.
const small = `name: Test
auth: {bearer: "{{secret.1}}"}
send:
  url: https://api.example.com/send
  json: {to: "{{to}}", text: "{{text}}", ref: "{{attempt}}"}
answer:
  id: id
  code: error.code
  text: error.text
errors:
  "10": {class: permanent, text: No such number.}
`

// with puts lines behind a description, or in the place of one.
func with(change ...string) string {
	text := small
	for i := 0; i+1 < len(change); i += 2 {
		if change[i] == "" {
			text += change[i+1] + "\n"
			continue
		}
		text = strings.Replace(text, change[i], change[i+1], 1)
	}
	return text
}

const calls = "callback:\n  signature: none\nreceipt:\n  id: id\n  status: s\n  statuses: {OK: delivered}\n"

// TestFaults: what is wrong with a description is told when it is saved, with the line and with what to do.
func TestFaults(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ text, want string }{
		"empty":                        {" \n", "The description is required"},
		"only a comment":               {"# nothing", "It is empty"},
		"not YAML":                     {"name: [", "It is not YAML"},
		"? inside of braces":           {with("ref:", "ref?:"), `stands between quotes: {"from?": …}`},
		"a list":                       {"- a", "Line 1 of the description: Here stand keys and values"},
		"two documents":                {with("", "---\nname: x"), "A second document begins here"},
		"unknown key":                  {with("  url:", "  adr: x\n  url:"), "Line 4 of the description: send.adr: This key is not known. Known here: method, url,"},
		"required key misspelt":        {with("answer:", "anwser:"), "Line 6 of the description: anwser: This key is not known. Did you mean answer?"},
		"required key of three":        {with("  url:", "  urll:"), "Line 4 of the description: send.urll: This key is not known. Did you mean url?"},
		"key twice":                    {with("name: Test", "name: Test\nname: Test"), "Line 2 of the description: name: It is written already in line 1"},
		"anchor":                       {with("name: Test", "name: &n Test"), "Line 1 of the description: name: Anchors and aliases"},
		"alias":                        {with("name: Test", "name: *n"), "It is not YAML"},
		"merge":                        {with("name: Test", "<<: {name: Test}"), "A key is a plain word"},
		"tag":                          {with("name: Test", "name: !secret Test"), "Line 1 of the description: name: Tags"},
		"deep":                         {with("name: Test", "name: "+strings.Repeat("[", 40)+strings.Repeat("]", 40)), "nests deeper"},
		"no name":                      {with("name: Test\n", ""), "name: It is missing"},
		"no value":                     {with("name: Test", "name:"), "Line 1 of the description: name: It has no value"},
		"long name":                    {with("name: Test", "name: "+strings.Repeat("x", 61)), "1 to 60 characters"},
		"name is a list":               {with("name: Test", "name: [a]"), "Here stands one plain value"},
		"no send":                      {"name: x\nanswer: {id: id}\n", "send: It is missing"},
		"no answer":                    {"name: x\nsend: {url: \"https://a.example\"}\n", "answer: It is missing"},
		"timeout":                      {with("", "timeout: 1h"), "is no span of time from 1s to 1m0s"},
		"timeout without a unit":       {with("", "timeout: 30"), "Write such as 30s"},
		"method":                       {with("  url:", "  method: SEND\n  url:"), `Line 4 of the description: send.method: "SEND" is none of: POST, GET, PUT`},
		"no scheme":                    {with("https://api", "api"), "Write it with https:// at the front"},
		"another scheme":               {with("https://api", "ftp://api"), "Write it with https:// at the front"},
		"credentials in the address":   {with("https://api", "https://u:p@api"), "credentials under auth"},
		"placeholder for the server":   {with("https://api", "https://{{from}}"), "messages must not choose where they go"},
		"placeholder behind the ?":     {with("/send", "/send?to={{to}}"), "stand under query"},
		"fragment":                     {with("/send", "/send#x"), "a part after #"},
		"unknown placeholder":          {with("{{to}}", "{{recipient}}"), "Line 5 of the description: send.json.to: There is no placeholder {{recipient}}"},
		"unknown filter":               {with("{{to}}", "{{to|digit}}"), `There is no filter "digit". Known are: base64, digits,`},
		"open placeholder":             {with("{{to}}", "{{to"), "has no end"},
		"secret beyond the fourth":     {with("{{secret.1}}", "{{secret.5}}"), "no placeholder {{secret.5}}"},
		"secret without a name":        {with("{{secret.1}}", "{{secret.key}}"), "no placeholder {{secret.key}}"},
		"name of a secret":             {with("", "secrets: {a-b: 1}"), "is no name"},
		"number of a secret":           {with("", "secrets: {a: 5}"), "whole number from 1 to 4"},
		"placeholder of a message":     {with("{{secret.1}}", "{{text}}"), "auth.bearer: There is no placeholder {{text}} at this place"},
		"two ways to log in":           {with("auth: {bearer", "auth: {query: {name: k, value: v}, bearer"), "in one way how requests log in"},
		"no way to log in":             {with("auth: {bearer: \"{{secret.1}}\"}", "auth: {}"), "in one way how requests log in"},
		"login without a name":         {with("auth: {bearer: \"{{secret.1}}\"}", "auth: {header: {value: x}}"), "auth.header.name: It is missing"},
		"header set twice":             {with("  url:", "  headers: {authorization: x}\n  url:"), "set twice"},
		"name of a header":             {with("  url:", "  headers: {\"a b\": x}\n  url:"), "cannot be the name of a header"},
		"header of the connection":     {with("  url:", "  headers: {host: x}\n  url:"), "cannot be the name of a header"},
		"two bodies":                   {with("  json:", "  form: {a: b}\n  json:"), "one body"},
		"body of a GET":                {with("  url:", "  method: GET\n  url:"), "A GET has no body"},
		"content type without a body":  {"name: x\nsend: {url: \"https://a.example\", content_type: a/b}\nanswer: {id: id}\n", "no body that content_type"},
		"content type":                 {with("  url:", "  content_type: \"a/b\\nX: y\"\n  url:"), "Write such as application/xml"},
		"JSON as text":                 {with("  json: {to: \"{{to}}\", text: \"{{text}}\", ref: \"{{attempt}}\"}", "  text: '{\"to\": \"{{to}}\"}'\n  content_type: application/json"), "Write the body under json"},
		"number in a form":             {with("json: {to: \"{{to}}\"", "form: {to: \"{{to|number}}\""), "The filter number is for json only"},
		"number in a text":             {with("{{to}}", "x{{to|number}}"), "one placeholder and nothing else"},
		"hexadecimal in JSON":          {with("\"{{to}}\"", "0x10"), "cannot be written in JSON"},
		"infinity in JSON":             {with("\"{{to}}\"", ".inf"), "cannot be written in JSON"},
		"broken XML":                   {with("json: {to: \"{{to}}\", text: \"{{text}}\", ref: \"{{attempt}}\"}", "xml: \"<a><b></a>\""), "It is not XML"},
		"no element":                   {with("json: {to: \"{{to}}\", text: \"{{text}}\", ref: \"{{attempt}}\"}", "xml: \"hello\""), "It is not XML that values can be put into"},
		"CDATA":                        {with("json: {to: \"{{to}}\", text: \"{{text}}\", ref: \"{{attempt}}\"}", "xml: \"<a><![CDATA[{{text}}]]></a>\""), "no CDATA"},
		"XML comment":                  {with("json: {to: \"{{to}}\", text: \"{{text}}\", ref: \"{{attempt}}\"}", "xml: \"<a><!-- {{text}} --></a>\""), "Comments have no use"},
		"element named by a message":   {with("json: {to: \"{{to}}\", text: \"{{text}}\", ref: \"{{attempt}}\"}", "xml: \"<a><{{from}}/></a>\""), "It is not XML"},
		"format of numbers":            {with("", "numbers: {format: short}"), `"short" is none of: plus, digits, zeros, national`},
		"national without a country":   {with("", "numbers: {format: national}"), "need country_code"},
		"country without national":     {with("", "numbers: {format: digits, country_code: \"44\"}"), "for the format national only"},
		"words":                        {with("", "words: {encoding: {utf16: x}}"), "words.encoding.utf16: This key is not known"},
		"text":                         {with("", "text: {gsm7: hex}"), "text.gsm7: This key is not known. Known here: ucs2"},
		"validity":                     {with("", "validity: {min: 2h, max: 1h}"), "min is longer than max"},
		"empty path":                   {with("id: id", "id: \"\""), "The path is empty"},
		"dots":                         {with("id: id", "id: a..b"), "two dots in a row"},
		"empty list of places":         {with("id: id", "id: []"), "The list is empty"},
		"expression":                   {with("id: id", "id: {match: \"(\"}"), "The expression cannot be read"},
		"two groups":                   {with("id: id", "id: {match: \"(a)(b)\"}"), "has 2 groups"},
		"two places":                   {with("id: id", "id: {at: id, header: X}"), "in one way where the value stands"},
		"no place":                     {with("id: id", "id: {decode: hex}"), "in one way where the value stands"},
		"decode":                       {with("id: id", "id: {at: id, decode: rot13}"), `"rot13" is none of`},
		"path in a text":               {with("  id: id", "  format: text\n  id: id"), "A text has no paths"},
		"any text is a yes":            {"name: x\nsend: {url: \"https://a.example\"}\nanswer: {format: text, id: {match: x}}\n", "proves nothing"},
		"nothing proves a yes":         {with("  id: id\n", ""), "Say by what it is seen that a message was taken"},
		"a yes of another status":      {with("  id: id", "  id: id\n  accepted: {status: [200, 302]}"), "Only a status of 200 to 299"},
		"status":                       {with("  id: id", "  id: id\n  accepted: {status: ok}"), "is no status of HTTP"},
		"refusal by status alone":      {with("  id: id", "  id: id\n  refused: {status: 500}"), "Say by what a refusal is recognised"},
		"condition without a question": {with("  id: id", "  id: id\n  accepted: {where: {at: x}}"), "A condition has a place and one of"},
		"condition with two questions": {with("  id: id", "  id: id\n  accepted: {where: {at: x, is: a, not: b}}"), "A condition has a place and one of"},
		"length of no list":            {with("  id: id", "  id: id\n  accepted: {where: {header: x, length: 1}}"), "length needs a path"},
		"class":                        {with("class: permanent", "class: hopeless"), `Line 11 of the description: errors.10.class: "hopeless" is none of`},
		"no class":                     {with("class: permanent, ", ""), "An error has a code, a class"},
		"no text":                      {with(", text: No such number.", ""), "errors.10.text: It is missing"},
		"dedupe as a word":             {with("", "dedupe: true"), "dedupe: Here stand keys and values"},
		"dedupe without a time":        {with("", "dedupe: {}"), "dedupe.for: It is missing"},
		"dedupe without the attempt":   {with(", ref: \"{{attempt}}\"", "", "", "dedupe: {for: 1h}"), "Put {{attempt}} where it expects its key"},
		"price without a currency":     {with("  id: id", "  id: id\n  price: {amount: p}"), "answer.price.currency: It is missing"},
		"calls that nobody reads":      {with("", "callback: {signature: none}"), "Nobody reads the calls"},
		"receipts without calls":       {with("", strings.Replace(calls, "callback:\n  signature: none\n", "", 1)), "callback: It is missing"},
		"half of a network":            {with("", calls+"  mcc: m\n"), "or mcc and mnc where they stand apart"},
		"a network twice":              {with("", calls+"  network: n\n  mcc: m\n  mnc: c\n"), "Write network where the two codes"},
		"no signature":                 {with("", strings.Replace(calls, "signature: none", "format: json", 1)), "callback.signature: It is missing"},
		"signature":                    {with("", strings.Replace(calls, "signature: none", "signature: maybe", 1)), "is no way to sign"},
		"two signatures":               {with("", strings.Replace(calls, "signature: none", "signature: {bearer: {secret: \"{{secret.2}}\"}, header: {name: X, value: \"{{secret.2}}\"}}", 1)), "in one way how calls are signed"},
		"secret in the open":           {with("", strings.Replace(calls, "signature: none", "signature: {bearer: {secret: abc}}", 1)), "A secret does not stand in the description"},
		"body not signed":              {with("", strings.Replace(calls, "signature: none", "signature: {hmac: {header: X, secret: \"{{secret.2}}\", over: \"{{url}}\"}}", 1)), "must have {{body}} in it"},
		"time not signed":              {with("", strings.Replace(calls, "signature: none", "signature: {hmac: {header: X, secret: \"{{secret.2}}\", timestamp_header: T}}", 1)), "A time belongs to what is signed"},
		"time without a header":        {with("", strings.Replace(calls, "signature: none", "signature: {hmac: {header: X, secret: \"{{secret.2}}\", over: \"{{timestamp}}.{{body}}\"}}", 1)), "A time belongs to what is signed"},
		"tolerance without a time":     {with("", strings.Replace(calls, "signature: none", "signature: {hmac: {header: X, secret: \"{{secret.2}}\", tolerance: 1m}}", 1)), "tolerance is for signatures with a time"},
		"answer without a type":        {with("", strings.Replace(calls, "signature: none", "signature: none\n  answer: {body: OK}", 1)), "A body needs a content_type"},
		"answer that says no":          {with("", strings.Replace(calls, "signature: none", "signature: none\n  answer: {status: 500}", 1)), "whole number from 200 to 299"},
		"list without a path":          {with("", strings.Replace(calls, "signature: none", "signature: none\n  each: {match: x}", 1)), "Write the path to the list"},
		"meaning of a status":          {with("", strings.Replace(calls, "delivered", "arrived", 1)), `receipt.statuses.OK: "arrived" is none of: sent, delivered`},
		"receipt about nothing":        {with("", strings.Replace(calls, "  id: id\n", "", 1)), "Nothing tells which message a receipt is about"},
		"time":                         {with("", strings.Replace(calls, "  id: id\n", "  id: id\n  time: {at: t, format: yyyy-mm-dd}\n", 1)), "is none of unix, unix_ms, rfc3339, and no layout"},
		"zone":                         {with("", strings.Replace(calls, "  id: id\n", "  id: id\n  time: {at: t, format: \"2006\", zone: CET}\n", 1)), "Write the distance from UTC"},
		"inbound without a sender":     {with("", "callback: {signature: none}\ninbound: {to: to, text: text}"), "inbound.from: It is missing"},
		"question about nobody":        {with("", "status: {request: {method: GET, url: \"https://a.example\"}, accepted: {where: {at: id, exists: true}}}"), "The question must name the attempt"},
		"question that nobody can answer": {
			with(", ref: \"{{attempt}}\"", "", "", "status: {request: {method: GET, url: \"https://a.example/{{attempt}}\"}, accepted: {where: {at: id, exists: true}}}"),
			"send does not tell it",
		},
		"question without a yes": {with("", "status: {request: {method: GET, url: \"https://a.example/{{attempt}}\"}, accepted: {}}"), "Say by what it is seen that the provider has the message"},
		"absence by status alone": {
			with("", "status: {request: {method: GET, url: \"https://a.example/{{attempt}}\"}, accepted: {where: {at: id, exists: true}}, absent: {status: 404}}"),
			"A status alone can come from anybody",
		},
		"absence at once": {
			with("", "status: {request: {method: GET, url: \"https://a.example/{{attempt}}\"}, accepted: {where: {at: id, exists: true}}, absent_after: 1s}"),
			"is no span of time from 1m0s",
		},
		"balance of a message": {with("", "balance: {request: {method: GET, url: \"https://a.example/{{attempt}}\"}, amount: a, currency: c}"), "no placeholder {{attempt}} at this place"},
		"no amount":            {with("", "balance: {request: {method: GET, url: \"https://a.example\"}, currency: c}"), "balance.amount: It is missing"},
		"check without request": {
			with("", "check: {accepted: {status: 200}}"), "check.request: It is missing",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Kind().Open(smsir.ProviderConfig{Settings: settings(tt.text)})
			var e *smsir.Error
			if !errors.As(err, &e) || e.Code != smsir.CodeInvalid || e.Field != settingDescription || !strings.Contains(e.Text, tt.want) {
				t.Errorf("got %v, want an error about the description that says %q", err, tt.want)
			}
		})
	}
}

// TestFine: what may stand in a description.
func TestFine(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"small":             small,
		"as JSON":           `{"name": "x", "send": {"url": "https://a.example"}, "answer": {"id": "id"}}`,
		"no login":          with("auth: {bearer: \"{{secret.1}}\"}", "auth: none"),
		"login of its own":  with("  url:", "  auth: {query: {name: key, value: \"{{secret.2}}\"}}\n  url:"),
		"names for secrets": with("{{secret.1}}", "{{secret.api_key}}", "", "secrets: {api_key: 3}"),
		"XML":               with("json: {to: \"{{to}}\", text: \"{{text}}\", ref: \"{{attempt}}\"}", "xml: \"<?xml version='1.0'?><a to='{{to}}'>{{text}}</a>\""),
		"places":            with("id: id", "id: [{header: X-Id}, /data/0/id, {at: $.x, match: \"^([0-9]+)$\", decode: hex}]"),
		"calls":             with("", calls),
		"national":          with("", "numbers: {format: national, country_code: \"44\"}"),
		"duplicate codes":   with("", "dedupe: {for: 12h, duplicate: [\"409\"]}"),
	} {
		if _, err := Kind().Open(smsir.ProviderConfig{Settings: settings(text)}); err != nil {
			t.Errorf("%s: got %v, want none", name, err)
		}
	}
}

// TestSecretsOfADescription: the ones that it uses must be there; a second one, for a change of keys, may come later.
func TestSecretsOfADescription(t *testing.T) {
	t.Parallel()
	signed := with("", strings.Replace(calls, "signature: none", "signature: {standard_webhooks: {secret: [\"{{secret.2}}\", \"{{secret.3}}\"]}}", 1))
	key := "whsec_" + "MTIzNDU2Nzg5MDEyMzQ1Njc4OTAxMjM0"
	for name, tt := range map[string]struct {
		change []string
		field  string
	}{
		"all":               {[]string{"secret_2", key, "secret_3", key}, ""},
		"without the other": {[]string{"secret_2", key, "secret_3", ""}, ""},
		"no key to log in":  {[]string{"secret_1", "", "secret_2", key, "secret_3", key}, "secret_1"},
		"no key to prove":   {[]string{"secret_2", "", "secret_3", key}, "secret_2"},
		"not encoded":       {[]string{"secret_2", "not base64!", "secret_3", key}, "secret_2"},
		"other not encoded": {[]string{"secret_2", key, "secret_3", "not base64!"}, "secret_3"},
		"empty key":         {[]string{"secret_2", "whsec_", "secret_3", key}, "secret_2"},
		"not used":          {[]string{"secret_2", key, "secret_3", key, "secret_4", ""}, ""},
	} {
		_, err := Kind().Open(smsir.ProviderConfig{Settings: settings(signed, tt.change...)})
		var e *smsir.Error
		if tt.field == "" && err != nil || tt.field != "" && (!errors.As(err, &e) || e.Field != tt.field || e.Text == "") {
			t.Errorf("%s: got %v, want an error about %q", name, err, tt.field)
		}
	}
}

// TestAddOns: a provider can be asked only what its description says.
func TestAddOns(t *testing.T) {
	t.Parallel()
	const (
		status  = "status: {request: {method: GET, url: \"https://a.example/{{attempt}}\"}, accepted: {where: {at: id, exists: true}}}\n"
		check   = "check: {request: {method: GET, url: \"https://a.example\"}}\n"
		balance = "balance: {request: {method: GET, url: \"https://a.example\"}, amount: a, currency: c}\n"
	)
	for _, tt := range []struct {
		more                   string
		asks, checks, balances bool
	}{
		{"", false, false, false},
		{status, true, false, false},
		{"dedupe: {for: 1h}\n", true, false, false},
		{check, false, true, false},
		{balance, false, true, true},
		{check + balance, false, true, true},
		{status + check, true, true, false},
		{status + balance, true, true, true},
	} {
		p, _ := opened(t, settings(small+tt.more), nil)
		_, asks := p.(smsir.StatusQuerier)
		_, checks := p.(smsir.CredentialChecker)
		_, balances := p.(smsir.BalanceReporter)
		_, called := p.(smsir.CalledBack)
		if asks != tt.asks || checks != tt.checks || balances != tt.balances || !called {
			t.Errorf("%q: asks %v, checks %v, balances %v, called back %v", tt.more, asks, checks, balances, called)
		}
	}
}
