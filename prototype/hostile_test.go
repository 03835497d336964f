package prototype_test

import (
	"context"
	"math"
	"testing"

	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Sizes that no bank has, and products of sizes that overflow, are errors.
func TestHostileSizes(t *testing.T) {
	size := rapid.SampledFrom([]int{0, 1, 2, 9, math.MaxInt>>32 + 1, math.MaxInt>>31 + 1, math.MaxInt>>2 + 1, math.MaxInt>>1 + 1, math.MaxInt, -1, -(math.MaxInt>>1 + 1), math.MinInt})
	rapid.Check(t, func(t *rapid.T) {
		s := prototype.Settings{Classes: size.Draw(t, "classes"), Dim: size.Draw(t, "dim"), PerClass: size.Draw(t, "per class")}
		good := s.Classes > 0 && s.Dim > 0 && s.PerClass >= 0 && float64(s.Classes)*float64(s.Dim)*float64(max(s.PerClass, 1)) < 1000
		if !good && s.Classes > 0 && s.Dim > 0 && s.PerClass >= 0 && float64(s.Classes)*float64(s.Dim)*float64(max(s.PerClass, 1)) <= 1<<30 {
			t.Skip()
		}
		_, err := prototype.NewLearnable(s)
		require.Equal(t, good, err == nil)
		_, err = prototype.NewClassMean(s)
		require.Equal(t, good, err == nil)
		_, err = prototype.NewMovingAverage(prototype.MovingAverageSettings{Settings: s})
		require.Equal(t, good, err == nil)
		sphere := prototype.Sphere{Points: s.Classes, Dim: s.Dim, Temperature: rapid.Float64().Draw(t, "temperature"), Steps: min(s.PerClass, 3)}
		x, err := prototype.OnSphere(context.Background(), sphere)
		if err == nil {
			for _, v := range x.Data() {
				require.LessOrEqual(t, math.Abs(float64(v)), 1.001)
			}
		}
	})
}

func TestNoVectorsAreAnError(t *testing.T) {
	for _, x := range []*tensor.Tensor{nil, tensor.New(), tensor.New(0, 3), tensor.New(2, 3)} {
		_, err := prototype.NewFixed(x)
		require.ErrorContains(t, err, "prototype: ")
		_, err = prototype.NewTargets(x)
		require.ErrorContains(t, err, "prototype: ")
	}
}
