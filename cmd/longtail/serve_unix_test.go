//go:build unix

package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/stretchr/testify/require"
)

// A served model says what predict says, reads its file again at SIGHUP, and stops at SIGTERM.
func TestServe(t *testing.T) {
	data, run := trained(t)
	photo := filepath.Join(data, "test", "disc-0", "001.png")
	dir := t.TempDir()
	index := filepath.Join(dir, "train.safetensors")
	succeed(t, "embed "+run+" -o", index)
	model := filepath.Join(dir, "model.safetensors")
	require.NoError(t, os.WriteFile(model, []byte(read(t, run, "model.safetensors")), 0o666))
	c, url, log := served(t, dir, "second="+run, "first="+model, "--index", index, "--index", "first="+index)
	out, _ := succeed(t, "predict --json "+run, photo)
	want := parseJSON[[]seen](t, out)[0].Classes
	for _, name := range []string{"", "first", "second"} {
		status, p := asked(t, url+"/v1/predict?model="+name, photo)
		require.Equal(t, http.StatusOK, status)
		for i, k := range p.Images[0].Classes {
			require.Equal(t, want[i], probable{k.Class, k.Probability})
		}
	}

	raw, err := os.ReadFile(photo)
	require.NoError(t, err)
	found, err := http.Post(url+"/v1/neighbours?model=first&k=1", "image/png", bytes.NewReader(raw))
	require.NoError(t, err)
	defer found.Body.Close()
	require.Equal(t, http.StatusOK, found.StatusCode)

	require.NoError(t, os.WriteFile(model, []byte("damaged"), 0o666))
	require.NoError(t, c.Process.Signal(syscall.SIGHUP))
	require.Contains(t, until(t, log, "reloaded"), model)
	require.NoError(t, os.WriteFile(model, []byte(read(t, run, "model.safetensors")), 0o666))
	require.NoError(t, c.Process.Signal(syscall.SIGHUP))
	require.Contains(t, until(t, log, "reloaded"), "models=2")
	status, _ := asked(t, url+"/v1/predict?model=first", photo)
	require.Equal(t, http.StatusOK, status)

	// Who asks while it stops is answered, or comes when nobody listens any more.
	var group sync.WaitGroup
	var answered atomic.Int64
	for range 8 {
		group.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for {
				got, err := client.Post(url+"/v1/predict", "image/png", bytes.NewReader(raw))
				if err != nil {
					require.True(t, errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET), "%v", err)
					return
				}
				_, err = io.Copy(io.Discard, got.Body)
				got.Body.Close()
				require.NoError(t, err)
				require.Equal(t, http.StatusOK, got.StatusCode)
				answered.Add(1)
			}
		})
	}
	require.Eventually(t, func() bool { return answered.Load() > 20 }, 3*time.Minute, time.Millisecond)
	require.NoError(t, c.Process.Signal(syscall.SIGTERM))
	until(t, log, "stopping after the requests that came")
	for log.Scan() { // to its end
	}
	require.NoError(t, c.Wait())
	group.Wait()

	fail(t, usage, "--cert and --key", "serve --cert x "+run)
	fail(t, usage, "must be positive", "serve --batch 0 "+run)
	fail(t, failed, "no-such", "serve no-such")
	fail(t, usage, "no model third", "serve "+run+" --index third="+index)
	fail(t, failed, "two models", "serve "+run+" "+run)
	fail(t, failed, "--listen takes", "serve --listen nowhere "+run)
}

// HTTPS from files in PEM, with a token.
func TestServeHTTPS(t *testing.T) {
	dir := t.TempDir()
	known := httptest.NewTLSServer(nil) // whose certificate its client trusts
	defer known.Close()
	pair := known.TLS.Certificates[0]
	private, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	require.NoError(t, err)
	write := func(name string, content []byte) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	write("cert.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}))
	write("key.pem", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	write("token", []byte("secret\n"))
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 2})
	require.NoError(t, err)
	net, err := hybrid.NewNetwork(body, 3, hybrid.WithInput(16, 16, 3))
	require.NoError(t, err)
	require.NoError(t, hybrid.Save(filepath.Join(dir, "model.safetensors"), net, hybrid.About{Classes: []string{"a", "b", "c"}}))
	_, url, _ := served(t, dir, "--cert cert.pem --key key.pem --token-file token model.safetensors")
	require.Regexp(t, "^https://", url)
	for token, want := range map[string]int{"secret": http.StatusOK, "guess": http.StatusUnauthorized} {
		r, err := http.NewRequest(http.MethodGet, url+"/v1/models", nil)
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		got, err := known.Client().Do(r)
		require.NoError(t, err)
		got.Body.Close()
		require.Equal(t, want, got.StatusCode)
	}
	write("key.pem", []byte("damaged"))
	fail(t, failed, "key.pem", "serve --cert "+filepath.Join(dir, "cert.pem")+" --key "+filepath.Join(dir, "key.pem")+" "+filepath.Join(dir, "model.safetensors"))
}
