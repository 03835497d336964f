package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/stretchr/testify/require"
)

func heldOut(t *testing.T, data, out string, more ...string) report {
	t.Helper()
	s, err := parse(small(data, out, append([]string{"-holdout", "0.2", "-epochs", "6", "-resume"}, more...)...))
	require.NoError(t, err)
	var table bytes.Buffer
	require.NoError(t, run(context.Background(), s, &table, &bytes.Buffer{}))
	require.Contains(t, table.String(), "47 training images in 3 classes, [32 11 4]; 12 held out, [8 3 1]; 15 test images")
	require.Contains(t, table.String(), "hybrid-psc, best on held-out split (")
	require.Contains(t, table.String(), "hybrid-psc, last epoch (6) ")
	return reportOf(t, out)
}

func reportOf(t *testing.T, out string) (r report) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(out, "report.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &r))
	return r
}

// The epoch is chosen by the held-out split, and the figures of the test set are those of the weights it then had.
func TestTheBestEpochIsChosenOnTheHeldOutSplit(t *testing.T) {
	data, out := classFolders(t), t.TempDir()
	r := heldOut(t, data, out)
	require.Equal(t, "held-out split", r.HistoryOf)
	require.Equal(t, manifest.BestHeldOut, r.Manifest.Selection)
	require.Equal(t, []int{32, 11, 4}, r.Manifest.Data.TrainCounts)
	require.Equal(t, []int{8, 3, 1}, r.Manifest.Data.HeldOutCounts)
	require.Equal(t, "exp, imbalance 8, shuffle, seed 1; 0.2 of each class held out, seed 1", r.Manifest.Data.Profile)

	best := 0
	for i, e := range r.History {
		if *e.Top1 > *r.History[best].Top1 {
			best = i
		}
	}
	require.Equal(t, manifest.BestHeldOut, r.Weights)
	require.Equal(t, best, *r.Epoch)
	require.Equal(t, *r.History[best].Top1, *r.HeldOut)
	require.Equal(t, manifest.LastEpoch, r.Last.Weights)
	require.Equal(t, 5, *r.Last.Epoch)
	require.Equal(t, *r.History[5].Top1, *r.Last.HeldOut)

	// The same weights, loaded and tested in another way.
	c, err := checkpoint.Store{Dir: filepath.Join(out, "checkpoints")}.Best()
	require.NoError(t, err)
	require.Equal(t, best+1, c.Run.Epoch)
	s, err := parse(small(data, out, "-holdout", "0.2"))
	require.NoError(t, err)
	d, err := choose(s)
	require.NoError(t, err)
	require.Equal(t, []int{40, 14, 5}, d.tail)
	for file, want := range map[string]float64{"model": *r.Top1, "ema": *r.Top1EMA} {
		net := network(t)
		_, err = safetensors.LoadPartial(filepath.Join(c.Path, file+".safetensors"), net)
		require.NoError(t, err)
		p, err := net.Freeze()
		require.NoError(t, err)
		confusion, err := p.Evaluate(context.Background(), d.test, 4)
		require.NoError(t, err)
		require.Equal(t, want, *percent(confusion.Top1()), file)
	}

	again := heldOut(t, data, out) // a finished run is not trained again
	again.Settings.Data = r.Settings.Data
	require.Equal(t, r, again)
	text, err := os.ReadFile(filepath.Join(out, "metrics.csv"))
	require.NoError(t, err)
	require.Equal(t, 6, strings.Count(string(text), ",validation/top1,"))
	require.NotContains(t, string(text), ",test/top1,")
}

// Until a run with a held-out split has ended, nothing is known of the test set.
func TestAnInterruptedRunDoesNotLookAtTheTestSet(t *testing.T) {
	data, out := classFolders(t), t.TempDir()
	s, err := parse(small(data, out, "-holdout", "0.2"))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	require.ErrorIs(t, run(ctx, s, &bytes.Buffer{}, writer(cancel)), context.Canceled)
	r := reportOf(t, out)
	require.True(t, r.Interrupted)
	require.Equal(t, figures{Weights: manifest.BestHeldOut}, r.figures)
	require.Nil(t, r.Last)
	require.NotNil(t, r.History[0].Top1)
}

// network is that of small.
func network(t *testing.T) *hybrid.Network {
	t.Helper()
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4})
	require.NoError(t, err)
	net, err := hybrid.NewNetwork(body, 3, hybrid.WithInput(16, 16, 3))
	require.NoError(t, err)
	return net
}
