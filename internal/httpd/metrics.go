package httpd

import (
	"crypto/subtle"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/api"
)

// metrics are the door's own numbers.
type metrics struct {
	requests  *prometheus.CounterVec
	seconds   *prometheus.HistogramVec
	callbacks *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "smsir_http_requests_total",
			Help: "HTTP requests, by route, method and class of status.",
		}, []string{"route", "method", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "smsir_http_request_seconds",
			Help: "Time to answer an HTTP request, by route.", Buckets: []float64{.001, .005, .025, .1, .5, 2.5, 10},
		}, []string{"route"}),
		callbacks: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "smsir_callbacks_total",
			Help: "Calls of providers with receipts and replies, by what became of them.",
		}, []string{"result"}),
	}
	if r != nil {
		r.MustRegister(m.requests, m.seconds, m.callbacks)
	}
	return m
}

var statusClasses = [...]string{"", "1xx", "2xx", "3xx", "4xx", "5xx"}

// observe counts one request. Routes are patterns, so that nobody can grow the number of series.
func (m *metrics) observe(r *http.Request, w *recorder, took time.Duration) {
	route, method, class := w.route, r.Method, "gone" // who went away gets no answer
	if route == "" {
		route = "none"
	}
	switch method {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead:
	default:
		method = "other"
	}
	if i := w.status / 100; i > 0 && i < len(statusClasses) {
		class = statusClasses[i]
	}
	m.requests.WithLabelValues(route, method, class).Inc()
	if route != "/v1/events" { // a stream lasts as long as its client likes
		m.seconds.WithLabelValues(route).Observe(took.Seconds())
	}
}

// handleMetrics answers this machine, or whoever has the token.
func (s *Server) handleMetrics(w http.ResponseWriter, r *http.Request) {
	if err := s.mayScrape(r); err != nil {
		s.fail(w, r, err)
		return
	}
	promhttp.HandlerFor(s.deps.Gatherer, promhttp.HandlerOpts{DisableCompression: true}).ServeHTTP(w, r)
}

// mayScrape reports who may read the metrics. A request that came through a proxy is never local, even
// when the proxy is not a trusted one.
func (s *Server) mayScrape(r *http.Request) error {
	hidden := smsir.Errorf(smsir.CodeNotFound, "There is no such path.")
	if s.deps.Gatherer == nil {
		return hidden
	}
	if token := s.deps.MetricsToken.Reveal(); token != "" {
		given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if ok && subtle.ConstantTimeCompare([]byte(given), []byte(token)) == 1 {
			return nil
		}
		return smsir.Errorf(api.CodeUnauthenticated, "The metrics need their bearer token.")
	}
	for _, h := range []string{"X-Forwarded-For", "X-Real-Ip", "Forwarded", "Via"} {
		if r.Header.Get(h) != "" {
			return hidden
		}
	}
	if !remote(r).IsLoopback() {
		return hidden
	}
	return nil
}
