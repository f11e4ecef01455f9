package httpd

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/smsir/smsir/api"
)

// registerHealth registers what machines ask about the server itself.
func (s *Server) registerHealth(b *builder) {
	handle(b, route{
		Method: "GET", Path: "/healthz", ID: "getHealth", Tag: "Instance",
		Summary: "Whether the process lives", Text: "Says nothing about its storage; see /readyz.",
	},
		func(*call, *struct{}) (*api.Health, error) { return &api.Health{Status: "ok"}, nil })
	handle(b, route{
		Method: "GET", Path: "/readyz", ID: "getReadiness", Tag: "Instance", Errors: []int{403, 503, 507, 500},
		Summary: "Whether the server accepts messages now",
	},
		func(c *call, _ *struct{}) (*api.Health, error) {
			if err := s.deps.Store.Ready(c.ctx()); err != nil {
				return nil, err
			}
			if s.deps.Ready != nil {
				if err := s.deps.Ready(); err != nil {
					return nil, err
				}
			}
			h := &api.Health{Status: "ok"}
			if s.deps.Degraded != nil {
				if h.Detail = s.deps.Degraded(); h.Detail != "" {
					h.Durability = "degraded"
				}
			}
			return h, nil
		})
	s.direct(b, route{
		Method: "GET", Path: "/metrics", ID: "getMetrics", Tag: "Instance", Errors: []int{401, 403, 404}, Status: 200,
		Summary: "Numbers for Prometheus", Text: "For this machine, or with the bearer token of the setting metrics.token.",
	},
		"text/plain", &huma.Schema{Type: huma.TypeString}, s.handleMetrics)
	s.direct(b, route{
		Method: "GET", Path: "/openapi.json", ID: "getOpenAPI", Tag: "Instance", Errors: []int{403}, Status: 200,
		Summary: "This document",
	},
		jsonType, &huma.Schema{Type: huma.TypeObject}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-cache")
			w.Header().Add("Vary", "Accept-Encoding")
			writeRead(w, r, http.StatusOK, "application/openapi+json", s.spec)
		})
}

// direct registers a route that writes its own answer.
func (s *Server) direct(b *builder, r route, media string, schema *huma.Schema, fn http.HandlerFunc, params ...*huma.Param) {
	b.add(r, &inputPlan{}, schema, func(c *call) error {
		fn(c.w, c.r.WithContext(withPrincipal(c)))
		return nil
	})
	op := b.doc.spec.Paths[r.Path].Get
	op.Parameters = append(op.Parameters, params...)
	op.Responses["200"].Content = map[string]*huma.MediaType{media: {Schema: schema}}
}
