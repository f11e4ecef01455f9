package route_test

import (
	"slices"
	"testing"

	"github.com/smsir/smsir"
	"github.com/smsir/smsir/internal/route"
)

func TestFor(t *testing.T) {
	t.Parallel()
	sim := route.Candidate{ID: smsir.UUID{1}, Name: "simulator", Priority: 0, TestOnly: true, Own: map[string]struct{}{"+12025550100": {}}}
	first := route.Candidate{ID: smsir.UUID{2}, Name: "first", Priority: 10}
	second := route.Candidate{ID: smsir.UUID{3}, Name: "second", Priority: 20}
	for _, tc := range []struct {
		name       string
		m          route.Message
		candidates []route.Candidate
		want       []smsir.UUID
		reason     route.Reason
	}{
		{"nobody", route.Message{To: "+447700900123"}, nil, nil, route.NoProvider},
		{"only the simulator takes every number", route.Message{To: "+447700900123"}, []route.Candidate{sim}, []smsir.UUID{sim.ID}, route.TestMode},
		{"real ones by priority", route.Message{To: "+447700900123"}, []route.Candidate{second, sim, first}, []smsir.UUID{first.ID, second.ID}, route.ByPriority},
		{"the simulator keeps its own numbers", route.Message{To: "+12025550100"}, []route.Candidate{first, sim}, []smsir.UUID{sim.ID}, route.ByTest},
		{"a wish", route.Message{To: "+447700900123", Provider: second.ID}, []route.Candidate{first, second, sim}, []smsir.UUID{second.ID}, route.ByWish},
		{"a wish beats the simulator's numbers", route.Message{To: "+12025550100", Provider: first.ID}, []route.Candidate{first, sim}, []smsir.UUID{first.ID}, route.ByWish},
		{"a wish that is not enabled", route.Message{To: "+447700900123", Provider: second.ID}, []route.Candidate{first}, nil, route.NoWish},
	} {
		got := route.For(tc.m, tc.candidates)
		if !slices.Equal(got.Order, tc.want) || got.Reason != tc.reason {
			t.Errorf("%s: got %v (%s), want %v (%s)", tc.name, got.Order, got.Reason, tc.want, tc.reason)
		}
	}
}
