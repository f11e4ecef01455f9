package carrier

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// hugeBody is how long the answer of FaultHuge is, in bytes.
const hugeBody = 10 << 20

// earlyWait is how long an answer waits for the report that is to come before it.
const earlyWait = 3 * time.Second

// answer sends an answer as the fault has it.
func (c *Carrier) answer(w http.ResponseWriter, r *http.Request, f Fault, a reply, d draws, early *report) {
	if early != nil {
		select {
		case <-early.taken:
		case <-time.After(earlyWait):
		case <-r.Context().Done():
		}
	}
	if !rest(r.Context(), d.within(drawAnswer, c.opt.Answer)) {
		return
	}
	switch f.Name {
	case FaultDrop:
		hangUp(w)
	case FaultReset:
		raw(w, func(conn net.Conn) {
			text := a.wire()
			_, _ = conn.Write([]byte(text[:min(len(text), f.number(len(text)/2))]))
			reset(conn)
		})
	case FaultError:
		http.Error(w, "Internal Server Error", f.number(http.StatusInternalServerError))
	case FaultHang:
		if rest(r.Context(), f.duration(10*time.Minute)) {
			a.send(w)
		}
	case FaultSlow:
		a.drip(w, r, f.duration(5*time.Millisecond))
	case FaultGarbage:
		w.Header().Set("Content-Type", "text/html")
		_, _ = fmt.Fprint(w, "<!DOCTYPE html><title>Welcome</title><p>It works!")
	case FaultTwice:
		raw(w, func(conn net.Conn) {
			_, _ = conn.Write([]byte(a.wire() + a.wire()))
			_ = conn.Close()
		})
	case FaultHuge:
		a.body += strings.Repeat(" ", hugeBody)
		a.send(w)
	default:
		a.send(w)
	}
}

// send answers as one should.
func (a reply) send(w http.ResponseWriter) {
	for k, v := range a.header {
		w.Header().Set(k, v)
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.WriteHeader(a.status)
	_, _ = w.Write([]byte(a.body))
}

// drip answers byte by byte.
func (a reply) drip(w http.ResponseWriter, r *http.Request, gap time.Duration) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	flush := http.NewResponseController(w)
	for i := range len(a.body) {
		if _, err := w.Write([]byte(a.body[i : i+1])); err != nil || flush.Flush() != nil || !rest(r.Context(), gap) {
			return
		}
	}
}

// wire is the answer as bytes of HTTP/1.1.
func (a reply) wire() string {
	var b strings.Builder
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n", a.status, http.StatusText(a.status), len(a.body))
	for k, v := range a.header {
		fmt.Fprintf(&b, "%s: %s\r\n", k, v)
	}
	return b.String() + "\r\n" + a.body
}

// raw takes the connection away from the server.
func raw(w http.ResponseWriter, do func(net.Conn)) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // ends the connection too
	}
	do(conn)
}

func hangUp(w http.ResponseWriter) { raw(w, reset) }

// reset closes a connection so that the other side sees a reset and not an end.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
