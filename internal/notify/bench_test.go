package notify

import (
	"testing"
	"time"

	"github.com/smsir/smsir"
)

// BenchmarkItems is what it costs to tell the four events of one message.
func BenchmarkItems(b *testing.B) {
	m := &memory{messages: map[smsir.ID]*smsir.Message{}, names: map[smsir.UUID]string{{9}: "Front desk", {7}: "Simulator"}}
	var events []smsir.Event
	const messages = 100
	for i := range messages {
		msg, first := accepted(smsir.IDAt(nine)+smsir.ID(10*i), 0, false)
		sending, _ := msg.Intend(nine.Add(time.Second), smsir.UUID{7})
		told := msg.Finish(nine.Add(time.Second), 1, nine, smsir.Outcome{State: smsir.AttemptAccepted, References: []string{"r1"}})
		events = append(events, first, sending)
		events = append(events, told...)
		events = append(events, told...)
		m.messages[msg.ID] = msg
	}
	e := newEncoder(m, m)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.items(b.Context(), events); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/messages, "ns/message")
}
