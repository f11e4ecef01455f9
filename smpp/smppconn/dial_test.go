package smppconn_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http/httptest"
	"testing"

	"github.com/smsir/smsir/smpp"
	"github.com/smsir/smsir/smpp/smppconn"
)

// TestDialTLS: a bind over TLS, and none with a server that nobody vouches for.
func TestDialTLS(t *testing.T) {
	t.Parallel()
	certificates := httptest.NewUnstartedServer(nil) // for a certificate of 127.0.0.1 and the CA behind it
	certificates.StartTLS()
	defer certificates.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: certificates.TLS.Certificates})
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			_ = smppconn.New(nc, smppconn.Options{
				Role:   smppconn.SMSC,
				OnBind: func(context.Context, *smppconn.Conn, *smpp.Bind) *smpp.BindResp { return &smpp.BindResp{} },
			}).Run(t.Context())
		}
	}()
	address := l.Addr().String()
	if nc, err := (smppconn.Dialer{TLS: &tls.Config{}}).Dial(t.Context(), address); err == nil {
		_ = nc.Close()
		t.Error("a certificate that nobody vouches for was taken")
	}
	trusted := x509.NewCertPool()
	trusted.AddCert(certificates.Certificate())
	nc, err := smppconn.Dialer{TLS: &tls.Config{RootCAs: trusted}, Local: "127.0.0.1"}.Dial(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	c := smppconn.New(nc, smppconn.Options{})
	ended := make(chan error, 1)
	go func() { ended <- c.Run(context.Background()) }()
	if _, err := c.Bind(t.Context(), bind(smpp.CommandBindTransceiver)); err != nil {
		t.Errorf("Bind: %v", err)
	}
	if err := c.Unbind(t.Context()); err != nil {
		t.Errorf("Unbind: %v", err)
	}
	if err := <-ended; err != nil {
		t.Errorf("Run: %v", err)
	}
	_ = l.Close()
	<-served
	if _, err := (smppconn.Dialer{}).Dial(t.Context(), address); err == nil {
		t.Error("Dial of a closed port: no error")
	}
	if _, err := (smppconn.Dialer{Local: "here"}).Dial(t.Context(), address); err == nil {
		t.Error("Dial from no address: no error")
	}
}
