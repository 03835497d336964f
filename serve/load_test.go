package serve_test

import (
	"bytes"
	"encoding/json"
	"image"
	"io"
	"net/http"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/serve"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// resNet32 is the network that bench infer times.
func resNet32(t *testing.T) *hybrid.Predictor {
	t.Helper()
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 32})
	require.NoError(t, err)
	n, err := hybrid.NewNetwork(body, len(names))
	require.NoError(t, err)
	p, err := n.Freeze()
	require.NoError(t, err)
	p, err = p.WithAbout(hybrid.About{Classes: names})
	require.NoError(t, err)
	return p
}

// alone is how many images a second p predicts in batches of 128, as bench infer times it.
func alone(t *testing.T, p *hybrid.Predictor, last time.Duration) float64 {
	t.Helper()
	x := tensor.New(128, 32, 32, 3)
	_, err := p.Logits(x)
	require.NoError(t, err)
	from, n := time.Now(), 0
	for time.Since(from) < last {
		_, err := p.Logits(x)
		require.NoError(t, err)
		n += 128
	}
	return float64(n) / time.Since(from).Seconds()
}

// 64 clients are all answered, for as long as LONGTAIL_LOAD says; half a second with a small network if it is not set. It logs
// throughput, against what the network does alone, latencies and memory.
func TestLoad(t *testing.T) {
	last, p := 500*time.Millisecond, predictor(t, 1)
	if text := os.Getenv("LONGTAIL_LOAD"); text != "" {
		var err error
		last, err = time.ParseDuration(text)
		require.NoError(t, err)
		p = resNet32(t)
	}
	long := os.Getenv("LONGTAIL_LOAD") != ""
	bare := 0.0
	if long {
		bare = alone(t, p, last/6)
	}
	h := handler(t, serve.Settings{Models: []serve.Model{{Name: "first", Predictor: p}}})
	url, stop := running(t, h, serve.ServerSettings{Drain: 100 * time.Millisecond, Stop: patience})
	const clients = 64
	times := make([][]time.Duration, clients)
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	client := &http.Client{Transport: transport}
	var group sync.WaitGroup
	var halfway, end runtime.MemStats
	from := time.Now()
	for c := range clients {
		m := image.NewNRGBA(image.Rect(0, 0, 32, 32))
		for i := range m.Pix {
			m.Pix[i] = uint8(i * (c + 1) / 7)
			if i%4 == 3 {
				m.Pix[i] = 255
			}
		}
		raw := encoded(t, m)
		want, err := p.Classify(m)
		require.NoError(t, err)
		group.Go(func() {
			for time.Since(from) < last {
				began := time.Now()
				got, err := client.Post(url+"/v1/predict", "image/png", bytes.NewReader(raw))
				if !(err == nil && got.StatusCode == http.StatusOK) {
					t.Errorf("%v %v", got, err)
					return
				}
				text, err := io.ReadAll(got.Body)
				got.Body.Close()
				var p serve.Predicted
				if err != nil || json.Unmarshal(text, &p) != nil || p.Images[0].Classes[0].Probability != want[0].Probability {
					t.Errorf("%v %s", err, text)
					return
				}
				times[c] = append(times[c], time.Since(began))
				if c == 0 && halfway.HeapInuse == 0 && time.Since(from) > last/2 {
					runtime.GC()
					runtime.ReadMemStats(&halfway)
				}
			}
		})
	}
	group.Wait()
	took := time.Since(from)
	runtime.GC()
	runtime.ReadMemStats(&end)
	transport.CloseIdleConnections()
	require.NoError(t, stop())
	var all []time.Duration
	for _, one := range times {
		all = append(all, one...)
	}
	require.NotEmpty(t, all)
	slices.Sort(all)
	rate := float64(len(all)) / took.Seconds()
	t.Logf("%d requests in %v: %.0f a second; median %v, p99 %v, most %v; heap in use %.1f MiB halfway, %.1f at the end", len(all), took.Round(time.Millisecond), rate,
		all[len(all)/2], all[len(all)*99/100], all[len(all)-1], float64(halfway.HeapInuse)/(1<<20), float64(end.HeapInuse)/(1<<20))
	if long {
		t.Logf("alone, in batches of 128: %.0f images a second; served %.2f of it", bare, rate/bare)
		require.Less(t, float64(end.HeapInuse), 1.5*float64(halfway.HeapInuse)+(32<<20), "memory is flat")
	}
}
