package dispatch

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/route"
)

// metrics are the dispatcher's own numbers. What is known of each provider is read from its lane when
// it is asked for.
type metrics struct {
	d       *Dispatcher
	outcome *prometheus.CounterVec
	unknown *prometheus.CounterVec
	state   *prometheus.Desc
	waiting *prometheus.Desc
	sending *prometheus.Desc
	rate    *prometheus.Desc
	held    *prometheus.Desc
}

func newMetrics(d *Dispatcher) *metrics {
	provider := []string{"provider", "kind"}
	return &metrics{
		d:       d,
		outcome: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "smsir_attempts_total", Help: "Attempts by kind of provider and outcome."}, []string{"kind", "outcome"}),
		unknown: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "smsir_unknown_messages_total", Help: "Messages whose outcome became unknown, by their policy for that; those of policy alert tell people."}, []string{"policy"}),
		state: prometheus.NewDesc("smsir_provider_state", "1 for the state that an enabled provider is in.",
			append(provider, "state"), nil),
		waiting: prometheus.NewDesc("smsir_provider_waiting_messages", "Messages in memory that wait for a provider, by class.", append(provider, "class"), nil),
		sending: prometheus.NewDesc("smsir_provider_sends_under_way", "Sends that a provider has not answered yet.", provider, nil),
		rate:    prometheus.NewDesc("smsir_provider_segments_per_second", "Segments a second that a provider is given at most now; 0 for no limit.", provider, nil),
		held:    prometheus.NewDesc("smsir_dispatch_held_messages", "Messages held in memory for sending.", nil, nil),
	}
}

// Describe implements prometheus.Collector.
func (m *metrics) Describe(to chan<- *prometheus.Desc) {
	m.outcome.Describe(to)
	m.unknown.Describe(to)
	for _, d := range []*prometheus.Desc{m.state, m.waiting, m.sending, m.rate, m.held} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(to chan<- prometheus.Metric) {
	m.outcome.Collect(to)
	m.unknown.Collect(to)
	m.d.mu.Lock()
	held := m.d.room.total
	lanes := make([]*lane, 0, len(m.d.lanes))
	for _, l := range m.d.lanes {
		lanes = append(lanes, l)
	}
	m.d.mu.Unlock()
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	gauge(m.held, float64(held))
	now := m.d.opt.Now()
	for _, l := range lanes {
		id, kind := l.up.ID.Format(smsir.PrefixProvider), l.up.Kind
		l.mu.Lock()
		state, sending, rate := l.healthLocked(now).State, l.busy, l.pace.rate
		var waiting [3]int
		for u := range l.waiting {
			waiting[u] = l.waiting[u].n
		}
		l.mu.Unlock()
		for s := range route.Misconfigured + 1 {
			value := 0.0
			if s == state {
				value = 1
			}
			gauge(m.state, value, id, kind, s.String())
		}
		for u, class := range smsir.ByUrgency() {
			gauge(m.waiting, float64(waiting[u]), id, kind, class.String())
		}
		gauge(m.sending, float64(sending), id, kind)
		gauge(m.rate, rate, id, kind)
	}
}
