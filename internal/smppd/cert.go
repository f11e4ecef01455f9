package smppd

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"
)

// Files of the certificate of our own making, in the data folder.
const (
	ownCertFile = "smpp-cert.pem"
	ownKeyFile  = "smpp-key.pem"
	ownLife     = 10 * 365 * 24 * time.Hour
)

// certificate is the TLS configuration of the door. pin is the SHA-256 of a certificate of our own making, which nobody
// vouches for: customers compare it.
func (s *Server) certificate() (config *tls.Config, pin string, err error) {
	certFile, keyFile := s.o.CertFile, s.o.KeyFile
	own := certFile == ""
	if own {
		certFile, keyFile = filepath.Join(s.o.Dir, ownCertFile), filepath.Join(s.o.Dir, ownKeyFile)
		if err := ensureOwn(certFile, keyFile, s.now()); err != nil {
			return nil, "", err
		}
	}
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, "", fmt.Errorf("read the certificate of the SMPP server: %w", err)
	}
	if own {
		sum := sha256.Sum256(pair.Certificate[0])
		pin = hex.EncodeToString(sum[:])
		s.log.Warn("the SMPP server has a certificate of its own making; customers must compare its fingerprint, or set smpp.tls_cert and smpp.tls_key", "fingerprint", pin)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, pin, nil
}

// ensureOwn makes a certificate unless there is one.
func ensureOwn(certFile, keyFile string, now time.Time) error {
	if _, err := os.Stat(certFile); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("make a key for the SMPP server: %w", err)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return fmt.Errorf("make a certificate for the SMPP server: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "SMSir SMPP"}, DNSNames: []string{"smsir"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(ownLife), KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return fmt.Errorf("make a certificate for the SMPP server: %w", err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return fmt.Errorf("write the key of the SMPP server: %w", err)
	}
	if err := os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600); err != nil {
		return fmt.Errorf("write the key of the SMPP server: %w", err)
	}
	if err := os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		return fmt.Errorf("write the certificate of the SMPP server: %w", err)
	}
	return nil
}
