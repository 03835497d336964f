package serve

import (
	"crypto/tls"
	"fmt"
	"sync/atomic"
)

// Certificate is a certificate in files, which can be read again while it is used.
type Certificate struct {
	cert, key string
	now       atomic.Pointer[tls.Certificate]
}

// OpenCertificate reads a certificate and its key, in PEM.
func OpenCertificate(cert, key string) (*Certificate, error) {
	c := &Certificate{cert: cert, key: key}
	return c, c.Reload()
}

// Reload reads the files again. If that fails, what was read before stays.
func (c *Certificate) Reload() error {
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil {
		return fmt.Errorf("serve: the certificate %s with the key %s: %w", c.cert, c.key, err)
	}
	c.now.Store(&pair)
	return nil
}

// TLS is the configuration of a server with this certificate, for TLS 1.2 and newer.
func (c *Certificate) TLS() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return c.now.Load(), nil }}
}
