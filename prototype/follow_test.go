package prototype_test

import (
	"context"
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

func rowsOf(t *testing.T, dim int, v ...float32) *tensor.Tensor {
	x, err := tensor.FromSlice(v, len(v)/dim, dim)
	require.NoError(t, err)
	return x
}

// vectors are the prototypes as they are now, copied.
func vectors(b prototype.Bank) []float32 {
	v := b.Vectors(autograd.NewTape(autograd.Mode{}))
	return append([]float32(nil), v.Data()...)
}

// state copies all buffers of a bank, by name.
func state(b prototype.Bank) map[string][]float32 {
	all := map[string][]float32{}
	for _, e := range nn.Entries(b) {
		all[e.Path] = append([]float32(nil), e.Tensor().Data()...)
	}
	return all
}

func TestMovingAverageFollows(t *testing.T) {
	b, err := prototype.NewMovingAverage(prototype.MovingAverageSettings{Settings: prototype.Settings{Classes: 3, Dim: 2, Seed: 1}, Momentum: 0.9})
	require.NoError(t, err)
	require.False(t, b.Vectors(autograd.NewTape(autograd.Mode{})).NeedsGrad())
	was := vectors(b)
	b.Observe(rowsOf(t, 2, 1, 0, 0, 1, 0, 1), []int{1, 1, 1}, false)
	now := vectors(b)
	require.Equal(t, was[:2], now[:2], "a class that was not seen stays")
	require.Equal(t, was[4:], now[4:])
	x, y := 0.9*float64(was[2])+0.1/math.Sqrt(5), 0.9*float64(was[3])+0.2/math.Sqrt(5)
	require.InDelta(t, x/math.Hypot(x, y), now[2], 1e-6)
	require.InDelta(t, y/math.Hypot(x, y), now[3], 1e-6)
	for range 300 {
		b.Observe(rowsOf(t, 2, 0, -1), []int{2}, true)
	}
	require.InDeltaSlice(t, []float32{0, -1}, vectors(b)[4:], 1e-5)
}

func TestMovingAverageKeepsNineTenthsUnlessToldOtherwise(t *testing.T) {
	var all [][]float32
	for _, momentum := range []float64{0, 0.9} {
		b, err := prototype.NewMovingAverage(prototype.MovingAverageSettings{Settings: prototype.Settings{Classes: 2, Dim: 2, Seed: 1}, Momentum: momentum})
		require.NoError(t, err)
		b.Observe(rowsOf(t, 2, 1, 0), []int{1}, false)
		all = append(all, vectors(b))
	}
	require.Equal(t, all[1], all[0])
	for _, bad := range []float64{-0.5, 1, math.NaN()} {
		_, err := prototype.NewMovingAverage(prototype.MovingAverageSettings{Settings: prototype.Settings{Classes: 2, Dim: 2}, Momentum: bad})
		require.ErrorContains(t, err, "must be in [0, 1)")
	}
}

func TestClassMeanIsRecomputedEachEpoch(t *testing.T) {
	b, err := prototype.NewClassMean(prototype.Settings{Classes: 3, Dim: 2, Seed: 1})
	require.NoError(t, err)
	was := vectors(b)
	b.Observe(rowsOf(t, 2, 1, 0, 0, 1), []int{0, 1}, false)
	require.Equal(t, was, vectors(b), "within an epoch they stay")
	b.Observe(rowsOf(t, 2, 0, 1, 0, 1), []int{0, 1}, true)
	r := float32(math.Sqrt(0.5))
	require.InDeltaSlice(t, []float32{r, r, 0, 1}, vectors(b)[:4], 1e-6)
	require.Equal(t, was[4:], vectors(b)[4:])
	b.Observe(rowsOf(t, 2, 0, -1), []int{0}, true)
	require.InDeltaSlice(t, []float32{0, -1, 0, 1}, vectors(b)[:4], 1e-6, "the former epoch is forgotten")
}

// Of two that are as near, the first has the embedding.
func TestEquallyNearPrototypes(t *testing.T) {
	b, err := prototype.NewMovingAverage(prototype.MovingAverageSettings{Settings: prototype.Settings{Classes: 1, Dim: 2, PerClass: 2, Seed: 4}})
	require.NoError(t, err)
	for _, e := range nn.Entries(b) {
		copy(e.Tensor().Data(), []float32{1, 0, 1, 0})
	}
	b.Observe(rowsOf(t, 2, 0, 1), []int{0}, false)
	v := vectors(b)
	require.Greater(t, v[1], float32(0))
	require.Equal(t, []float32{1, 0}, v[2:])
}

// Nearest is what has the larger inner product.
func TestAnEmbeddingGoesToTheNearestPrototype(t *testing.T) {
	b, err := prototype.NewMovingAverage(prototype.MovingAverageSettings{Settings: prototype.Settings{Classes: 1, Dim: 2, PerClass: 2, Seed: 4}})
	require.NoError(t, err)
	for _, e := range nn.Entries(b) {
		copy(e.Tensor().Data(), []float32{1, 0, 0, 1})
	}
	b.Observe(rowsOf(t, 2, 0.28, 0.96), []int{0}, false)
	v := vectors(b)
	require.Equal(t, []float32{1, 0}, v[:2])
	require.Greater(t, v[2], float32(0))
}

// Two lumps of one class: each prototype goes to the lump nearest to it.
func TestSeveralPrototypesShareAClass(t *testing.T) {
	size := prototype.Settings{Classes: 2, Dim: 2, PerClass: 2, Seed: 4}
	average, err := prototype.NewMovingAverage(prototype.MovingAverageSettings{Settings: size, Momentum: 0.5})
	require.NoError(t, err)
	mean, err := prototype.NewClassMean(size)
	require.NoError(t, err)
	for _, b := range []prototype.Bank{average, mean} {
		require.Equal(t, tensor.Shape{4, 2}, b.Vectors(autograd.NewTape(autograd.Mode{})).Shape())
		v := vectors(b)
		lumps := rowsOf(t, 2, v[4], v[5], v[6], v[7])
		for range 5 {
			b.(prototype.Observer).Observe(lumps, []int{1, 1}, true)
		}
		require.InDeltaSlice(t, v, vectors(b), 1e-6, "%T", b)
	}
}

// What a bank shows is all it has: another bank given the same buffers goes on alike.
func TestStateIsAllThereIs(t *testing.T) {
	size := func(seed uint64) prototype.Settings { return prototype.Settings{Classes: 3, Dim: 2, Seed: seed} }
	make2 := map[string]func(seed uint64) prototype.Bank{
		"average": func(seed uint64) prototype.Bank {
			b, err := prototype.NewMovingAverage(prototype.MovingAverageSettings{Settings: size(seed)})
			require.NoError(t, err)
			return b
		},
		"mean": func(seed uint64) prototype.Bank {
			b, err := prototype.NewClassMean(size(seed))
			require.NoError(t, err)
			return b
		},
		"targets": func(seed uint64) prototype.Bank {
			points, err := prototype.OnSphere(context.Background(), prototype.Sphere{Points: 3, Dim: 2, Seed: seed})
			require.NoError(t, err)
			b, err := prototype.NewTargets(points)
			require.NoError(t, err)
			return b
		},
	}
	for name, build := range make2 {
		a, b := build(1), build(2)
		a.(prototype.Observer).Observe(rowsOf(t, 2, 1, 0, 0, 1), []int{0, 1}, false)
		for i, e := range nn.Entries(b) {
			e.Buffer.CopyFrom(nn.Entries(a)[i].Buffer)
		}
		for _, x := range []prototype.Bank{a, b} {
			x.(prototype.Observer).Observe(rowsOf(t, 2, 0.6, 0.8, 0, -1), []int{1, 2}, true)
		}
		require.Equal(t, state(a), state(b), name)
	}
}

func TestTargetsGoWhereTheClassesAre(t *testing.T) {
	points := rowsOf(t, 2, 1, 0, 0, 2, -1, 0)
	b, err := prototype.NewTargets(points)
	require.NoError(t, err)
	require.Equal(t, []float32{1, 0, 0, 1, -1, 0}, vectors(b))
	require.Equal(t, make([]float32, 6), state(b)["centroids"])
	b.AtEpochEnds = true
	z, labels := rowsOf(t, 2, -0.8, 0.6, 0.8, 0.6, 0, 1), []int{0, 1, 2}
	b.Observe(z, labels, false)
	require.Equal(t, []float32{1, 0, 0, 1, -1, 0}, vectors(b))
	b.Observe(z, labels, true)
	require.Equal(t, []float32{-1, 0, 1, 0, 0, 1}, vectors(b))
	require.InDeltaSlice(t, z.Data(), state(b)["centroids"], 1e-6, "the first mean is the centroid")
	b.Observe(rowsOf(t, 2, 1, 0, 1, 1), []int{2, 2}, false)
	h := 1 / math.Sqrt(5)
	x, y := 0.1*2*h, 0.9+0.1*h
	require.InDeltaSlice(t, []float64{x / math.Hypot(x, y), y / math.Hypot(x, y)}, state(b)["centroids"][4:], 1e-6, "then a tenth of the way")
	b.AtEpochEnds = false
	for range 60 { // the centroids of 0 and 1 change places
		b.Observe(rowsOf(t, 2, 0.8, 0.6, -0.8, 0.6), []int{0, 1}, false)
	}
	require.Equal(t, []float32{1, 0, -1, 0, 0, 1}, vectors(b))
}

// A deal that is ended early is made up for when the points are needed, by a run that goes on too.
func TestTargetsThatAreYetToBeDealt(t *testing.T) {
	points := rowsOf(t, 2, 1, 0, 0, 2, -1, 0)
	z, labels := rowsOf(t, 2, -0.8, 0.6, 0.8, 0.6, 0, 1), []int{0, 1, 2}
	b, err := prototype.NewTargets(points)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	b.Watch(ctx, nil)
	b.Observe(z, labels, true)
	next, err := prototype.NewTargets(points)
	require.NoError(t, err)
	for i, e := range nn.Entries(b) {
		nn.Entries(next)[i].Buffer.CopyFrom(e.Buffer)
	}
	require.Equal(t, []float32{1, 0, 0, 1, -1, 0}, nn.Entries(next)[0].Buffer.Data(), "as they were")
	for _, x := range []*prototype.Targets{b, next} {
		require.Equal(t, []float32{-1, 0, 1, 0, 0, 1}, vectors(x))
		x.Watch(context.Background(), nil)
		x.Observe(z, labels, true)
	}
	require.Equal(t, state(b), state(next))
}

// Rows without a direction leave prototypes as they are.
func TestUnusableRowsAreIgnored(t *testing.T) {
	nan := float32(math.NaN())
	for _, bad := range []*tensor.Tensor{rowsOf(t, 2, 0, 0), rowsOf(t, 2, nan, 1)} {
		a, err := prototype.NewMovingAverage(prototype.MovingAverageSettings{Settings: prototype.Settings{Classes: 2, Dim: 2, Seed: 1}, Momentum: 0.9})
		require.NoError(t, err)
		c, err := prototype.NewClassMean(prototype.Settings{Classes: 2, Dim: 2, Seed: 1})
		require.NoError(t, err)
		d, err := prototype.NewTargets(rowsOf(t, 2, 1, 0, 0, 1))
		require.NoError(t, err)
		for _, b := range []prototype.Bank{a, c, d} {
			was := state(b)
			b.(prototype.Observer).Observe(bad, []int{0}, true)
			require.Equal(t, was, state(b), "%T", b)
		}
	}
}

func TestMisuse(t *testing.T) {
	b, err := prototype.NewMovingAverage(prototype.MovingAverageSettings{Settings: prototype.Settings{Classes: 2, Dim: 2, Seed: 1}, Momentum: 0.9})
	require.NoError(t, err)
	try := func(x *tensor.Tensor, labels []int) error {
		return tensor.Try(func() error { b.Observe(x, labels, false); return nil })
	}
	require.EqualError(t, try(tensor.New(1, 2), []int{2}), "prototype.MovingAverage [1]: label 2 of row 0 is not one of 2 classes")
	require.EqualError(t, try(tensor.New(2, 2), []int{0, -1}), "prototype.MovingAverage [2]: label -1 of row 1 is not one of 2 classes")
	require.EqualError(t, try(tensor.New(2, 2), []int{0}), "prototype.MovingAverage [2 2], [1 2]: needs an embedding of the prototypes' width for each label")
	require.EqualError(t, try(tensor.New(2), []int{0, 0}), "prototype.MovingAverage [2], [2 2]: needs an embedding of the prototypes' width for each label")
	require.EqualError(t, try(tensor.New(1, 3), []int{0}), "prototype.MovingAverage [1 3], [1 2]: needs an embedding of the prototypes' width for each label")
	for want, size := range map[string]prototype.Settings{
		"prototype: 0 classes of dimension 2: both must be at least 1": {Classes: 0, Dim: 2},
		"prototype: 2 classes of dimension 0: both must be at least 1": {Classes: 2},
		"prototype: PerClass -1 must not be negative":                  {Classes: 2, Dim: 2, PerClass: -1},
	} {
		_, err := prototype.NewMovingAverage(prototype.MovingAverageSettings{Settings: size})
		require.EqualError(t, err, want)
		_, err = prototype.NewClassMean(size)
		require.EqualError(t, err, want)
	}
	_, err = prototype.NewMovingAverage(prototype.MovingAverageSettings{Settings: prototype.Settings{Classes: 2, Dim: 2, Seed: 1}, Momentum: 1})
	require.EqualError(t, err, "prototype: Momentum 1 must be in [0, 1), with prototype.Off for 0 (0 means 0.9)")
	for _, bad := range []float32{0, 1e-13, float32(math.Inf(1)), float32(math.NaN())} {
		_, err = prototype.NewFixed(rowsOf(t, 2, 1, 0, bad, 0))
		require.EqualError(t, err, "prototype: row 1 of the vectors is zero or not finite: it has no direction")
	}
	long, err := prototype.NewFixed(rowsOf(t, 2, 3e38, 0, 0, 2e-12))
	require.NoError(t, err)
	require.Equal(t, []float32{1, 0, 0, 1}, vectors(long))
	_, err = prototype.NewTargets(tensor.New(3))
	require.EqualError(t, err, "prototype: vectors of shape [3]: needs a matrix with a row for each prototype")
}

// Momentum 0 is asked for by Off: a prototype is the direction of the last step's mean.
func TestMovingAverageWithoutMomentum(t *testing.T) {
	b, err := prototype.NewMovingAverage(prototype.MovingAverageSettings{Settings: prototype.Settings{Classes: 2, Dim: 2}, Momentum: prototype.Off})
	require.NoError(t, err)
	b.Observe(rowsOf(t, 2, 0.6, 0.8), []int{1}, false)
	require.InDeltaSlice(t, []float32{0.6, 0.8}, vectors(b)[2:], 1e-6)
}
