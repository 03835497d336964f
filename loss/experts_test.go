package loss_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// Each expert's loss once more in float64, and the sum of them.
func TestExpertsGradient(t *testing.T) {
	counts, labels := []int{500, 40, 3}, []int{0, 2, 1, 2}
	mix := &loss.Mix{Labels: []int{1, 2, 0, 0}, Weight: []float32{1, 0.25, 0.5, 0}}
	for _, mean := range []bool{false, true} {
		l := &loss.Experts{Each: []loss.Loss{&loss.CrossEntropy{}, &loss.LogitAdjusted{Tau: 1.5}}, Mean: mean}
		require.NoError(t, l.Prepare(counts))
		for _, m := range []*loss.Mix{nil, mix} {
			gradtest.Check(t, gradtest.Case{
				Inputs: []*tensor.Tensor{gradtest.Normal(1, 2, 4, 3), gradtest.Normal(2, 2, 4, 3)},
				Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
					y, stats := l.Forward(loss.Input{Experts: in, Labels: labels, Views: 1, Mix: m})
					require.Equal(t, loss.Stats{Anchors: 4}, stats)
					return y
				},
				Reference: func(in [][]float64) []float64 {
					sum := 0.0
					for e, tau := range []float64{0, 1.5} {
						row := func(i, y int) float64 {
							z := make([]float64, 3)
							for c := range z {
								z[c] = in[e][3*i+c] + tau*math.Log(float64(counts[c])/543)
							}
							return -logp64(z, y)
						}
						for i, y := range labels {
							share := 1.0
							if m != nil {
								share = float64(m.Weight[i])
								sum += (1 - share) * row(i, m.Labels[i]) / 4
							}
							sum += share * row(i, y) / 4
						}
					}
					if mean {
						sum /= 2
					}
					return []float64{sum}
				},
			})
		}
	}
}

// The divergence from the mean, which takes no gradient: it is held at the experts' logits for the differences.
func TestExpertDiversityGradient(t *testing.T) {
	counts, labels := []int{500, 40, 3}, []int{0, 2, 1, 2}
	const scale, weight = 1.5, 0.4
	temperatures := make([]float64, 3) // as the authors write them
	for c, n := range counts {
		temperatures[c] = (3*float64(n)/543*0.05 + 1 - 0.05) / (3*500.0/543*0.05 + 1 - 0.05)
	}
	inputs := []*tensor.Tensor{gradtest.Normal(1, 2, 4, 3), gradtest.Normal(2, 2, 4, 3), gradtest.Normal(3, 2, 4, 3)}
	for epoch, late := range map[int]bool{7: false, 8: true} {
		l := &loss.ExpertDiversity{Weight: weight, Scale: scale}
		require.NoError(t, l.Prepare(counts))
		temperature, square := []float64{1, 1, 1}, 1.0
		if late {
			temperature = temperatures
			square = math.Pow((temperature[0]+temperature[1]+temperature[2])/3, 2)
		}
		divided := func(x func(c int) float64) []float64 {
			z := make([]float64, 3)
			for c := range z {
				z[c] = scale * x(c) / temperature[c]
			}
			return z
		}
		gradtest.Check(t, gradtest.Case{
			Inputs: inputs,
			Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
				y, stats := l.Forward(loss.Input{Experts: in, Labels: labels, Views: 1, At: schedule.Progress{Epoch: epoch, Epochs: 10}})
				require.Equal(t, loss.Stats{Anchors: 4}, stats)
				return y
			},
			Reference: func(in [][]float64) []float64 {
				sum := 0.0
				for i := range labels {
					mean := divided(func(c int) float64 {
						return float64(inputs[0].Data()[3*i+c]+inputs[1].Data()[3*i+c]+inputs[2].Data()[3*i+c]) / 3
					})
					for e := range in {
						own := divided(func(c int) float64 { return in[e][3*i+c] })
						for c := range own {
							p := math.Exp(logp64(mean, c))
							sum += p * (logp64(mean, c) - logp64(own, c))
						}
					}
				}
				return []float64{-weight * square * sum / 4}
			},
		})
	}
}

// No rows, one row, one class, an empty tail class, experts that agree, huge logits, NaN.
func TestExpertLossesOnDegenerateInputs(t *testing.T) {
	forward := func(l loss.Loss, labels []int, x ...*tensor.Tensor) (float64, [][]float32) {
		tape := autograd.NewTape(autograd.Mode{Train: true})
		var params []*autograd.Param
		in := loss.Input{Labels: labels, Views: 1}
		for _, values := range x {
			p := autograd.NewParam(values)
			params, in.Experts = append(params, p), append(in.Experts, tape.Param(p))
		}
		y, _ := l.Forward(in)
		tape.Backward(y, nil)
		var grads [][]float32
		for _, p := range params {
			g := make([]float32, p.Value.Len())
			if p.Grad != nil {
				copy(g, p.Grad.Data())
			}
			grads = append(grads, g)
		}
		return float64(y.Value().Item()), grads
	}
	experts := &loss.Experts{Each: []loss.Loss{&loss.CrossEntropy{}, &loss.LogitAdjusted{}}}
	diversity := &loss.ExpertDiversity{}
	for _, l := range []interface {
		loss.Loss
		loss.Preparer
	}{experts, diversity} {
		require.NoError(t, l.Prepare([]int{30, 10, 0}))
		v, _ := forward(l, nil, tensor.New(0, 3), tensor.New(0, 3))
		require.Zero(t, v)
		huge, err := tensor.FromSlice([]float32{3e37, -1e30, 0}, 1, 3)
		require.NoError(t, err)
		v, grads := forward(l, []int{1}, huge, tensor.New(1, 3))
		require.False(t, math.IsNaN(v))
		for _, g := range grads {
			finite(t, g)
		}
		huge.Data()[1] = float32(math.NaN())
		v, _ = forward(l, []int{1}, huge, tensor.New(1, 3))
		require.True(t, math.IsNaN(v))
		require.NoError(t, l.Prepare([]int{7}))
		v, _ = forward(l, []int{0}, tensor.New(1, 1), gradtest.Normal(1, 1, 1, 1))
		require.Zero(t, v, "one class")
	}
	require.NoError(t, diversity.Prepare([]int{30, 10, 0}))
	x := gradtest.Normal(4, 1, 2, 3)
	v, grads := forward(diversity, []int{0, 1}, x, x.Clone())
	require.InDelta(t, 0, v, 1e-9, "experts that agree")
	require.InDeltaSlice(t, make([]float32, 6), grads[0], 1e-6)
}

func TestExpertLossesSayWhatIsWrong(t *testing.T) {
	for want, l := range map[string]loss.Preparer{
		"experts: Each is empty":                                 &loss.Experts{},
		"experts: Each[1] is nil":                                &loss.Experts{Each: []loss.Loss{&loss.CrossEntropy{}, nil}},
		"experts: Each[0] is a *loss.SupervisedContrastive":      &loss.Experts{Each: []loss.Loss{&loss.SupervisedContrastive{}}},
		"experts: Each[0]: loss: cross-entropy: smoothing 2":     &loss.Experts{Each: []loss.Loss{&loss.CrossEntropy{Smoothing: 2}}},
		"expert diversity: Weight -1 must be finite and above 0": &loss.ExpertDiversity{Weight: -1},
		"expert diversity: Scale NaN must":                       &loss.ExpertDiversity{Scale: math.NaN()},
		"expert diversity: Start 2 must":                         &loss.ExpertDiversity{Start: 2},
	} {
		require.ErrorContains(t, l.Prepare([]int{1, 1}), want)
	}
	require.ErrorContains(t, (&loss.ExpertDiversity{}).Prepare([]int{0, 0}), "no class has training images")
	x := autograd.NewTape(autograd.Mode{}).Const(tensor.New(1, 2))
	for want, l := range map[string]loss.Loss{"logits of 1 experts, the loss is of 2": &loss.Experts{Each: []loss.Loss{&loss.CrossEntropy{}, &loss.CrossEntropy{}}},
		"Prepare was given the counts of 0 classes": &loss.ExpertDiversity{}} {
		err := tensor.Try(func() error {
			l.Forward(loss.Input{Experts: []*autograd.Var{x}, Labels: []int{0}, Views: 1})
			return nil
		})
		require.ErrorContains(t, err, want)
	}
	err := tensor.Try(func() error { (&loss.ExpertDiversity{}).Forward(loss.Input{Labels: []int{0}, Views: 1}); return nil })
	require.ErrorContains(t, err, "logits of 0 experts")
}

func ExampleExperts() {
	l := &loss.Experts{Each: []loss.Loss{&loss.CrossEntropy{}, &loss.LogitAdjusted{}, &loss.LogitAdjusted{Tau: 2}}}
	fmt.Println(l.Prepare([]int{900, 100}))
	tape := autograd.NewTape(autograd.Mode{})
	unsure := tape.Const(tensor.New(1, 2))
	for label := range 2 {
		value, _ := l.Forward(loss.Input{Experts: []*autograd.Var{unsure, unsure, unsure}, Labels: []int{label}, Views: 1})
		fmt.Printf("%.3f\n", value.Value().Item()) // the rarer class is learnt for most
	}
	// Output:
	// <nil>
	// 0.811
	// 7.402
}
