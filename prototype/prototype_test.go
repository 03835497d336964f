package prototype_test

import (
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/stretchr/testify/require"
)

func TestLearnableGivesUnitRows(t *testing.T) {
	b, err := prototype.NewLearnable(prototype.Settings{Classes: 5, Dim: 7, Seed: 1})
	require.NoError(t, err)
	v := b.Vectors(autograd.NewTape(autograd.Mode{}))
	require.True(t, v.NeedsGrad())
	for r := range 5 {
		sum := 0.0
		for _, x := range v.Data()[r*7 : r*7+7] {
			sum += float64(x) * float64(x)
		}
		require.InDelta(t, 1, math.Sqrt(sum), 1e-6)
	}
	require.InDeltaSlice(t, v.Data(), b.Weight.Value.Data(), 1e-6, "rows begin with unit length: longer ones hardly turn")
	require.Len(t, nn.Params(b), 1)
	require.Equal(t, "weight", nn.Params(b)[0].Path)
}

func TestLearnableRejectsEmptySizes(t *testing.T) {
	_, err := prototype.NewLearnable(prototype.Settings{Dim: 3})
	require.EqualError(t, err, "prototype: 0 classes of dimension 3: both must be at least 1")
	_, err = prototype.NewLearnable(prototype.Settings{Classes: 3, Dim: -1})
	require.EqualError(t, err, "prototype: 3 classes of dimension -1: both must be at least 1")
}
