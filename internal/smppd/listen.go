package smppd

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// listener is one open address.
type listener struct {
	net.Listener
	tls     *tls.Config // nil: plain
	pin     string      // fingerprint of our own certificate
	address string
}

// listen opens what is to be open and is not. An address that cannot be had is told, and tried again at the next look.
func (s *Server) listen(ctx context.Context) {
	s.mu.Lock()
	open := map[string]bool{}
	for _, l := range s.listeners {
		open[l.address] = true
	}
	stopping := s.stopping
	s.mu.Unlock()
	if stopping {
		return
	}
	if s.o.Listen != "" && !open[s.o.Listen] {
		config, pin, err := s.certificate()
		if err == nil {
			err = s.open(ctx, &listener{address: s.o.Listen, tls: config, pin: pin})
		}
		if err != nil {
			s.log.Error("the SMPP server cannot listen with TLS", "address", s.o.Listen, "err", err)
		}
	}
	if s.o.PlainListen != "" && !open[s.o.PlainListen] {
		if err := s.open(ctx, &listener{address: s.o.PlainListen}); err != nil {
			s.log.Error("the SMPP server cannot listen without TLS", "address", s.o.PlainListen, "err", err)
		} else if len(s.o.PlainNetworks) > 0 {
			s.log.Warn("the SMPP server takes passwords and messages without encryption from some networks", "address", s.o.PlainListen)
		}
	}
}

func (s *Server) open(ctx context.Context, l *listener) error {
	var err error
	if l.Listener, err = new(net.ListenConfig).Listen(ctx, "tcp", l.address); err != nil {
		return fmt.Errorf("listen on %s: %w", l.address, err)
	}
	s.mu.Lock()
	s.listeners = append(s.listeners, l)
	s.mu.Unlock()
	s.log.Info("the SMPP server listens", "address", l.Addr().String(), "tls", l.tls != nil, "fingerprint", l.pin)
	s.all.Go(func() { s.accept(l) })
	return nil
}

func (s *Server) stopListening() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range s.listeners {
		_ = l.Close() // accept ends
	}
	s.listeners = nil
}

// accept takes connections until the listener is closed.
func (s *Server) accept(l *listener) {
	for {
		nc, err := l.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // out of file descriptors, most likely
			s.log.Warn("an SMPP connection could not be accepted", "err", err)
			select {
			case <-time.After(100 * time.Millisecond):
				continue
			case <-s.ctx.Done():
				return
			}
		}
		from := addressOf(nc.RemoteAddr())
		if l.tls == nil && !s.mayComePlain(from) || !s.guard.enter(from, nc) {
			_ = nc.Close() // no word to strangers
			continue
		}
		s.all.Go(func() {
			defer s.guard.leave(from, nc)
			if l.tls == nil {
				s.serve(nc, from, false)
				return
			}
			s.serve(tls.Server(nc, l.tls), from, true) // the handshake happens at the first read, within the session init timer
		})
	}
}

// mayComePlain reports whether a peer may speak without TLS: from this machine, or where the settings say so.
func (s *Server) mayComePlain(from netip.Addr) bool {
	if from.IsLoopback() {
		return true
	}
	for _, p := range s.o.PlainNetworks {
		if p.Contains(from) {
			return true
		}
	}
	return false
}

func addressOf(a net.Addr) netip.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr().Unmap().WithZone("")
	}
	return netip.Addr{}
}
