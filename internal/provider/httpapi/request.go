package httpapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// request is one HTTP request with its placeholders.
type request struct {
	method      string
	origin      string // scheme and host, without placeholders
	path        *template
	fixedQuery  url.Values // as it stands in the address
	query       []field
	headers     []field
	auth        *auth
	form        []field
	hasForm     bool
	json        *jsonNode
	xml         *template
	text        *template
	contentType string
}

// field is a name and a value with placeholders. One that is optional is left out when a placeholder has no value.
type field struct {
	name     string
	value    *template
	optional bool
}

// auth says how requests log in: with basic credentials, a header or a parameter.
type auth struct {
	user, password *template
	header, query  *field
}

// templates lists all templates of the request, with whether each may be left out.
func (r *request) templates() (all []field) {
	all = slices.Concat(r.query, r.headers, r.form)
	for _, t := range []*template{r.path, r.xml, r.text} {
		if t != nil {
			all = append(all, field{value: t})
		}
	}
	if r.auth != nil {
		all = append(all, r.auth.templates()...)
	}
	if r.json != nil {
		all = append(all, r.json.templates()...)
	}
	return all
}

func (a *auth) templates() (all []field) {
	for _, t := range []*template{a.user, a.password} {
		if t != nil {
			all = append(all, field{value: t})
		}
	}
	for _, f := range []*field{a.header, a.query} {
		if f != nil {
			all = append(all, *f)
		}
	}
	return all
}

// uses reports whether the request tells one of the values outside of its address's own words.
func (r *request) uses(names ...string) bool {
	return slices.ContainsFunc(r.templates(), func(f field) bool {
		return slices.ContainsFunc(f.value.names(), func(n string) bool { return slices.Contains(names, n) })
	})
}

// needs reports whether the request cannot be made without a value.
func (r *request) needs(name string) bool {
	return slices.ContainsFunc(r.templates(), func(f field) bool { return !f.optional && slices.Contains(f.value.names(), name) })
}

// template reads a text with placeholders: those of allowed, and the secrets.
func (t *tree) template(s *spec, n *yaml.Node, path string, allowed func(string) bool) *template {
	if n == nil || t.err != nil {
		return nil
	}
	return t.templateText(s, n, t.text(n, path), path, allowed)
}

func (t *tree) templateText(s *spec, n *yaml.Node, text, path string, allowed func(string) bool) *template {
	parsed, err := parseTemplate(text, func(name string) bool { return allowed(name) || s.secrets[name] != "" })
	if err != nil {
		t.fail(n, path, "%s.", upperFirst(err.Error()))
		return nil
	}
	for i, p := range parsed.pieces {
		if number := s.secrets[p.name]; number != "" {
			parsed.pieces[i].name = number
			s.usedSecret[number] = true
		}
	}
	return parsed
}

// fields reads names and values. A name that ends in a question mark is optional.
func (t *tree) fields(s *spec, n *yaml.Node, path string, allowed func(string) bool) (all []field) {
	t.object(n, path).each(func(name string, key, value *yaml.Node) {
		below := join(path, name)
		bare, optional := strings.CutSuffix(name, "?")
		if bare == "" {
			t.fail(key, path, "The name is empty.")
		}
		for _, v := range listOrOne(value) {
			all = append(all, field{name: bare, value: t.noNumber(v, t.template(s, v, below, allowed), below), optional: optional})
		}
	})
	return all
}

// listOrOne: a value may be a list, for a name that comes several times.
func listOrOne(n *yaml.Node) []*yaml.Node {
	if n.Kind == yaml.SequenceNode {
		return n.Content
	}
	return []*yaml.Node{n}
}

// noNumber refuses the filter number where everything is text.
func (t *tree) noNumber(n *yaml.Node, parsed *template, path string) *template {
	if parsed != nil && parsed.number() {
		t.fail(n, path, "The filter number is for json only: here everything is text. Take it out.")
	}
	return parsed
}

func (t *tree) headers(s *spec, n *yaml.Node, path string, allowed func(string) bool) []field {
	all := t.fields(s, n, path, allowed)
	for _, f := range all {
		if t.err == nil && !headerName(f.name) {
			t.fail(n, path, "%q cannot be the name of a header that is set here.", clip(f.name))
		}
	}
	return all
}

// request reads a request. inherited is how all requests log in.
func (t *tree) request(s *spec, r *request, n *yaml.Node, path string, allowed func(string) bool, inherited *auth) {
	if n == nil || t.err != nil {
		return
	}
	o := t.object(n, path)
	r.method = o.word("method", "POST", "GET", "PUT")
	address := o.need("url", "Write the address of the API, with https:// at the front.")
	t.address(s, r, address, join(path, "url"), allowed)
	r.query = t.fields(s, o.child("query"), join(path, "query"), allowed)
	r.headers = t.headers(s, o.child("headers"), join(path, "headers"), allowed)
	r.auth = inherited
	if n := o.child("auth"); n != nil {
		r.auth = t.auth(s, n, join(path, "auth"))
	}
	form, body, xmlBody, text := o.child("form"), o.child("json"), o.child("xml"), o.child("text")
	bodies := 0
	for _, n := range []*yaml.Node{form, body, xmlBody, text} {
		if n != nil {
			bodies++
		}
	}
	if bodies > 1 {
		t.fail(n, path, "A request has one body: form, json, xml or text. Keep one.")
	}
	if r.method == http.MethodGet && bodies > 0 {
		t.fail(n, path, "A GET has no body. Put the values into query, or write method: POST.")
	}
	contentType := o.child("content_type")
	switch {
	case form != nil:
		r.form, r.hasForm, r.contentType = t.fields(s, form, join(path, "form"), allowed), true, "application/x-www-form-urlencoded"
	case body != nil:
		r.json, r.contentType = t.json(s, body, join(path, "json"), allowed), "application/json"
	case xmlBody != nil:
		r.xml, r.contentType = t.noNumber(xmlBody, t.template(s, xmlBody, join(path, "xml"), allowed), join(path, "xml")), "application/xml; charset=utf-8"
		t.wellFormed(xmlBody, r.xml, join(path, "xml"))
	case text != nil:
		r.text, r.contentType = t.noNumber(text, t.template(s, text, join(path, "text"), allowed), join(path, "text")), "text/plain; charset=utf-8"
	case contentType != nil:
		t.fail(contentType, path, "There is no body that content_type could describe. Take it out.")
	}
	if contentType != nil {
		r.contentType = t.text(contentType, join(path, "content_type"))
		if strings.ContainsFunc(r.contentType, func(c rune) bool { return c < ' ' || c > '~' }) || !strings.Contains(r.contentType, "/") {
			t.fail(contentType, join(path, "content_type"), "Write such as application/xml.")
		}
		if text != nil && (strings.Contains(r.contentType, "json") || strings.Contains(r.contentType, "xml") || strings.Contains(r.contentType, "urlencoded")) {
			t.fail(contentType, join(path, "content_type"), "Write the body under json, xml or form: there every value is escaped as it must be, under text nothing is.")
		}
	}
	o.done()
	for _, f := range r.headers {
		if t.err == nil && r.auth != nil && r.auth.header != nil && strings.EqualFold(f.name, r.auth.header.name) {
			t.fail(n, path, "The header %s is set twice: in headers and by auth.", f.name)
		}
	}
}

// address reads the address of a request. Placeholders may stand in its path only: nothing in a message can lead the
// request and its credentials to another server.
func (t *tree) address(s *spec, r *request, n *yaml.Node, path string, allowed func(string) bool) {
	text := t.text(n, path)
	if t.err != nil {
		return
	}
	address, query, _ := strings.Cut(text, "?")
	scheme, rest, ok := strings.Cut(address, "://")
	host, below, slash := strings.Cut(rest, "/")
	u, err := url.Parse(scheme + "://" + host)
	switch {
	case strings.Contains(host, "{{"):
		t.fail(n, path, "The name of the server has a placeholder. Write it out: messages must not choose where they go.")
	case !ok || err != nil || scheme != "https" && scheme != "http" || u.Hostname() == "" || u.User != nil || strings.HasSuffix(host, ":"):
		t.fail(n, path, "%q is no address. Write it with https:// at the front, and credentials under auth.", clip(text))
	case strings.Contains(text, "#"):
		t.fail(n, path, "The address has a part after #, which is never sent. Take it out.")
	case strings.Contains(query, "{{"):
		t.fail(n, path, "Placeholders behind the ? stand under query, where they are escaped.")
	}
	if t.err != nil {
		return
	}
	r.origin = scheme + "://" + host
	if slash {
		below = "/" + below
	}
	r.path = t.noNumber(n, t.templateText(s, n, below, path, allowed), path)
	if r.fixedQuery, err = url.ParseQuery(query); err != nil {
		t.fail(n, path, "What stands behind the ? cannot be read: %s. Write it under query.", err)
	}
	if r.path != nil {
		literal, _ := r.path.render(nil, func(string) string { return "x" })
		if _, err := url.Parse(r.origin + literal); err != nil {
			t.fail(n, path, "The path cannot be read: %s.", err)
		}
	}
}

// auth reads how a request logs in; nil for none.
func (t *tree) auth(s *spec, n *yaml.Node, path string) *auth {
	if n == nil || t.err != nil {
		return nil
	}
	if n.Kind == yaml.ScalarNode && n.Value == "none" {
		return nil
	}
	o := t.object(n, path)
	a := &auth{}
	ways := 0
	if b := o.child("basic"); b != nil {
		below := t.object(b, join(path, "basic"))
		a.user = t.template(s, below.need("username", "Write it, or {{secret.1}}."), join(path, "basic.username"), accountPlaceholder)
		a.password = t.template(s, below.need("password", "Write {{secret.1}}, and the password in the setting of that name."), join(path, "basic.password"), accountPlaceholder)
		below.done()
		ways++
	}
	if b := o.child("bearer"); b != nil {
		value := t.template(s, b, join(path, "bearer"), accountPlaceholder)
		if value != nil {
			value.pieces = append([]piece{{literal: "Bearer "}}, value.pieces...)
		}
		a.header = &field{name: "Authorization", value: value}
		ways++
	}
	for _, key := range []string{"header", "query"} {
		b := o.child(key)
		if b == nil {
			continue
		}
		below := t.object(b, join(path, key))
		f := &field{name: t.text(below.need("name", "Write its name."), join(path, key)), value: t.template(s, below.need("value", "Write {{secret.1}}, and the key in the setting of that name."), join(path, key), accountPlaceholder)}
		below.done()
		if key == "header" {
			a.header = f
			if t.err == nil && !headerName(f.name) {
				t.fail(b, join(path, key), "%q cannot be the name of a header that is set here.", clip(f.name))
			}
		} else {
			a.query = f
		}
		ways++
	}
	o.done()
	if t.err == nil && ways != 1 {
		t.fail(n, path, "Say in one way how requests log in: basic, bearer, header or query. Without: auth: none.")
	}
	for _, f := range a.templates() {
		if f.value != nil && f.value.number() {
			t.noNumber(n, f.value, path)
		}
	}
	return a
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
