package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/smsir/smsir/smpp"
)

// The carrier takes every submit_sm at once and confirms its delivery a few milliseconds later, with at most receiptWindow
// deliver_sm without answer in a session. It gathers what it writes, so that it costs as little as it can.
const (
	receiptWindow = 100
	receiptAfter  = 20 * time.Millisecond
)

// carrierMain serves until its standard input ends, then says how many messages it took.
func carrierMain() int {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // ends with the process
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Fprintln(os.Stdout, l.Addr().(*net.TCPAddr).Port)
	var taken atomic.Int64
	go func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			go (&session{nc: nc, w: bufio.NewWriterSize(nc, 64<<10), taken: &taken}).serve()
		}
	}()
	_, _ = io.Copy(io.Discard, os.Stdin)
	fmt.Fprintln(os.Stdout, taken.Load())
	return 0
}

// session is one bind.
type session struct {
	nc    net.Conn
	taken *atomic.Int64

	mu       sync.Mutex
	w        *bufio.Writer
	pdu      []byte // what is written, again and again
	sequence uint32
	due      []receipt
	unheard  int // receipts without answer
}

type receipt struct {
	at   time.Time
	id   string
	from smpp.SubmitSM
}

func (s *session) serve() {
	done := make(chan struct{})
	defer s.nc.Close() //nolint:errcheck // it ends
	defer close(done)
	go s.tell(done)
	in := bufio.NewReaderSize(s.nc, 64<<10)
	r := smpp.NewReader(in)
	for {
		b, err := r.ReadPDU()
		if err != nil {
			return
		}
		h, p, err := smpp.Decode(b)
		if err != nil {
			return
		}
		var resp smpp.PDU
		s.mu.Lock()
		switch p := p.(type) {
		case *smpp.Bind:
			bound := &smpp.BindResp{SystemID: "bench"}
			bound.Command, _ = p.Command.Response()
			resp = bound
		case *smpp.SubmitSM:
			id := strconv.FormatInt(s.taken.Add(1)+1_000_000, 10)
			resp = &smpp.SubmitSMResp{MessageID: id}
			if p.RegisteredDelivery.Receipt() != 0 {
				s.due = append(s.due, receipt{at: time.Now().Add(receiptAfter), id: id, from: *p})
			}
		case *smpp.EnquireLink:
			resp = &smpp.EnquireLinkResp{}
		case *smpp.DeliverSMResp:
			s.unheard--
		case *smpp.Unbind:
			resp = &smpp.UnbindResp{}
		}
		if resp != nil {
			s.write(resp, h.SequenceNumber)
		}
		if in.Buffered() == 0 {
			_ = s.w.Flush() // the next read notices
		}
		s.mu.Unlock()
	}
}

// tell sends the receipts that are due.
func (s *session) tell(done <-chan struct{}) {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return
		case now := <-tick.C:
			s.mu.Lock()
			date := now.UTC().Format("0601021504")
			for len(s.due) > 0 && s.unheard < receiptWindow && !s.due[0].at.After(now) {
				r := s.due[0]
				s.due = s.due[1:]
				s.unheard++
				s.sequence++
				s.write(&smpp.DeliverSM{
					SourceAddrTON: r.from.DestAddrTON, SourceAddrNPI: r.from.DestAddrNPI, SourceAddr: r.from.DestinationAddr,
					DestAddrTON: r.from.SourceAddrTON, DestAddrNPI: r.from.SourceAddrNPI, DestinationAddr: r.from.SourceAddr, ESMClass: smpp.TypeDeliveryReceipt,
					ShortMessage: []byte("id:" + r.id + " sub:001 dlvrd:001 submit date:" + date + " done date:" + date + " stat:DELIVRD err:000 text:"),
				}, s.sequence)
			}
			_ = s.w.Flush() // the reader notices
			s.mu.Unlock()
		}
	}
}

func (s *session) write(p smpp.PDU, sequence uint32) {
	b, err := p.AppendPDU(s.pdu[:0], sequence)
	if err == nil {
		s.pdu = b
		_, _ = s.w.Write(b) // the reader notices
	}
}

// carrier is the process as the benchmark sees it.
type carrier struct {
	cmd   *exec.Cmd
	stdin io.Closer
	out   *bufio.Reader
	port  string
}

func startCarrier(ctx context.Context) (*carrier, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &carrier{cmd: exec.CommandContext(ctx, self, "carrier")}
	c.cmd.Stderr = os.Stderr
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	c.out = bufio.NewReader(out)
	line, err := c.out.ReadString('\n')
	c.port = strings.TrimSpace(line)
	return c, err
}

// stop ends it and says how many messages it took.
func (c *carrier) stop() (taken int, err error) {
	_ = c.stdin.Close() // that ends it
	line, err := c.out.ReadString('\n')
	if err != nil {
		return 0, err
	}
	if taken, err = strconv.Atoi(strings.TrimSpace(line)); err != nil {
		return 0, err
	}
	return taken, c.cmd.Wait()
}
