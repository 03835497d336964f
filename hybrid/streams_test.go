package hybrid_test

import (
	"fmt"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/stretchr/testify/require"
)

// Both hybrids take another curriculum and other views, and what they were made of stays as it was.
func TestStreamsAreChangedAsCopies(t *testing.T) {
	for _, was := range []hybrid.Streams{hybrid.SC(0.1), hybrid.PSC(1)} {
		before := fmt.Sprint(was)
		half := schedule.Progress{Epoch: 1, Epochs: 2}
		s := was.Curriculum(schedule.Constant(0.25)).Augment(augment.Flip{P: 1})
		require.Equal(t, []float64{0.25, 0.75}, []float64{s[0].Terms[0].Weight.At(half), s[1].Terms[0].Weight.At(half)})
		require.Equal(t, []float64{0.75, 0.25}, []float64{was[0].Terms[0].Weight.At(half), was[1].Terms[0].Weight.At(half)}, "the paper's")
		require.Equal(t, []augment.Transform{augment.Flip{P: 1}, augment.Flip{P: 1}}, s[0].Views)
		require.Equal(t, []augment.Transform{augment.Flip{P: 1}}, s[1].Views)
		require.Equal(t, before, fmt.Sprint(was))
	}
	require.Equal(t, []augment.Transform{augment.Flip{P: 1}}, hybrid.Streams{{}}.Augment(augment.Flip{P: 1})[0].Views)
	require.NotPanics(t, func() { hybrid.Streams{{Terms: []hybrid.Term{{}}}}.Curriculum(nil) }, "training says what is wrong with it")
}

// The prototypes of PSC are those of the seed, and stay for another run of the same.
func TestPSCBuildsItsPrototypes(t *testing.T) {
	of := func(target loss.Target) (*loss.PrototypicalContrastive, []float32) {
		l := hybrid.PSC(1)[0].Terms[0].Loss.(*loss.PrototypicalContrastive)
		require.Nil(t, l.Prototypes())
		require.Empty(t, nn.Entries(l))
		require.NoError(t, l.Build(target))
		return l, nn.Params(l)[0].Param.Value.Data()
	}
	target := loss.Target{Classes: 4, Dim: 8, Seed: 3}
	l, first := of(target)
	_, same := of(target)
	require.Equal(t, first, same)
	require.Nil(t, l.Bank, "settings stay as they are")
	first[0] = 5
	require.NoError(t, l.Build(target))
	require.Equal(t, float32(5), nn.Params(l)[0].Param.Value.Data()[0])
	target.Seed = 4
	require.NoError(t, l.Build(target))
	require.NotEqual(t, same, nn.Params(l)[0].Param.Value.Data())
	require.ErrorContains(t, l.Build(loss.Target{Classes: 4}), "prototypical contrastive: prototype: 4 classes of dimension 0")
}
