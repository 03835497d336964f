package augment

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/dataset"
)

func TestFeatureTransforms(t *testing.T) {
	x := make([]float32, 4000)
	for i := range x {
		x[i] = 2
	}
	for _, view := range []FeatureTransform{Identity{}, FeatureNoise{}, FeatureDropout{}, Compose{}} {
		y := slices.Clone(x)
		view.ApplyFeatures(y, Key{}.Rand())
		require.Equal(t, x, y, "%T", view)
	}
	noisy := slices.Clone(x)
	FeatureNoise{Std: 0.5}.ApplyFeatures(noisy, Key{}.Rand())
	sum, squares := 0.0, 0.0
	for _, v := range noisy {
		sum += float64(v-2) / 4000
		squares += float64(v-2) * float64(v-2) / 4000
	}
	require.InDelta(t, 0, sum, 0.03)
	require.InDelta(t, 0.25, squares, 0.02)

	dropped, zeros := slices.Clone(x), 0
	FeatureDropout{P: 0.2}.ApplyFeatures(dropped, Key{}.Rand())
	for _, v := range dropped {
		if v == 0 {
			zeros++
		} else {
			require.Equal(t, float32(2.5), v)
		}
	}
	require.InDelta(t, 800, zeros, 80)

	// Draws depend on the key and the width alone.
	for _, view := range []FeatureTransform{FeatureNoise{Std: 1}, FeatureDropout{P: 0.5}, Compose{FeatureNoise{Std: 1}, FeatureDropout{P: 0.5}},
		FeatureFunc(func(x []float32, rng *rand.Rand) { x[0] = rng.Float32() })} {
		a, b := &counting{Source: rand.NewPCG(1, 0)}, &counting{Source: rand.NewPCG(1, 0)}
		view.ApplyFeatures(make([]float32, 50), rand.New(a))
		view.ApplyFeatures(slices.Clone(x[:50]), rand.New(b))
		require.Equal(t, a.n, b.n, "%T", view)
		view.ApplyFeatures(nil2(view), rand.New(a))
	}
}

// nil2 is the shortest vector a view takes.
func nil2(view FeatureTransform) []float32 {
	if _, ok := view.(FeatureFunc); ok {
		return make([]float32, 1)
	}
	return nil
}

func TestViewsForTheData(t *testing.T) {
	for _, c := range []struct {
		view             Transform
		images, features bool
	}{
		{Identity{}, true, true}, {Flip{P: 0.5}, true, false}, {FeatureNoise{Std: 1}, false, true}, {FeatureViews(), false, true},
		{FeatureFunc(func([]float32, *rand.Rand) {}), false, true}, {Compose{Identity{}, FeatureDropout{P: 0.1}}, false, true},
		{Compose{Identity{}, Flip{P: 0.5}}, true, false}, {Compose{}, true, true},
	} {
		require.Equal(t, c.images, CheckView(c.view, false) == nil, "%T", c.view)
		require.Equal(t, c.features, CheckView(c.view, true) == nil, "%T", c.view)
	}
	for _, bad := range []Transform{FeatureNoise{Std: -1}, FeatureNoise{Std: math.Inf(1)}, FeatureNoise{Std: math.NaN()}, FeatureDropout{P: 1},
		FeatureDropout{P: math.NaN()}, FeatureDropout{P: -0.1}} {
		require.Error(t, Validate(bad), "%v", bad)
	}
	m := picture(2, 2, 3)
	before := clone(m)
	for _, view := range []Transform{FeatureNoise{Std: 1}, FeatureDropout{P: 0.5}, FeatureFunc(nil)} {
		view.Apply(m, nil)
	}
	require.Equal(t, before, m)
}

// vectors are features of one class.
type vectors [][]float32

func (v vectors) Len() int                          { return len(v) }
func (v vectors) Label(int) int                     { return 0 }
func (v vectors) Classes() []string                 { return []string{"a"} }
func (v vectors) Width() int                        { return 3 }
func (v vectors) Image(int, *dataset.Image) error   { return dataset.ErrNoImage(3) }
func (v vectors) Vector(i int, dst []float32) error { copy(dst, v[i]); return nil }

func TestNormalizeOfFeatures(t *testing.T) {
	n, err := NormalizeOf(context.Background(), vectors{{1e6, 7, 0.1}, {1e6 + 1, 7, 0.1}, {1e6 + 2, 7, 0.1}})
	require.NoError(t, err)
	require.InDeltaSlice(t, []float64{1e6 + 1, 7, float64(float32(0.1))}, n.Mean, 1e-9)
	require.InDeltaSlice(t, []float64{1, 1, 1}, n.Std, 1e-9) // of 0.8, which is rounding, of none, of none
	n, err = NormalizeOf(context.Background(), vectors{{-1, 0, 4}, {1, 0, 8}})
	require.NoError(t, err)
	require.Equal(t, Normalize{Mean: []float64{0, 0, 6}, Std: []float64{1, 1, 2}}, n)
	_, err = NormalizeOf(context.Background(), vectors{})
	require.ErrorContains(t, err, "no features")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = NormalizeOf(ctx, vectors{{1, 2, 3}})
	require.ErrorIs(t, err, context.Canceled)
}
