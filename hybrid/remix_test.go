package hybrid_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// Images are those of Mixing, and labels go where the paper's rule says, written down once more.
func TestRemixGivesTheLabelToTheRarerClass(t *testing.T) {
	counts, labels := []int{900, 300, 299, 3, 0}, []int{0, 1, 2, 3, 0, 3, 2, 1}
	rng := func(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 1)) }
	x := tensor.New(8, 5)
	for i := range x.Data() {
		x.Data()[i] = float32(i)
	}
	seen := map[string]int{}
	for _, c := range []struct {
		m          hybrid.Remix
		kappa, tau float64
	}{{hybrid.Remix{}, 3, 0.5}, {hybrid.Remix{Kappa: 1, Tau: 1}, 1, 1}, {hybrid.Remix{Tau: loss.Off}, 3, 0}} {
		c.m.Blender, c.m.Counts = augment.Mixup{Alpha: 1}, counts
		require.NoError(t, c.m.Validate())
		for seed := range uint64(40) {
			a, b := x.Clone(), x.Clone()
			plain := hybrid.Mixing{Blender: augment.Mixup{Alpha: 1}}.Mix(a, labels, 2, rng(seed))
			got := c.m.Mix(b, labels, 2, rng(seed))
			require.Equal(t, a.Data(), b.Data())
			require.Equal(t, plain.Labels, got.Labels)
			for i, share := range plain.Weight {
				ratio, want := float64(counts[labels[i]])/float64(counts[plain.Labels[i]]), share
				switch {
				case ratio >= c.kappa && float64(share) < c.tau:
					want = 0
					seen["other"]++
				case ratio <= 1/c.kappa && 1-float64(share) < c.tau:
					want = 1
					seen["own"]++
				default:
					seen["both"]++
				}
				require.Equal(t, want, got.Weight[i], "%d with %d, λ %v", labels[i], plain.Labels[i], share)
			}
		}
	}
	require.Len(t, seen, 3)
}

// One class, one row, no rows.
func TestRemixDegenerateInputs(t *testing.T) {
	m := hybrid.Remix{Blender: augment.Mixup{Alpha: 1}, Counts: []int{5}}
	for _, n := range []int{0, 1, 3} {
		mix := m.Mix(tensor.New(n, 2), make([]int, n), 1, rand.New(rand.NewPCG(1, 1)))
		require.Len(t, mix.Weight, n)
		for _, w := range mix.Weight {
			require.True(t, w > 0 && w < 1, "alike classes share their label: %v", w)
		}
	}
}

func TestRemixSaysWhatIsWrong(t *testing.T) {
	trainSet, _ := generated(t, 9)
	good := augment.Mixup{Alpha: 1}
	for want, m := range map[string]hybrid.Remix{
		"Mixing.Blender is nil":  {Counts: []int{1}},
		"Remix.Kappa is 0.5":     {Blender: good, Counts: []int{1}, Kappa: 0.5},
		"Remix.Kappa is NaN":     {Blender: good, Counts: []int{1}, Kappa: math.NaN()},
		"Remix.Tau is 2":         {Blender: good, Counts: []int{1}, Tau: 2},
		"Remix.Counts is empty":  {Blender: good},
		"Mixup.Alpha is -1":      {Blender: augment.Mixup{Alpha: -1}, Counts: []int{1}},
		"Counts is of 1 classes": {Blender: good, Counts: []int{1}},
	} {
		tr := short()
		tr.Streams = hybrid.CE()
		tr.Streams[0].Mixer = m
		_, err := tr.Fit(context.Background(), mlp(t), trainSet, nil)
		require.ErrorContains(t, err, want)
	}
}
