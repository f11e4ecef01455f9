package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/smsir/smsir/api"
)

// load is connections that send prepared requests as fast as they are answered. It writes HTTP/1.1 by hand: the less the
// generator costs, the more of the machine is left to the server.
type load struct {
	server      *server
	connections int
	batch       int // messages of a request; 0: one, to /v1/messages
	duration    time.Duration
	warmup      time.Duration
	profile     string // file for a CPU profile of the server while it is measured; "": none
}

// text is what every message says: 105 characters, as a parcel service writes them.
const text = "Hello Ada, your parcel 4711-0815 will be delivered today between 14:00 and 16:00. Track it: example.com/t"

// run warms up and measures.
func (l *load) run(ctx context.Context) (r result, err error) {
	if l.warmup > 0 {
		if _, err := l.send(ctx, l.warmup); err != nil {
			return r, err
		}
	}
	before, err := l.server.meters(ctx)
	if err != nil {
		return r, err
	}
	if l.profile != "" {
		if err := l.server.toggleProfile(); err != nil {
			return r, err
		}
	}
	if r, err = l.send(ctx, l.duration); err != nil {
		return r, err
	}
	after, err := l.server.meters(ctx)
	if err != nil {
		return r, err
	}
	if l.profile != "" {
		if err := l.server.saveProfile(l.profile); err != nil {
			return r, err
		}
	}
	r.cpu, r.allocated, r.dispatch = after.cpu-before.cpu, after.allocated-before.allocated, int(after.handedOver-before.handedOver)
	r.commits, r.steps, r.busy = int(after.commits-before.commits), after.steps-before.steps, after.committing-before.committing
	return r, nil
}

// send loads the server for d.
func (l *load) send(ctx context.Context, d time.Duration) (r result, err error) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	var mu sync.Mutex
	var work sync.WaitGroup
	cpu, begin := processCPU(), time.Now()
	for i := range l.connections {
		work.Go(func() {
			latencies, failed := l.connection(ctx, i)
			mu.Lock()
			defer mu.Unlock()
			r.add(len(latencies)*max(l.batch, 1), latencies)
			err = errors.Join(err, failed)
		})
	}
	work.Wait()
	r.took, r.clientCPU = time.Since(begin), processCPU()-cpu
	r.sort()
	return r, err
}

// connection sends on one connection until ctx ends; the last request is answered too.
func (l *load) connection(ctx context.Context, i int) (latencies []time.Duration, err error) {
	request, digits, err := l.request(i)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: time.Minute} // a busy machine may take longer than the measurement itself
	conn, err := dialer.DialContext(context.WithoutCancel(ctx), "tcp", strings.TrimPrefix(l.server.url, "http://"))
	if err != nil {
		return nil, err
	}
	defer conn.Close() //nolint:errcheck // everything was answered
	if err := conn.SetDeadline(time.Now().Add(l.duration + l.warmup + time.Minute)); err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(conn, 64<<10)
	for n := i; ctx.Err() == nil || len(latencies) == 0; n++ {
		if digits > 0 {
			copy(request[digits:], fmt.Appendf(nil, "%03d", n%1000))
		}
		start := time.Now()
		if _, err := conn.Write(request); err != nil {
			return nil, err
		}
		if err := accepted(in); err != nil {
			return nil, err
		}
		latencies = append(latencies, time.Since(start))
	}
	return latencies, nil
}

// request makes the bytes of a request, and where in them the last three digits of the recipient stand; 0: nowhere.
func (l *load) request(i int) (request []byte, digits int, err error) {
	const number = "+447700900000"
	path, body := "/v1/messages", any(api.SendRequest{To: number, Text: text})
	if l.batch > 0 {
		b := api.BatchRequest{Text: text}
		for n := range l.batch {
			b.To = append(b.To, fmt.Sprintf("+447700900%03d", n))
		}
		path, body = "/v1/batches", b
	}
	content, err := json.Marshal(body)
	if err != nil {
		return nil, 0, err
	}
	request = fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		path, strings.TrimPrefix(l.server.url, "http://"), l.server.keys[i%len(l.server.keys)], len(content), content)
	if l.batch == 0 {
		digits = bytes.Index(request, []byte(number)) + len(number) - 3
	}
	return request, digits, nil
}

// accepted reads one answer, which must be 202.
func accepted(in *bufio.Reader) error {
	status, err := in.ReadSlice('\n')
	if err != nil {
		return err
	}
	ok, first, length := bytes.HasPrefix(status, []byte("HTTP/1.1 202")), string(status), -1
	for {
		line, err := in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			break
		}
		if name, value, _ := bytes.Cut(line, []byte(":")); bytes.EqualFold(name, []byte("Content-Length")) {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return err
			}
		}
	}
	if length < 0 {
		return fmt.Errorf("%s: an answer without Content-Length", strings.TrimSpace(first))
	}
	if !ok {
		body, _ := io.ReadAll(io.LimitReader(in, int64(min(length, 1000))))
		return fmt.Errorf("%s: %s", strings.TrimSpace(first), body)
	}
	_, err = in.Discard(length)
	return err
}
