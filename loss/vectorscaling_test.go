package loss_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// The value and the gradient are those of the formula, written down once more in float64.
func TestVectorScalingGradient(t *testing.T) {
	counts, labels := []int{500, 40, 3}, []int{0, 2, 1, 2, 0}
	mix := &loss.Mix{Labels: []int{1, 2, 0, 0, 2}, Weight: []float32{1, 0.25, 0.5, 0.75, 0}}
	l := &loss.VectorScaling{Gamma: 0.2, Tau: 1.25}
	require.NoError(t, l.Prepare(counts))
	formula := func(x []float64, y int) float64 {
		sum, z := 0.0, make([]float64, 3)
		for c, n := range counts {
			z[c] = math.Pow(float64(n)/500, 0.2)*x[c] + 1.25*math.Log(float64(n)/543)
			sum += math.Exp(z[c])
		}
		return -math.Log(math.Exp(z[y]) / sum)
	}
	for _, m := range []*loss.Mix{nil, mix} {
		gradtest.Check(t, gradtest.Case{
			Inputs: []*tensor.Tensor{gradtest.Normal(1, 2, 5, 3)},
			Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
				y, stats := l.Forward(loss.Input{Logits: in[0], Labels: labels, Views: 1, Mix: m})
				require.Equal(t, loss.Stats{Anchors: 5}, stats)
				return y
			},
			Reference: func(in [][]float64) []float64 {
				sum := 0.0
				for i, y := range labels {
					row, share := in[0][3*i:3*i+3], 1.0
					if m != nil {
						share = float64(m.Weight[i])
						sum += (1 - share) * formula(row, m.Labels[i])
					}
					sum += share * formula(row, y)
				}
				return []float64{sum / 5}
			},
		})
	}
}

// With γ = 0 it is the logit-adjusted loss, with τ = 0 too cross-entropy.
func TestVectorScalingHasItsSpecialCases(t *testing.T) {
	x, labels := gradtest.Normal(2, 3, 4, 3), []int{0, 1, 2, 2}
	value := func(l loss.Loss) float64 {
		if p, ok := l.(loss.Preparer); ok {
			require.NoError(t, p.Prepare([]int{50, 20, 5}))
		}
		v, _, _ := run(t, l, x, labels)
		return v
	}
	require.InDelta(t, value(&loss.LogitAdjusted{Tau: 1.5}), value(&loss.VectorScaling{Gamma: loss.Off, Tau: 1.5}), 1e-6)
	require.InDelta(t, value(&loss.CrossEntropy{}), value(&loss.VectorScaling{Gamma: loss.Off, Tau: loss.Off}), 1e-6)
}

// No rows, one row, one class, an empty tail class, huge logits, NaN.
func TestVectorScalingDegenerateInputs(t *testing.T) {
	l := &loss.VectorScaling{Gamma: 0.2, Tau: 1}
	require.NoError(t, l.Prepare([]int{30, 10, 0}))
	v, stats, _ := run(t, l, tensor.New(0, 3), nil)
	require.Zero(t, v)
	require.Equal(t, loss.Stats{}, stats)

	x, err := tensor.FromSlice([]float32{1, 2, 100}, 1, 3)
	require.NoError(t, err)
	v, _, g := run(t, l, x, []int{1})
	require.InDelta(t, math.Log(1+3*math.Exp(1-2*math.Pow(1./3, 0.2))), v, 1e-6, "the empty class is out, whatever its logit")
	require.Zero(t, g[2])

	huge, err := tensor.FromSlice([]float32{3e38, -1e30, 0}, 1, 3)
	require.NoError(t, err)
	v, _, g = run(t, l, huge, []int{0})
	require.Zero(t, v)
	finite(t, g)
	huge.Data()[1] = float32(math.NaN())
	v, _, _ = run(t, l, huge, []int{0})
	require.True(t, math.IsNaN(v))

	require.NoError(t, l.Prepare([]int{7}))
	v, _, g = run(t, l, gradtest.Normal(1, 1, 2, 1), []int{0, 0})
	require.Zero(t, v, "one class is always right")
	require.Equal(t, []float32{0, 0}, g)

	l = &loss.VectorScaling{Gamma: 0.2, Tau: loss.Off}
	require.NoError(t, l.Prepare([]int{30, 10, 0}))
	v, _, g = run(t, l, x, []int{0})
	require.InDelta(t, -logp64([]float64{1, 2 * math.Pow(1./3, 0.2), 0}, 0), v, 1e-6, "without τ the empty class has a logit of 0")
	finite(t, g)
}

func TestVectorScalingSaysWhatIsWrong(t *testing.T) {
	for want, l := range map[string]*loss.VectorScaling{
		"loss: vector-scaling: Gamma -2 must be finite and above 0, or loss.Off for 0 (0 means the paper's 0.3)":   {Gamma: -2},
		"loss: vector-scaling: Tau NaN must be finite and above 0, or loss.Off for 0 (0 means the paper's 1)":      {Tau: math.NaN()},
		"loss: vector-scaling: Gamma +Inf must be finite and above 0, or loss.Off for 0 (0 means the paper's 0.3)": {Gamma: math.Inf(1)},
	} {
		require.EqualError(t, l.Prepare([]int{1, 1}), want)
	}
	l := &loss.VectorScaling{}
	require.EqualError(t, l.Prepare([]int{0, 0}), "loss: vector-scaling: no class has training images: there are no priors to adjust by")
	tape := autograd.NewTape(autograd.Mode{})
	in := loss.Input{Logits: tape.Const(tensor.New(1, 2)), Labels: []int{1}, Views: 1}
	forward := func() error { l.Forward(in); return nil }
	require.EqualError(t, tensor.Try(forward), "loss.VectorScaling: Prepare was given the counts of 0 classes, the input has 2")
	require.NoError(t, l.Prepare([]int{3, 0}))
	require.EqualError(t, tensor.Try(forward),
		"loss.VectorScaling [1]: label 1 of row 0 is of a class that has no training images by the counts of Prepare")
}

func ExampleVectorScaling() {
	l := &loss.VectorScaling{Gamma: 0.5, Tau: 1}
	fmt.Println(l.Prepare([]int{900, 100}))
	tape := autograd.NewTape(autograd.Mode{})
	for label := range 2 {
		value, _ := l.Forward(loss.Input{Logits: tape.Const(tensor.New(1, 2)), Labels: []int{label}, Views: 1})
		fmt.Printf("%.3f\n", value.Value().Item()) // of equal logits: −log q
	}
	// Output:
	// <nil>
	// 0.105
	// 2.303
}
