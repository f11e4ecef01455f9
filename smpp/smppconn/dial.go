package smppconn

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"
)

// Dialer opens connections to SMSCs, or to ESMEs that wait for an outbind. The zero value takes 10 s and no TLS.
type Dialer struct {
	Timeout time.Duration // for connecting and the TLS handshake together; 10 s if 0
	// TLS is used if it is not nil. ServerName is taken from the address if it is empty; versions below 1.2 are refused
	// whatever MinVersion says.
	TLS *tls.Config
	// Local is the local address to connect from, without port; empty leaves it to the system.
	Local string
}

// Dial connects to host:port. Whatever the error, no octet of a PDU has left.
func (d Dialer) Dial(ctx context.Context, address string) (net.Conn, error) {
	timeout := d.Timeout
	if timeout == 0 {
		timeout = 10 * time.Second
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	plain := net.Dialer{KeepAlive: 30 * time.Second}
	if d.Local != "" {
		ip := net.ParseIP(d.Local)
		if ip == nil {
			return nil, fmt.Errorf("the local address %q is no IP address", d.Local)
		}
		plain.LocalAddr = &net.TCPAddr{IP: ip}
	}
	nc, err := plain.DialContext(ctx, "tcp", address)
	if err != nil || d.TLS == nil {
		return nc, err
	}
	secure := tls.Client(nc, d.config(address))
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = nc.Close() // nothing was written that matters
		return nil, fmt.Errorf("TLS with %s: %w", address, err)
	}
	return secure, nil
}

func (d Dialer) config(address string) *tls.Config {
	config := d.TLS.Clone()
	if config.ServerName == "" {
		if host, _, err := net.SplitHostPort(address); err == nil {
			config.ServerName = host
		}
	}
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	return config
}
