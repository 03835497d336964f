package hybrid_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// Each row must be the blend of itself and of a row of its view that the labels and weights say.
func TestMixingBlendsAsItsLabelsSay(t *testing.T) {
	const views, n, side = 2, 5, 8
	const pixels = side * side
	images, labels := tensor.New(views*n, side, side, 1), make([]int, views*n)
	for i := range labels {
		labels[i] = i // a class for each row, so that a partner's label names it
		for k := range pixels {
			images.Data()[i*pixels+k] = float32(i + 1)
		}
	}
	for _, b := range []augment.Blender{augment.Mixup{Alpha: 1}, augment.CutMix{Alpha: 1, P: 1}, augment.Mixup{}} {
		x := images.Clone()
		mix := hybrid.Mixing{Blender: b}.Mix(x, labels, views, rand.New(rand.NewPCG(1, 2)))
		require.Len(t, mix.Weight, views*n)
		for i, partner := range mix.Labels {
			require.Equal(t, i/n, partner/n, "the partner is of the same view")
			want, sum := mix.Weight[i]*float32(i+1)+(1-mix.Weight[i])*float32(partner+1), float32(0)
			for _, v := range x.Data()[i*pixels : (i+1)*pixels] {
				sum += v / pixels
			}
			require.InDelta(t, want, sum, 1e-5)
			require.Equal(t, mix.Weight[i/n*n], mix.Weight[i], "one weight a view")
		}
		if (b != augment.Mixup{}) {
			require.NotEqual(t, mix.Weight[0], mix.Weight[n], "views have weights of their own")
		}
	}
}

func TestMixingTrains(t *testing.T) {
	trainSet, test := generated(t, 9)
	tr := short()
	tr.Streams = hybrid.CE()
	tr.Streams[0].Mixer = hybrid.Mixing{Blender: augment.CutMix{Alpha: 1, P: 0.5}}
	fit(t, tr, mlp(t), trainSet, test)
}

func TestMixingSaysWhatIsWrong(t *testing.T) {
	trainSet, _ := generated(t, 9)
	for want, m := range map[string]hybrid.Mixing{
		"train: stream 0 (classifier): mixer: hybrid: Mixing.Blender is nil: use augment.Mixup or augment.CutMix": {},
		"train: stream 0 (classifier): mixer: augment: Mixup.Alpha is -1: it must be at least 0 and at most 1e+06": {
			Blender: augment.Mixup{Alpha: -1}},
	} {
		tr := short()
		tr.Streams = hybrid.CE()
		tr.Streams[0].Mixer = m
		_, err := tr.Fit(context.Background(), mlp(t), trainSet, nil)
		require.EqualError(t, err, want)
	}
	tr := short()
	tr.Streams = hybrid.CE()
	tr.Streams[0].Mixer = hybrid.Mixing{Blender: noBlend{}}
	_, err := tr.Fit(context.Background(), mlp(t), trainSet, nil)
	require.ErrorContains(t, err, "hybrid.Mixing [4 8 8 3]: no blend")
}

type noBlend struct{}

func (noBlend) Blend(augment.Batch, *rand.Rand) ([]int, float64, error) {
	return nil, 0, errors.New("no blend")
}
