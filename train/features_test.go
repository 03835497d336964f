package train_test

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/features"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// clouds are features of width 6 around a center for each class, in units far from 1.
func clouds(t testing.TB, seed uint64, perClass int) *features.Set {
	t.Helper()
	centers, rng := rand.New(rand.NewPCG(7, 7)), rand.New(rand.NewPCG(seed, 1))
	var rows [][]float32
	var labels []int
	for c := range classes {
		center := make([]float64, 6)
		for k := range center {
			center[k] = centers.NormFloat64()
		}
		for range perClass {
			row := make([]float32, 6)
			for k := range row {
				row[k] = float32(100 + 20*(center[k]+0.3*rng.NormFloat64()))
			}
			rows, labels = append(rows, row), append(labels, c)
		}
	}
	set, err := features.FromRows(rows, labels, nil)
	require.NoError(t, err)
	return set
}

func onFeatures(t testing.TB, trainSet dataset.Dataset, widths ...int) *hybrid.Network {
	t.Helper()
	normalize, err := augment.NormalizeOf(t.Context(), trainSet)
	require.NoError(t, err)
	n, err := hybrid.NewNetwork(newMLP(t, widths...), classes, hybrid.WithFeatures(6), hybrid.WithNormalize(normalize), hybrid.WithProjection(0, 8))
	require.NoError(t, err)
	return n
}

func TestNetworksTrainOnFeatures(t *testing.T) {
	trainSet, test := clouds(t, 1, 30), clouds(t, 2, 10)
	for name, widths := range map[string][]int{"MLP": {6, 16}, "linear head": {6}} {
		n := onFeatures(t, trainSet, widths...)
		tr := train.Trainer{Streams: hybrid.SC(0.1).OnFeatures(nil), Epochs: 20, Batch: 24, LearningRate: schedule.Constant(0.05), ClipNorm: 1}
		r := fit(t, tr, n, trainSet, test)
		require.Greater(t, float64(r.Last.Top1), 0.9, name)
		m, err := tr.Manifest(t.Context(), n, trainSet, test)
		require.NoError(t, err)
		require.Equal(t, []int{6}, m.Network.Input)
		require.Equal(t, []string{"augment.FeatureDropout{P: 0.1}"}, m.Training.Streams[0].Views[0])
	}
}

// A run on features that is stopped in the middle of an epoch ends with the bits of one that never stopped, whatever
// GOMAXPROCS, also on a part of a set.
func TestTrainingOnFeaturesGoesOnWithTheSameBits(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	whole, test := clouds(t, 1, 20), clouds(t, 2, 10)
	trainSet, err := dataset.LongTail(whole, dataset.Exponential{Imbalance: 4}, dataset.LongTailSettings{})
	require.NoError(t, err)
	require.Equal(t, 6, dataset.WidthOf(trainSet))
	view := augment.Compose{augment.FeatureDropout{P: 0.2}, augment.FeatureNoise{Std: 0.1}}
	trainer := func(dir string) train.Trainer {
		s := hybrid.PSC(0.5).OnFeatures(view)
		s[1].Mixer = hybrid.Mixing{Blender: augment.Mixup{Alpha: 1}}
		return train.Trainer{Streams: s, Epochs: 10, Batch: 8, Seed: 3, LearningRate: schedule.Constant(0.05),
			Checkpoints: train.Checkpoints{Dir: dir, Resume: true}}
	}
	dir := t.TempDir()
	want := resultText(t, fit(t, trainer(dir), onFeatures(t, trainSet, 6, 9), trainSet, test))
	bits := ended(t, dir)

	dir = t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	tr := trainer(dir)
	tr.OnStep = func(s train.StepReport) error {
		if s.At.Epoch == 4 && s.At.Step == 2 {
			cancel()
		}
		return nil
	}
	runtime.GOMAXPROCS(1)
	_, err = tr.Fit(ctx, onFeatures(t, trainSet, 6, 9), trainSet, test)
	require.ErrorIs(t, err, context.Canceled)
	runtime.GOMAXPROCS(3)
	r := fit(t, trainer(dir), onFeatures(t, trainSet, 6, 9), trainSet, test)
	require.Equal(t, want, resultText(t, r))
	require.Equal(t, bits, ended(t, dir))
}

func TestWhatDoesNotFitFeaturesIsRefused(t *testing.T) {
	set := clouds(t, 1, 4)
	images, _ := generated(t, 4)
	n := onFeatures(t, set, 6, 9)
	mixed := func(b augment.Blender) hybrid.Streams {
		s := hybrid.CE().OnFeatures(nil)
		s[0].Mixer = hybrid.Mixing{Blender: b}
		return s
	}
	wide, err := features.New(2, make([]float32, 8), []int{0, 1, 2, 3}, nil)
	require.NoError(t, err)
	for _, c := range []struct {
		name    string
		network *hybrid.Network
		data    dataset.Dataset
		streams hybrid.Streams
		want    string
	}{
		{"views of images", n, set, hybrid.SC(0.1), "OnFeatures"},
		{"CutMix", n, set, mixed(augment.CutMix{Alpha: 1, P: 1}), "Mixup"},
		{"another width", n, wide, hybrid.CE().OnFeatures(nil), "hybrid.WithFeatures(2)"},
		{"images", n, images, hybrid.CE().OnFeatures(nil), "features of width 6"},
		{"a network of images", mlp(t), set, hybrid.CE(), "8×8×3"},
		{"views of features on images", mlp(t), images, hybrid.SC(0.1).OnFeatures(nil), "the data are images"},
		{"a bad setting", n, set, hybrid.SC(0.1).OnFeatures(augment.FeatureDropout{P: 1}), "FeatureDropout.P"},
	} {
		_, err := train.Trainer{Streams: c.streams, Epochs: 1, Batch: 4}.Fit(t.Context(), c.network, c.data, nil)
		require.ErrorContains(t, err, c.want, c.name)
	}
	_, err = train.Trainer{Streams: hybrid.CE().OnFeatures(nil), Epochs: 1, Batch: 4}.Fit(t.Context(), n, damaged{set}, nil)
	require.ErrorContains(t, err, "training sample")
	require.ErrorContains(t, err, "NaN")
}

// damaged has a value that is no number.
type damaged struct{ *features.Set }

func (d damaged) Vector(i int, dst []float32) error {
	dst[1] = float32(math.NaN())
	return nil
}
