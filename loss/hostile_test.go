package loss_test

import (
	"math"
	"testing"

	"github.com/longtail-ml/longtail/loss"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestHostileSizesAndCounts(t *testing.T) {
	size := rapid.SampledFrom([]int{0, 1, 2, 5, math.MaxInt>>32 + 1, math.MaxInt>>2 + 1, math.MaxInt>>1 + 1, math.MaxInt, -1, math.MinInt})
	number := rapid.SampledFrom([]float64{0, 1, -1, 0.5, 1e300, 5e-324, math.Inf(1), math.NaN()})
	rapid.Check(t, func(t *rapid.T) {
		a, b := size.Draw(t, "a"), size.Draw(t, "b")
		if n := float64(a) * float64(b); a > 0 && b > 0 && n > 1e4 && n <= 1<<30 {
			t.Skip()
		}
		absurd := a < 1 || b < 1 || float64(a)*float64(b) > 1<<30
		_, err := loss.NewQueue(a, b)
		require.Equal(t, absurd, err != nil)
		_, err = loss.NewProCo(loss.ProCoSettings{Classes: a, Dim: b})
		require.Equal(t, absurd || b < 2, err != nil)

		x := number.Draw(t, "x")
		counts := rapid.SliceOfN(size, 0, 3).Draw(t, "counts")
		if w, err := loss.ClassBalancedWeights(counts, x); err == nil {
			for _, v := range w {
				require.False(t, math.IsNaN(v) || math.IsInf(v, 0) || v < 0, "%v of %v", w, counts)
			}
		}
		for _, l := range []loss.Preparer{&loss.LDAM{MaxMargin: x, Scale: x}, &loss.LogitAdjusted{Tau: x}, &loss.VectorScaling{Gamma: x, Tau: x},
			&loss.ClassBalanced{Beta: x}, &loss.Focal{Gamma: x}, &loss.CrossEntropy{Smoothing: x}, &loss.SupervisedContrastive{Temperature: x},
			&loss.DRW{Start: x}, &loss.KCL{Temperature: x}, &loss.TSC{TargetWeight: x}, &loss.PaCo{}, &loss.BalancedContrastive{}, &loss.ProCo{},
			&loss.PrototypicalContrastive{Temperature: x}, &loss.MultiPrototypicalContrastive{}} {
			_ = l.Prepare(counts) // an error or not, but no panic
		}
	})
}
