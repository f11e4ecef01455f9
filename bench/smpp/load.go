package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smsir/smsir/smpp"
)

// text is what every message says: 105 characters, as a parcel service writes them.
const text = "Hello Ada, your parcel 4711-0815 will be delivered today between 14:00 and 16:00. Track it: example.com/t"

// asker asks the gateways about themselves.
var asker = &http.Client{Timeout: time.Minute}

// patience is how long nothing may happen before a measurement is given up.
const patience = 2 * time.Minute

// pace lets a number of messages go, with so many without receipt at once, and knows when the last receipt is there.
type pace struct {
	mu       sync.Mutex
	more     *sync.Cond
	left     int // to be sent
	open     int // without receipt
	ahead    int
	finished chan struct{}
	total    int
	received atomic.Int64
	failed   error
}

func newPace(messages, ahead int) *pace {
	p := &pace{left: messages, total: messages, ahead: ahead, finished: make(chan struct{})}
	p.more = sync.NewCond(&p.mu)
	return p
}

// next waits until another message may go and numbers it; false: there are no more.
func (p *pace) next() (int, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.left > 0 && p.open >= p.ahead && p.failed == nil {
		p.more.Wait()
	}
	if p.left == 0 || p.failed != nil {
		return 0, false
	}
	p.left--
	p.open++
	return p.left, true
}

// got notes receipts.
func (p *pace) got(n int) {
	if n == 0 {
		return
	}
	p.mu.Lock()
	p.open -= n
	p.more.Broadcast()
	p.mu.Unlock()
	if p.received.Add(int64(n)) == int64(p.total) {
		close(p.finished)
	}
}

func (p *pace) fail(err error) {
	p.mu.Lock()
	p.failed = errors.Join(p.failed, err)
	p.more.Broadcast()
	p.mu.Unlock()
}

// wait returns when the last receipt is there, or nothing comes any more.
func (p *pace) wait(ctx context.Context) error {
	last, since := int64(-1), time.Now()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-p.finished:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case now := <-tick.C:
			p.mu.Lock()
			err := p.failed
			p.mu.Unlock()
			n := p.received.Load()
			if n != last {
				last, since = n, now
			}
			if err != nil || now.Sub(since) > patience {
				return errors.Join(err, fmt.Errorf("%d of %d receipts came", n, p.total))
			}
		}
	}
}

// overHTTP sends requests as fast as they are answered and the pace allows. request makes the bytes of message n on a
// connection; HTTP/1.1 is written by hand, because the less the generator costs, the more is left to the gateway.
func overHTTP(ctx context.Context, address string, connections int, p *pace, request func(connection, n int, b []byte) []byte) error {
	var all sync.WaitGroup
	begin := func(i int) error {
		nc, err := (&net.Dialer{Timeout: time.Minute}).DialContext(ctx, "tcp", address)
		if err != nil {
			return err
		}
		defer nc.Close() //nolint:errcheck // everything was answered
		in := bufio.NewReaderSize(nc, 16<<10)
		var b []byte
		for {
			n, more := p.next()
			if !more {
				return nil
			}
			b = request(i, n, b[:0])
			if _, err := nc.Write(b); err != nil {
				return err
			}
			if err := accepted(in); err != nil {
				return err
			}
		}
	}
	for i := range connections {
		all.Go(func() {
			if err := begin(i); err != nil {
				p.fail(err)
			}
		})
	}
	err := p.wait(ctx)
	all.Wait()
	return err
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
	if length < 0 || !ok {
		body, _ := io.ReadAll(io.LimitReader(in, int64(max(0, min(length, 1000)))))
		return fmt.Errorf("%s: %s", strings.TrimSpace(first), body)
	}
	_, err = in.Discard(length)
	return err
}

// esme is one SMPP session that submits with a window and takes receipts.
type esme struct {
	nc     net.Conn
	window chan struct{} // a place for each submit_sm without answer
	mu     sync.Mutex
	w      *bufio.Writer
	pace   atomic.Pointer[pace]
	ended  chan error
}

// bind opens a session.
func bind(ctx context.Context, address, systemID, password string, window int) (*esme, error) {
	nc, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	e := &esme{nc: nc, window: make(chan struct{}, window), w: bufio.NewWriterSize(nc, 64<<10), ended: make(chan error, 1)}
	b, err := (&smpp.Bind{Command: smpp.CommandBindTransceiver, SystemID: systemID, Password: password, InterfaceVersion: smpp.Version34}).AppendPDU(nil, 1)
	if err != nil {
		return nil, err
	}
	if _, err := nc.Write(b); err != nil {
		return nil, err
	}
	in := bufio.NewReaderSize(nc, 64<<10)
	r := smpp.NewReader(in)
	if b, err = r.ReadPDU(); err != nil {
		return nil, err
	}
	if h, _, err := smpp.Decode(b); err != nil || h.CommandStatus != smpp.ROK {
		return nil, errors.Join(err, fmt.Errorf("bind: %s", h.CommandStatus))
	}
	go func() { e.ended <- e.read(in, r) }()
	return e, nil
}

// read takes answers and receipts until the session ends.
func (e *esme) read(in *bufio.Reader, r *smpp.Reader) error {
	receipts := 0
	for {
		b, err := r.ReadPDU()
		if err != nil {
			return err
		}
		h, p, err := smpp.Decode(b)
		if err != nil {
			return err
		}
		var resp smpp.PDU
		switch p := p.(type) {
		case *smpp.SubmitSMResp:
			if h.CommandStatus != smpp.ROK {
				e.pace.Load().fail(fmt.Errorf("submit_sm_resp %s", h.CommandStatus))
				return nil
			}
			<-e.window
		case *smpp.DeliverSM:
			if !bytes.Contains(p.ShortMessage, []byte("stat:DELIVRD")) {
				e.pace.Load().fail(fmt.Errorf("receipt %q", p.ShortMessage))
				return nil
			}
			receipts++
			resp = &smpp.DeliverSMResp{}
		case *smpp.EnquireLink:
			resp = &smpp.EnquireLinkResp{}
		case *smpp.Unbind:
			resp = &smpp.UnbindResp{}
		}
		if resp != nil {
			if err := e.write(resp, h.SequenceNumber, in.Buffered() == 0); err != nil {
				return err
			}
		}
		if in.Buffered() == 0 {
			if err := e.flush(); err != nil {
				return err
			}
			if receipts > 0 {
				e.pace.Load().got(receipts)
				receipts = 0
			}
		}
	}
}

func (e *esme) write(p smpp.PDU, sequence uint32, now bool) error {
	b, err := p.AppendPDU(nil, sequence)
	if err != nil {
		return err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if _, err := e.w.Write(b); err != nil || !now {
		return err
	}
	return e.w.Flush()
}

func (e *esme) flush() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.w.Flush()
}

// submit sends as long as the pace says.
func (e *esme) submit(p *pace) error {
	for sequence := uint32(2); ; sequence++ {
		n, more := p.next()
		if !more {
			return e.flush()
		}
		select {
		case e.window <- struct{}{}:
		default: // what is written must leave before one waits for its answer
			if err := e.flush(); err != nil {
				return err
			}
			e.window <- struct{}{}
		}
		last := len(e.window) == cap(e.window)
		if err := e.write(&smpp.SubmitSM{
			SourceAddrTON: smpp.TONInternational, SourceAddrNPI: smpp.NPIISDN, SourceAddr: "12025550142", DestAddrTON: smpp.TONInternational, DestAddrNPI: smpp.NPIISDN,
			DestinationAddr: fmt.Sprintf("447700900%03d", n%1000), RegisteredDelivery: smpp.ReceiptAlways, ShortMessage: []byte(text),
		}, sequence, last); err != nil {
			return err
		}
	}
}

// overSMPP sends over some sessions at once.
func overSMPP(ctx context.Context, sessions []*esme, p *pace) error {
	var all sync.WaitGroup
	for _, e := range sessions {
		e.pace.Store(p)
	}
	for _, e := range sessions {
		all.Go(func() {
			if err := e.submit(p); err != nil {
				p.fail(err)
			}
		})
	}
	err := p.wait(ctx)
	if err == nil {
		all.Wait()
	}
	return err
}
