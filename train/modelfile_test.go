package train_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// squashed is a set of images that were squashed.
type squashed struct{ dataset.Dataset }

func (squashed) Fit() dataset.Fit { return dataset.Squash }

// A checkpoint opens as a network that knows its classes, with the state of losses beside it and as the average too.
func TestACheckpointIsAModelFile(t *testing.T) {
	generatedSet, test := generated(t, 10)
	trainSet := squashed{generatedSet}
	tr, n := short(), resNet(t, 1)
	tr.Streams = hybrid.PSC(0.5)
	tr.EMA.Decay, tr.Checkpoints.Dir = 0.9, t.TempDir()
	tr.Notes.Method = "hybrid-psc"
	r := fit(t, tr, n, trainSet, test)

	for _, path := range []string{r.Checkpoint, filepath.Join(r.Checkpoint, "model.safetensors")} {
		opened, about, err := hybrid.Open(path)
		require.NoError(t, err)
		require.Equal(t, state(n, nil), state(opened, nil))
		require.Equal(t, trainSet.Classes(), about.Classes)
		require.Equal(t, []int{10, 10, 10, 10}, about.Counts)
		require.Equal(t, dataset.Squash, about.Fit)
		require.Equal(t, "hybrid-psc", about.Method)
		sums, err := os.ReadFile(filepath.Join(r.Checkpoint, "SHA256SUMS"))
		require.NoError(t, err)
		require.Contains(t, string(sums), about.Manifest+"  manifest.json\n")
	}
	average, about, err := hybrid.Open(filepath.Join(r.Checkpoint, "ema.safetensors"))
	require.NoError(t, err)
	require.Equal(t, trainSet.Classes(), about.Classes)
	confusion, err := average.Evaluate(context.Background(), test, 0)
	require.NoError(t, err)
	require.Equal(t, r.LastEMA.Top1, confusion.Top1())
	_, _, err = hybrid.Open(filepath.Join(r.Checkpoint, "optimizer.safetensors"))
	require.ErrorContains(t, err, "weights alone")
	_, _, err = hybrid.Open(tr.Checkpoints.Dir)
	require.ErrorContains(t, err, "such as "+r.Checkpoint)

	tr.Checkpoints = train.Checkpoints{Dir: t.TempDir()}
	tr.Notes.Method = ""
	_, about, err = hybrid.Open(fit(t, tr, resNet(t, 1), trainSet, nil).Checkpoint)
	require.NoError(t, err)
	require.Empty(t, about.Method)
}

// A network that cannot be described is saved and goes on all the same, and its checkpoint says why it does not open.
func TestACheckpointOfAnUnknownBackbone(t *testing.T) {
	trainSet, _ := generated(t, 10)
	tr := short()
	tr.Checkpoints = train.Checkpoints{Dir: t.TempDir(), Resume: true}
	n := newNetwork(t, unnamed{newMLP(t, 192, 12)})
	path := fit(t, tr, n, trainSet, nil).Checkpoint
	_, _, err := hybrid.Open(path)
	require.ErrorContains(t, err, "backbone of type train_test.unnamed does not say how to build it again: implement nn.Describer")
	again := newNetwork(t, unnamed{newMLP(t, 192, 12)})
	fit(t, tr, again, trainSet, nil)
	require.Equal(t, state(n, nil), state(again, nil))
}
