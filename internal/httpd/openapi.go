package httpd

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/smsir/smsir/api"
)

// document is the OpenAPI document, made from the routes and the wire types.
type document struct {
	spec     *huma.OpenAPI
	registry huma.Registry
}

func newDocument() *document {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	return &document{registry: registry, spec: &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "SMSir", Version: "v1", License: &huma.License{Name: "Apache-2.0", URL: "https://www.apache.org/licenses/LICENSE-2.0"},
			Description: "Send and receive text messages. Every answer that is not a success is a problem (RFC 9457) with a stable code.",
		},
		Servers: []*huma.Server{{URL: "/"}},
		Components: &huma.Components{
			Schemas:   registry,
			Responses: map[string]*huma.Response{},
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"bearer": {Type: "http", Scheme: "bearer", Description: "An API key of a workspace, or the token of a log-in with client app."},
				"cookie": {Type: "apiKey", In: "cookie", Name: safeCookie, Description: "The session of the web app."},
			},
		},
		Tags: []*huma.Tag{
			{Name: "Messages", Description: "Send messages and follow them."},
			{Name: "Events", Description: "Every change, live."},
			{Name: "Statistics", Description: "Counts and rates."},
			{Name: "Providers", Description: "The upstreams that messages leave through."},
			{Name: "Routes", Description: "Rules that choose the provider of a message."},
			{Name: "Campaigns", Description: "One text for many people: templates, recipients, schedules, and what became of it."},
			{Name: "Contacts", Description: "The people behind numbers, and groups of them."},
			{Name: "Inbox", Description: "Conversations with people who wrote, and what is answered by itself."},
			{Name: "Consent", Description: "Who must not be written to, and who said so."},
			{Name: "Webhooks", Description: "Addresses of yours that events are sent to."},
			{Name: "Notifications", Description: "On one's own devices, while the app is closed."},
			{Name: "API keys", Description: "Credentials of programs."},
			{Name: "Session", Description: "Registering, logging in, and who one is."},
			{Name: "Retention", Description: "How long a workspace keeps what was written."},
			{Name: "Limits", Description: "What a workspace may send and spend, and its price list."},
			{Name: "Workspace", Description: "The tenant, its people and invitations."},
			{Name: "Instance", Description: "The whole server."},
		},
	}}
}

func (d *document) schema(t reflect.Type) *huma.Schema { return d.registry.Schema(t, true, "") }

// refusals are the statuses in which any route may refuse, beside those it names itself.
func refusals(r *route, acc access, plan *inputPlan) []int {
	statuses := slices.Clone(r.Errors)
	api := strings.HasPrefix(r.Path, "/v1/")
	if api {
		statuses = append(statuses, http.StatusForbidden, http.StatusInternalServerError, http.StatusServiceUnavailable)
	}
	if acc.who > anybody {
		statuses = append(statuses, http.StatusUnauthorized)
	}
	if plan != nil && len(plan.params) > 0 || api {
		statuses = append(statuses, http.StatusBadRequest, http.StatusUnprocessableEntity)
	}
	if r.Takes != nil || plan != nil && plan.body != nil {
		statuses = append(statuses, http.StatusRequestTimeout, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	if strings.Contains(r.Path, "{id}") {
		statuses = append(statuses, http.StatusNotFound)
	}
	if r.Limited {
		statuses = append(statuses, http.StatusTooManyRequests, http.StatusInsufficientStorage)
	}
	slices.Sort(statuses)
	return slices.Compact(statuses)
}

// add describes one route.
func (d *document) add(r *route, acc access, plan *inputPlan, success *huma.Schema) {
	op := &huma.Operation{
		Method: r.Method, Path: r.Path, OperationID: r.ID, Tags: []string{r.Tag}, Summary: r.Summary,
		Description: d.describe(r, acc), Responses: map[string]*huma.Response{}, Security: []map[string][]string{},
	}
	switch acc.who {
	case principal, permitted:
		op.Security = []map[string][]string{{"bearer": {}}, {"cookie": {}}}
	case person:
		op.Security = []map[string][]string{{"cookie": {}}, {"bearer": {}}}
	}
	d.addInput(op, r, plan)
	ok := &huma.Response{Description: http.StatusText(r.Status)}
	if r.Gives != "" {
		ok.Content = map[string]*huma.MediaType{r.Gives: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
	}
	if success != nil {
		ok.Content = map[string]*huma.MediaType{jsonType: {Schema: success}}
	}
	if r.Limited {
		header := func(text string) *huma.Param {
			return &huma.Param{Description: text, Schema: &huma.Schema{Type: huma.TypeInteger}}
		}
		ok.Headers = map[string]*huma.Param{
			"RateLimit-Limit":     header("Messages that may be sent at once."),
			"RateLimit-Remaining": header("Messages left of these."),
			"RateLimit-Reset":     header("Seconds until all of them are back."),
			"Idempotent-Replayed": {Description: "true when this is the stored answer to an earlier request with the same Idempotency-Key.", Schema: &huma.Schema{Type: huma.TypeString}},
		}
	}
	op.Responses[strconv.Itoa(r.Status)] = ok
	if r.ETag {
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: "If-None-Match", In: "header", Schema: &huma.Schema{Type: huma.TypeString},
			Description: "The ETag of the answer you have: 304 when nothing has changed.",
		})
		ok.Headers = map[string]*huma.Param{"ETag": {Description: "Send it as If-None-Match.", Schema: &huma.Schema{Type: huma.TypeString}}}
		op.Responses["304"] = &huma.Response{Description: "Nothing has changed"}
	}
	for _, status := range refusals(r, acc, plan) {
		op.Responses[strconv.Itoa(status)] = d.refusal(status)
	}
	d.spec.AddOperation(op)
}

// describe adds to a route's text what it needs.
func (d *document) describe(r *route, acc access) string {
	var needs string
	switch acc.who {
	case permitted:
		needs = "Needs the permission `" + string(acc.perm) + "`."
	case person:
		needs = "For people; an API key cannot call it."
	case principal:
		needs = "For every person and every API key."
	default:
		needs = "Needs no credential."
	}
	return strings.TrimSpace(r.Text + "\n\n" + needs)
}

func (d *document) addInput(op *huma.Operation, r *route, plan *inputPlan) {
	if plan == nil {
		return
	}
	off := false
	for _, p := range plan.params {
		schema := huma.SchemaFromField(d.registry, p.field, "")
		param := &huma.Param{Name: p.name, In: p.in, Description: schema.Description, Required: p.in == "path", Schema: schema}
		if p.plan.shape == listShape {
			param.Explode = &off
			schema.Nullable = false
		}
		op.Parameters = append(op.Parameters, param)
	}
	if r.Takes != nil {
		op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
		for _, kind := range r.Takes {
			op.RequestBody.Content[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
		}
	}
	if plan.body != nil {
		op.RequestBody = &huma.RequestBody{
			Required: !plan.body.optional,
			Content:  map[string]*huma.MediaType{jsonType: {Schema: d.schema(plan.body.typ)}},
		}
	}
}

// refusal is the shared description of an answer that is a problem.
func (d *document) refusal(status int) *huma.Response {
	name := "Problem" + strconv.Itoa(status)
	if d.spec.Components.Responses[name] == nil {
		var codes []string
		for _, k := range api.Kinds() {
			if k.Status == status {
				codes = append(codes, "`"+string(k.Code)+"`")
			}
		}
		d.spec.Components.Responses[name] = &huma.Response{
			Description: http.StatusText(status) + ": " + strings.Join(codes, ", "),
			Content:     map[string]*huma.MediaType{problemType: {Schema: d.schema(reflect.TypeFor[api.Problem]())}},
		}
	}
	return &huma.Response{Ref: "#/components/responses/" + name}
}

// render writes the document, indented and with sorted names, so that it can be compared by line.
func (d *document) render() []byte {
	flat, err := json.Marshal(d.spec)
	if err != nil {
		panic("httpd: OpenAPI document: " + err.Error())
	}
	var out bytes.Buffer
	if err := json.Indent(&out, flat, "", "  "); err != nil {
		panic("httpd: OpenAPI document: " + err.Error())
	}
	out.WriteByte('\n')
	return out.Bytes()
}
