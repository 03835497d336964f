package loss_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// kcl64 takes all rows of the queue of the anchor's class as positives; with targets it is TSC.
func kcl64(z, views, queue, targets [][]float64, labels, queueLabels []int, samples int, own bool, tau, weight float64) float64 {
	total, anchors := 0.0, 0
	for i := range z {
		var all []float64
		var positive []float64
		for j, v := range views {
			if j%samples == i%samples && (!own || j != i) {
				all, positive = append(all, dot64(z[i], v)/tau), append(positive, dot64(z[i], v)/tau)
			}
		}
		for j, v := range queue {
			all = append(all, dot64(z[i], v)/tau)
			if queueLabels[j] == labels[i] {
				positive = append(positive, dot64(z[i], v)/tau)
			}
		}
		for _, v := range targets {
			all = append(all, dot64(z[i], v)/tau)
		}
		sum, n := 0.0, float64(len(positive))
		for _, x := range positive {
			sum -= logShare(x, all)
		}
		if targets != nil {
			sum, n = sum-weight*logShare(dot64(z[i], targets[labels[i]])/tau, all), n+1
		}
		if n > 0 {
			total, anchors = total+sum/n, anchors+1
		}
	}
	return total / float64(max(anchors, 1))
}

func TestKCLAndTSCGradients(t *testing.T) {
	queueLabels := []int{0, 2, 2, 0, 1, 5}
	const dim = 5
	for _, own := range []bool{false, true} {
		for _, weight := range []float64{0, 0.2, 1.5} { // 0: KCL
			for _, filled := range []int{0, 6} {
				q, queue := queueOf(t, 8, dim, queueLabels[:filled])
				targets := bank(t, 6, dim)
				kcl := loss.KCL{Queue: q, Temperature: 0.2, WithoutMomentum: own}
				tsc := &loss.TSC{KCL: kcl, Targets: targets, TargetWeight: weight}
				var l loss.Loss = &kcl
				params := []*autograd.Param(nil)
				if weight > 0 {
					l, params = prepared(t, tsc, make([]int, 6)), []*autograd.Param{targets.Weight}
				}
				in := loss.Input{Labels: []int{0, 2, 3, 0, 2, 3}, Views: 2}
				views := unitTensor(7, 3, dim)
				if !own {
					in.Keys = views
				}
				t.Run(fmt.Sprintf("own %v, weight %v, queue of %d", own, weight, filled), func(t *testing.T) {
					gradtest.Check(t, gradtest.Case{
						Inputs: []*tensor.Tensor{gradtest.Normal(1, 1, 6, dim)}, Params: params,
						Forward: func(_ *autograd.Tape, x []*autograd.Var) *autograd.Var {
							in.Embedding = nn.L2Normalize(x[0])
							y, stats := l.Forward(in)
							require.Equal(t, loss.Stats{Anchors: 6}, stats)
							return y
						},
						Reference: func(x [][]float64) []float64 {
							z := unit64(x[0], dim)
							near, goals := widen(views), [][]float64(nil)
							if own {
								near = z
							}
							if weight > 0 {
								goals = unit64(x[1], dim)
							}
							return []float64{kcl64(z, near, queue, goals, in.Labels, queueLabels[:filled], 3, own, 0.2, weight)}
						},
					})
				})
			}
		}
	}
}

// The K positives are different ones, and over the seeds each entry is drawn alike.
func TestDrawIsFair(t *testing.T) {
	const n, k, times = 9, 4, 5000
	count := make([]int, n)
	for seed := range times {
		chosen := loss.Draw(n, k, rand.New(rand.NewPCG(uint64(seed), 1)))
		seen := map[int]bool{}
		for _, v := range chosen {
			seen[v] = true
			count[v]++
		}
		require.Len(t, seen, k)
	}
	for _, c := range count {
		require.InDelta(t, times*k/n, c, 210, "6 standard deviations") // √(5000·4/9·5/9) = 35
	}
	require.Equal(t, []int{0, 1, 2}, loss.Draw(3, 6, rand.New(rand.NewPCG(1, 1)))[:3])
	require.Empty(t, loss.Draw(0, 6, rand.New(rand.NewPCG(1, 1))))
}

// With more rows of the class in the queue than K, the loss is that of some choice of K, and the tape's seed decides which.
func TestKCLDrawsPositives(t *testing.T) {
	queueLabels := []int{1, 0, 1, 1, 0, 1, 1}
	q, queue := queueOf(t, 7, 3, queueLabels)
	z, keys := unitTensor(1, 1, 3), unitTensor(2, 1, 3)
	var choices []float64 // by pairs of the five
	same := []int{0, 2, 3, 5, 6}
	for a := range same {
		for b := range a {
			marked := make([]int, 7)
			marked[same[a]], marked[same[b]] = 1, 1
			choices = append(choices, kcl64(widen(z), widen(keys), queue, nil, []int{1}, marked, 1, false, 0.5, 0))
		}
	}
	seen := map[int]bool{}
	l := &loss.KCL{Queue: q, Temperature: 0.5, Positives: 2}
	for seed := range uint64(100) {
		value := func() float64 {
			tape := autograd.NewTape(autograd.Mode{Seed: seed})
			y, _ := l.Forward(loss.Input{Embedding: tape.Const(z), Keys: keys, Labels: []int{1}, Views: 1})
			return float64(y.Value().Item())
		}
		got := value()
		require.Equal(t, got, value(), "the same seed, the same draw")
		found := false
		for i, want := range choices {
			if d := got - want; d < 1e-5 && d > -1e-5 {
				seen[i], found = true, true
			}
		}
		require.True(t, found, "%v is none of %v", got, choices)
	}
	require.Len(t, seen, len(choices))
}
