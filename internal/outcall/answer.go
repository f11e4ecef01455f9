package outcall

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/smsir/smsir"
)

// read reads the body of an answer within its bounds. What nobody asked to be packed is unpacked all the same if it is
// gzip; what is packed otherwise stays as it is.
func read(answer *http.Response) (body []byte, truncated bool, err error) {
	packed := &io.LimitedReader{R: answer.Body, N: MaxAnswer + 1}
	var from io.Reader = packed
	if strings.EqualFold(answer.Header.Get("Content-Encoding"), "gzip") {
		unpack, err := gzip.NewReader(packed)
		if err != nil {
			return nil, packed.N == 0, err
		}
		from = unpack
	}
	body, err = io.ReadAll(io.LimitReader(from, MaxAnswer+1))
	switch {
	case len(body) > MaxAnswer:
		return body[:MaxAnswer], true, nil
	case packed.N == 0: // cut off by us, which gzip takes for an error
		return body, true, nil
	}
	return body, false, err
}

// classify tells what a request without an answer means (docs/delivery.md, "The unknown outcome").
func classify(ctx context.Context, err error, silent bool) *smsir.SendError {
	if !silent {
		return unknown(ctx, "connection_lost", "The connection was lost before an answer came.", err)
	}
	var (
		proxy     *proxyError
		handshake *tlsError
		name      *net.DNSError
	)
	switch {
	case badCertificate(err):
		return notSent(smsir.ClassConfig, "tls_untrusted", "The provider's server has no certificate that can be trusted for this address.", err)
	case errors.As(err, &proxy):
		return notSent(smsir.ClassRetry, "proxy_refused", "The proxy does not let the request through.", err)
	case errors.As(err, &name):
		return notSent(smsir.ClassRetry, "name_not_found", "The name of the provider's server could not be looked up.", err)
	case errors.As(err, &handshake):
		return notSent(smsir.ClassRetry, "tls_failed", "No secure connection to the provider's server came about.", err)
	}
	return notSent(smsir.ClassRetry, "unreachable", "The provider's server could not be reached.", err)
}

// badCertificate tells a certificate that is wrong, which people must put right, from a handshake that broke.
func badCertificate(err error) bool {
	var (
		verify    *tls.CertificateVerificationError
		host      x509.HostnameError
		authority x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
	)
	return errors.As(err, &verify) || errors.As(err, &host) || errors.As(err, &authority) || errors.As(err, &invalid)
}

func notSent(class smsir.FailureClass, code, text string, err error) *smsir.SendError {
	return &smsir.SendError{State: smsir.AttemptNotSent, Class: class, Code: code, Text: text, Err: err}
}

// unknown is an outcome that nobody can know. Silence has a word of its own.
func unknown(ctx context.Context, code, text string, err error) *smsir.SendError {
	if ctx.Err() != nil {
		code, text = "no_answer", "The provider did not answer in time."
	}
	return &smsir.SendError{State: smsir.AttemptUnknown, Class: smsir.ClassUnknown, Code: code, Text: text, Err: err}
}
