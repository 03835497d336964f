package serve_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/serve"
	"github.com/stretchr/testify/require"
)

// running is a server until stop is called, which returns what Serve returned.
func running(t *testing.T, h *serve.Handler, s serve.ServerSettings) (url string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve.Serve(ctx, l, h, s) }()
	return "http://" + l.Addr().String(), func() error {
		cancel()
		return <-ended
	}
}

// A stop under load loses no request that was taken: all of them are answered, in full.
func TestAStopLosesNothing(t *testing.T) {
	for range 2 {
		h := handler(t, serve.Settings{})
		url, stop := running(t, h, serve.ServerSettings{Drain: 200 * time.Millisecond, Stop: patience})
		var answered, began, late atomic.Int64
		var group sync.WaitGroup
		enough := make(chan bool)
		for i := range 16 {
			raw := pictureFile(t, i)
			group.Go(func() {
				client := &http.Client{Transport: &http.Transport{}}
				defer client.CloseIdleConnections()
				for {
					if began.Add(1) == 100 {
						close(enough)
					}
					got, err := client.Post(url+"/v1/predict", "image/png", bytes.NewReader(raw))
					if err != nil { // it came when nobody listened any more
						require.True(t, errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET), "%v", err)
						return
					}
					var p serve.Predicted
					text, err := io.ReadAll(got.Body)
					got.Body.Close()
					require.NoError(t, err)
					require.Equal(t, http.StatusOK, got.StatusCode, "%s", text)
					require.NoError(t, json.Unmarshal(text, &p))
					answered.Add(1)
					if got.Close {
						late.Add(1)
					}
				}
			})
		}
		<-enough
		require.NoError(t, stop())
		group.Wait()
		require.Equal(t, began.Load()-16, answered.Load())
		require.Positive(t, late.Load())
	}
}

// Models are replaced without a request dropped: each is answered by one of the two.
func TestModelsAreReplacedUnderLoad(t *testing.T) {
	h, s := server(t, serve.Settings{})
	want := map[float64]bool{}
	for seed := range 2 {
		c, err := predictor(t, uint64(seed+1)).Classify(drawn(1))
		require.NoError(t, err)
		want[c[0].Probability] = true
	}
	var group sync.WaitGroup
	done := make(chan bool)
	seen := make([]map[float64]int, 8)
	for i := range seen {
		seen[i] = map[float64]int{}
		group.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				var p serve.Predicted
				post(t, s.URL+"/v1/predict", "image/png", pictureFile(t, 1)).into(t, &p)
				require.True(t, want[p.Images[0].Classes[0].Probability])
				seen[i][p.Images[0].Classes[0].Probability]++
			}
		})
	}
	for k := range 20 {
		time.Sleep(10 * time.Millisecond)
		require.NoError(t, h.Replace([]serve.Model{{Name: "first", Predictor: predictor(t, uint64(k%2+1))}}))
	}
	require.ErrorContains(t, h.Replace(nil), "no models")
	require.ErrorContains(t, h.Replace([]serve.Model{{Name: "x"}}), "predictor")
	close(done)
	group.Wait()
	all := map[float64]int{}
	for _, s := range seen {
		for p, n := range s {
			all[p] += n
		}
	}
	require.Len(t, all, 2)
}

// Beyond its capacity a server answers 503 with the time to come again, and then recovers.
func TestOverCapacityAndBack(t *testing.T) {
	_, s := server(t, serve.Settings{Queue: 2, MaxImages: 2, Batch: 1})
	var refused, served atomic.Int64
	var group sync.WaitGroup
	for i := range 64 {
		raw := pictureFile(t, i)
		group.Go(func() {
			for range 3 {
				switch got := post(t, s.URL+"/v1/predict", "image/png", raw); got.status {
				case http.StatusOK:
					served.Add(1)
				default:
					got.problem(t, http.StatusServiceUnavailable)
					require.Equal(t, "1", got.header.Get("Retry-After"))
					refused.Add(1)
				}
			}
		})
	}
	group.Wait()
	require.Positive(t, refused.Load())
	require.Positive(t, served.Load())
	for range 20 {
		require.Equal(t, http.StatusOK, post(t, s.URL+"/v1/predict", "image/png", pictureFile(t, 1)).status)
	}
}

func TestServeThatCannot(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.ErrorIs(t, serve.Serve(t.Context(), l, handler(t, serve.Settings{}), serve.ServerSettings{}), net.ErrClosed)
	for want, s := range map[string]serve.Settings{
		"no models": {Models: []serve.Model{}}, "Batch": {Batch: -1}, "Wait": {Wait: -2}, "MaxImages is 64 and Queue 8": {Queue: 8}, "MaxMemory": {MaxMemory: 1},
		"two models are named a": {Models: []serve.Model{{Name: "a", Predictor: predictor(t, 1)}, {Name: "a", Predictor: predictor(t, 1)}}},
		"a name":                 {Models: []serve.Model{{Predictor: predictor(t, 1)}}},
	} {
		if s.Models == nil {
			s.Models = []serve.Model{{Name: "a", Predictor: predictor(t, 1)}}
		}
		_, err := serve.New(s)
		require.ErrorContains(t, err, want)
	}
	_, err = serve.OpenCertificate("none.pem", "none.key")
	require.ErrorContains(t, err, "none.pem")
	require.False(t, errors.Is(err, context.Canceled))
}
