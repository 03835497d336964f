package serve_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/serve"
	"github.com/stretchr/testify/require"
)

// certify writes a certificate for 127.0.0.1 with its key, and returns a client that trusts it alone.
func certify(t *testing.T, cert, key string, serial int64) *http.Client {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: raw}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		require.NoError(t, os.WriteFile(path, pem.EncodeToMemory(block), 0o600))
	}
	parsed, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

// HTTPS, by HTTP/2 where the client can; the certificate is read again while it serves, and one that is damaged changes nothing.
func TestHTTPS(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	first := certify(t, cert, key, 1)
	c, err := serve.OpenCertificate(cert, key)
	require.NoError(t, err)
	h := handler(t, serve.Settings{Token: "secret"})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- serve.Serve(ctx, l, h, serve.ServerSettings{TLS: c.TLS(), Drain: time.Millisecond}) }()
	ask := func(client *http.Client) error {
		r, err := http.NewRequest(http.MethodPost, "https://"+l.Addr().String()+"/v1/predict", bytes.NewReader(pictureFile(t, 1)))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer secret")
		got, err := client.Do(r)
		if err != nil {
			return err
		}
		defer got.Body.Close()
		require.Equal(t, http.StatusOK, got.StatusCode)
		require.Equal(t, 2, got.ProtoMajor)
		require.GreaterOrEqual(t, got.TLS.Version, uint16(tls.VersionTLS12))
		var p serve.Predicted
		require.NoError(t, json.NewDecoder(got.Body).Decode(&p))
		require.Len(t, p.Images[0].Classes, len(names))
		return nil
	}
	require.NoError(t, ask(first))
	plain, err := http.Get("http://" + l.Addr().String() + "/healthz")
	require.NoError(t, err)
	plain.Body.Close()
	require.Equal(t, http.StatusBadRequest, plain.StatusCode, "HTTP is refused")

	require.NoError(t, os.WriteFile(cert, []byte("damaged"), 0o600))
	require.ErrorContains(t, c.Reload(), cert)
	first.CloseIdleConnections()
	require.NoError(t, ask(first), "what was read before stays")
	second := certify(t, cert, key, 2)
	require.NoError(t, c.Reload())
	require.NoError(t, ask(second))
	first.CloseIdleConnections()
	require.ErrorContains(t, ask(first), "certificate")

	cancel()
	require.NoError(t, <-ended)
}
