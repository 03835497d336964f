//go:build unix

package main

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A served model says what predict says, reads its file again at SIGHUP, and stops at SIGTERM.
func TestServe(t *testing.T) {
	for _, words := range []string{"longtail serve runs/first", "longtail embed runs/first -o train.safetensors", "longtail serve runs/first --index train.safetensors"} {
		require.Contains(t, read(t, "..", "..", "README.md"), "\n"+words+"\n", "the README has the commands that this test runs")
	}
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
