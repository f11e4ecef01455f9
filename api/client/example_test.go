package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/coder/websocket"

	"github.com/smsir/smsir/api"
	"github.com/smsir/smsir/api/client"
)

// Send a message and follow it to its end.
func Example() {
	gateway := exampleGateway()
	defer gateway.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()

	c, err := client.New(gateway.URL, "smsir…")
	if err != nil {
		fmt.Println(err)
		return
	}
	m, err := c.Send(ctx, api.SendRequest{To: "+12025550100", Text: "Your parcel has arrived."}, client.IdempotencyKey("order-1001"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.To, m.Status)

	// From the beginning, so that nothing of the message is missed.
	for e, err := range c.Events(ctx, "evt_0000000000001") {
		if err != nil {
			fmt.Println(err)
			return
		}
		if e.MessageID != m.ID {
			continue
		}
		fmt.Println(e.Seq, e.Type)
		if e.Data.Final {
			break
		}
	}
	// Output:
	// +12025550100 queued
	// 1 message.accepted
	// 2 message.sending
	// 3 message.sent
	// 4 message.delivered
}

// exampleGateway stands in for a gateway: it accepts one message and tells its story.
func exampleGateway() *httptest.Server {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/messages", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(api.Message{ID: "msg_1", To: "+12025550100", Status: "queued"})
	})
	mux.HandleFunc("GET /v1/events", func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		for i, status := range []string{"accepted", "sending", "sent", "delivered"} {
			frame, _ := json.Marshal(api.Event{
				ID: fmt.Sprintf("evt_000000000001%d", i), Type: "message." + status, MessageID: "msg_1", Seq: i + 1,
				Data: api.EventData{Final: status == "delivered"},
			})
			_ = conn.Write(r.Context(), websocket.MessageText, frame)
		}
		<-conn.CloseRead(r.Context()).Done()
	})
	return httptest.NewServer(mux)
}
