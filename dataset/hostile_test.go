package dataset_test

import (
	"math"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// Whatever extents and counts are given, sets are made, or there is an error.
func TestHostileSizes(t *testing.T) {
	size := rapid.SampledFrom([]int{0, 1, 2, 8, math.MaxInt>>32 + 1, math.MaxInt>>31 + 1, math.MaxInt>>2 + 1, math.MaxInt>>1 + 1, math.MaxInt, -1, -(math.MaxInt>>1 + 1), math.MinInt})
	number := rapid.SampledFrom([]float64{0, 1, 0.5, 10, 1e300, 5e-324, -1, math.Inf(1), math.NaN()})
	data, _, err := dataset.Generate(dataset.GenerateSettings{Classes: 2, Size: 8, PerClass: 3, TestPerClass: 1})
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		s := dataset.Shape{Height: size.Draw(t, "height"), Width: size.Draw(t, "width"), Channels: size.Draw(t, "channels")}
		n, x := size.Draw(t, "n"), number.Draw(t, "x")
		if m, err := dataset.NewMemory(s, []string{"a"}); err == nil {
			require.Error(t, m.Append(n, make([]uint8, 3)))
			require.Error(t, m.Image(n, &dataset.Image{}))
		}
		img := dataset.Image{Height: s.Height, Width: s.Width, Channels: s.Channels}
		if img.Check() == nil {
			require.Zero(t, float64(s.Height)*float64(s.Width)*float64(s.Channels))
		}
		for _, p := range []dataset.Profile{dataset.Exponential{Imbalance: x, Max: n}, dataset.Step{Imbalance: x, Max: n}} {
			if counts, err := p.Counts([]int{3, 3}); err == nil {
				for _, c := range counts {
					require.GreaterOrEqual(t, c, 0)
				}
			}
			if kept, err := dataset.LongTail(data, p, dataset.LongTailSettings{AllowEmpty: true}); err == nil {
				require.LessOrEqual(t, kept.Len(), data.Len())
			}
		}
		if train, held, err := dataset.Holdout(data, dataset.HoldoutSettings{Fraction: x, Min: n}); err == nil {
			require.Equal(t, data.Len(), train.Len()+held.Len())
		}
		_, _, err := dataset.Generate(dataset.GenerateSettings{Classes: 100, Size: 256, PerClass: 1_000_000})
		require.ErrorContains(t, err, "GiB")
		if n < 0 || n > 8 { // what is left would be drawn
			_, _, err := dataset.Generate(dataset.GenerateSettings{Classes: 2, Size: 8, PerClass: n})
			require.Error(t, err)
			_, _, err = dataset.Generate(dataset.GenerateSettings{Classes: n})
			require.Error(t, err)
			_, _, err = dataset.Generate(dataset.GenerateSettings{Size: n})
			require.Error(t, err)
			_, err = dataset.Subset(data, []int{0, n})
			require.Error(t, err)
		}
	})
}
