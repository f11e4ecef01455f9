package aws

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha1" //nolint:gosec // SNS signs with SHA1 unless the topic is told otherwise
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
)

// certificates are those of SNS's that were fetched, by the name of their file. AWS has one for each region and changes it
// once in years.
type certificates struct {
	mu    sync.Mutex
	known map[string]*x509.Certificate
	tried map[string]time.Time // when fetching last failed
}

const (
	// maxCertificates bounds how many are kept: a call can name any.
	maxCertificates = 8
	// fetchPause is how long a certificate that could not be fetched is not asked for again.
	fetchPause = time.Minute
)

var certificateForm = regexp.MustCompile(`^/SimpleNotificationService-[0-9a-f]{16,64}\.pem$`)

// signed reports whether a call bears a signature of SNS's. An error says that nobody can tell now.
func (a *account) signed(ctx context.Context, n *notification) (bool, error) {
	signature, err := base64.StdEncoding.DecodeString(n.Signature)
	if err != nil || n.Type == "" {
		return false, nil //nolint:nilerr // it is no signature
	}
	var hash crypto.Hash
	var sum []byte
	switch text := []byte(signedText(n)); n.Version {
	case "1":
		s := sha1.Sum(text) //nolint:gosec // SNS's version 1
		hash, sum = crypto.SHA1, s[:]
	case "2":
		s := sha256.Sum256(text)
		hash, sum = crypto.SHA256, s[:]
	default:
		return false, nil
	}
	address, err := url.Parse(n.CertURL)
	if err != nil || address.Scheme != "https" || "https://"+address.Host != a.official() || address.RawQuery != "" || address.User != nil || !certificateForm.MatchString(address.Path) {
		return false, nil //nolint:nilerr // it leads elsewhere
	}
	cert, err := a.certificate(ctx, address.Path)
	if err != nil {
		return false, err
	}
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	now := a.now()
	if !ok || now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return false, nil
	}
	return rsa.VerifyPKCS1v15(key, hash, sum, signature) == nil, nil
}

// official is the address of SNS in the topic's region, at which its certificates are.
func (a *account) official() string {
	region := strings.Split(a.topic, ":")[3]
	return "https://sns." + region + "." + domain(region)
}

// signedText is what SNS signs: names and values, each in a line of its own.
// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
func signedText(n *notification) string {
	var b strings.Builder
	line := func(name, value string) { b.WriteString(name + "\n" + value + "\n") }
	line("Message", n.Message)
	line("MessageId", n.MessageID)
	if n.Type == typeNotification {
		if n.Subject != nil {
			line("Subject", *n.Subject)
		}
	} else {
		line("SubscribeURL", n.Subscribe)
	}
	line("Timestamp", n.Timestamp)
	if n.Type != typeNotification {
		line("Token", n.Token)
	}
	line("TopicArn", n.TopicArn)
	line("Type", n.Type)
	return b.String()
}

// certificate finds one by the path of its file, and fetches it if it is new: at the SNS of the topic's region, over TLS,
// which is what makes it believable.
func (a *account) certificate(ctx context.Context, path string) (*x509.Certificate, error) {
	c := &a.certs
	c.mu.Lock()
	defer c.mu.Unlock()
	if cert := c.known[path]; cert != nil {
		return cert, nil
	}
	if at, failed := c.tried[path]; failed && a.now().Sub(at) < fetchPause {
		return nil, errors.New("aws: the certificate of SNS could not be fetched a moment ago")
	}
	cert, err := a.fetch(ctx, path)
	if err != nil {
		if c.tried == nil || len(c.tried) >= maxCertificates {
			c.tried = map[string]time.Time{}
		}
		c.tried[path] = a.now()
		return nil, err
	}
	if c.known == nil || len(c.known) >= maxCertificates {
		c.known = map[string]*x509.Certificate{}
	}
	c.known[path] = cert
	return cert, nil
}

func (a *account) fetch(ctx context.Context, path string) (*x509.Certificate, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.home+path, nil)
	if err != nil {
		return nil, fmt.Errorf("aws: fetch the certificate of SNS: %w", err)
	}
	answer, err := a.http.Do(ctx, req)
	if err != nil {
		return nil, fmt.Errorf("aws: fetch the certificate of SNS: %w", err)
	}
	block, _ := pem.Decode(answer.Body)
	if answer.Status != http.StatusOK || answer.Truncated || block == nil || block.Type != "CERTIFICATE" {
		return nil, fmt.Errorf("aws: fetch the certificate of SNS: status %d, and no certificate", answer.Status)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("aws: read the certificate of SNS: %w", err)
	}
	return cert, nil
}
