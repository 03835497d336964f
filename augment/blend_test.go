package augment

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func batch(images, height, width, channels int) Batch {
	b := Batch{make([]float32, images*height*width*channels), images, height, width, channels}
	for i := range b.Values {
		b.Values[i] = float32(i)
	}
	return b
}

func drawBatch(t *rapid.T) Batch {
	side := rapid.IntRange(0, 6)
	return batch(rapid.IntRange(0, 9).Draw(t, "images"), side.Draw(t, "h"), side.Draw(t, "w"), rapid.IntRange(1, 3).Draw(t, "c"))
}

func requirePermutation(t require.TestingT, partner []int, n int) {
	sorted := slices.Sorted(slices.Values(partner))
	require.Len(t, sorted, n)
	for i, v := range sorted {
		require.Equal(t, i, v)
	}
}

func TestMixupIsTheFormula(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawBatch(t)
		old := b
		old.Values = slices.Clone(b.Values)
		partner, weight, err := Mixup{Alpha: 1}.Blend(b, Key{Seed: rapid.Uint64().Draw(t, "seed")}.Rand())
		require.NoError(t, err)
		requirePermutation(t, partner, b.Images)
		require.True(t, weight >= 0 && weight <= 1)
		for i := range b.Images {
			for k, got := range b.image(i) {
				want := weight*float64(old.image(i)[k]) + (1-weight)*float64(old.image(partner[i])[k])
				require.InDelta(t, want, float64(got), 1e-3)
			}
		}
	})
}

func TestCutMixPutsInOneBox(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawBatch(t)
		old := b
		old.Values = slices.Clone(b.Values)
		partner, weight, err := CutMix{Alpha: 1, P: 1}.Blend(b, Key{Seed: rapid.Uint64().Draw(t, "seed")}.Rand())
		require.NoError(t, err)
		requirePermutation(t, partner, b.Images)
		for i := range b.Images {
			if partner[i] == i || len(b.image(i)) == 0 {
				require.Equal(t, old.image(i), b.image(i))
				continue
			}
			left, top, right, bottom, n := b.Width, b.Height, 0, 0, 0
			for k, v := range b.image(i) {
				if v == old.image(i)[k] {
					continue
				}
				require.Equal(t, old.image(partner[i])[k], v)
				x, y := k/b.Channels%b.Width, k/b.Channels/b.Width
				left, right, top, bottom = min(left, x), max(right, x+1), min(top, y), max(bottom, y+1)
				n++
			}
			if n > 0 {
				require.Equal(t, (right-left)*(bottom-top)*b.Channels, n, "a rectangle")
			}
			require.InDelta(t, weight, 1-float64(n)/float64(len(b.image(i))), 1e-12)
		}
	})
}

func TestBlendWeightsAreBeta(t *testing.T) {
	// Beta(α, α) has the mean ½ and the variance 1/(4·(2α+1)).
	rng := rand.New(rand.NewPCG(1, 2))
	for _, alpha := range []float64{0.2, 1, 8} {
		sum, squares, n := 0.0, 0.0, 4000
		for range n {
			_, w, err := Mixup{alpha}.Blend(batch(2, 1, 1, 1), rng)
			require.NoError(t, err)
			sum, squares = sum+w, squares+w*w
		}
		mean := sum / float64(n)
		require.InDelta(t, 0.5, mean, 0.03)
		require.InDelta(t, 1/(4*(2*alpha+1)), squares/float64(n)-mean*mean, 0.015)
	}
	for range 200 {
		require.False(t, math.IsNaN(share(1e-12, rng)), "0/0 is no share")
	}
}

func TestCutMixProbabilityAndArea(t *testing.T) {
	rng, whole, n := rand.New(rand.NewPCG(3, 4)), 0, 4000
	for range n {
		_, w, err := CutMix{Alpha: 1, P: 0.5}.Blend(batch(1, 32, 32, 1), rng)
		require.NoError(t, err)
		if w == 1 {
			whole++
		}
	}
	require.InDelta(t, 0.5, float64(whole)/float64(n), 0.045, "half of them, and a few boxes of no pixels")
}

func TestBlendersAtRest(t *testing.T) {
	for _, b := range []Blender{Mixup{}, CutMix{}, CutMix{P: 1}, CutMix{Alpha: 1}} {
		got := batch(5, 4, 3, 2)
		partner, weight, err := b.Blend(got, Key{}.Rand())
		require.NoError(t, err)
		require.Len(t, partner, 5)
		require.Equal(t, 1.0, weight)
		require.Equal(t, batch(5, 4, 3, 2), got)
	}
}

func TestBlendersRepeat(t *testing.T) {
	for _, blender := range []Blender{Mixup{Alpha: 0.4}, CutMix{Alpha: 1, P: 0.7}} {
		a, b := batch(6, 8, 8, 3), batch(6, 8, 8, 3)
		p1, w1, _ := blender.Blend(a, Key{Seed: 5}.Rand())
		p2, w2, _ := blender.Blend(b, Key{Seed: 5}.Rand())
		require.Equal(t, p1, p2)
		require.Equal(t, w1, w2)
		require.Equal(t, a, b)
	}
}

// Others are another batch, which stays as it is.
func TestBlendWithTakesFromTheOtherBatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := drawBatch(t)
		others := batch(b.Images, b.Height, b.Width, b.Channels)
		for i := range others.Values {
			others.Values[i] = -1 - float32(i)
		}
		old, kept := b, slices.Clone(others.Values)
		old.Values = slices.Clone(b.Values)
		seed := rapid.Uint64().Draw(t, "seed")
		weight, err := Mixup{Alpha: 1}.BlendWith(b, others, Key{Seed: seed}.Rand())
		require.NoError(t, err)
		for i, got := range b.Values {
			require.InDelta(t, weight*float64(old.Values[i])-(1-weight)*float64(1+i), float64(got), 1e-3)
		}
		b.Values = slices.Clone(old.Values)
		weight, err = CutMix{Alpha: 1, P: 1}.BlendWith(b, others, Key{Seed: seed}.Rand())
		require.NoError(t, err)
		require.Equal(t, kept, others.Values)
		for i := range b.Images {
			taken := 0
			for k, got := range b.image(i) {
				if got < 0 {
					require.Equal(t, others.image(i)[k], got)
					taken++
				} else {
					require.Equal(t, old.image(i)[k], got)
				}
			}
			if size := len(b.image(i)); size > 0 {
				require.InDelta(t, 1-weight, float64(taken)/float64(size), 1e-12)
			}
		}
	})
	b := batch(2, 3, 4, 1)
	for _, blender := range []PairBlender{Mixup{}, CutMix{P: 1}, CutMix{Alpha: 1}} {
		weight, err := blender.BlendWith(b, batch(2, 3, 4, 1), Key{}.Rand())
		require.NoError(t, err)
		require.Equal(t, 1.0, weight)
		_, err = blender.BlendWith(b, batch(2, 4, 3, 1), Key{}.Rand())
		require.ErrorContains(t, err, "2 images of 3×4×1 blended with 2 of 4×3×1")
		short := batch(2, 3, 4, 1)
		short.Images = 3
		_, err = blender.BlendWith(b, short, Key{}.Rand())
		require.ErrorContains(t, err, "a batch of 24 values for 3 images")
	}
}

func TestBlendErrors(t *testing.T) {
	b := batch(2, 3, 4, 1)
	b.Images = 3
	for _, blender := range []Blender{Mixup{1}, CutMix{1, 1}} {
		_, _, err := blender.Blend(b, Key{}.Rand())
		require.EqualError(t, err, "augment: a batch of 24 values for 3 images of 3×4×1 (height×width×channels): the lengths must fit")
	}
	require.EqualError(t, Mixup{-1}.Validate(), "augment: Mixup.Alpha is -1: it must be at least 0 and at most 1e+06")
	require.EqualError(t, CutMix{math.NaN(), 1}.Validate(), "augment: CutMix.Alpha is NaN: it must be at least 0 and at most 1e+06")
	require.EqualError(t, CutMix{1, 2}.Validate(), "augment: CutMix.P is 2: a probability must be at least 0 and at most 1")
	require.NoError(t, CutMix{}.Validate())
}
