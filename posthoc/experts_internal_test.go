package posthoc

import (
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// The agreement of two views once more, as the paper writes it, and its slope.
func TestAgreementGradient(t *testing.T) {
	first := []*tensor.Tensor{gradtest.Normal(1, 2, 5, 4), gradtest.Normal(2, 2, 5, 4), gradtest.Normal(3, 2, 5, 4)}
	second := []*tensor.Tensor{gradtest.Normal(4, 2, 5, 4), gradtest.Normal(5, 2, 5, 4), gradtest.Normal(6, 2, 5, 4)}
	rows := []int{3, 0, 4}
	softmax := func(x []float64) []float64 {
		p, sum := make([]float64, len(x)), 0.0
		for i, v := range x {
			p[i] = math.Exp(v)
			sum += p[i]
		}
		for i := range p {
			p[i] /= sum
		}
		return p
	}
	gradtest.Check(t, gradtest.Case{
		Inputs:  []*tensor.Tensor{gradtest.Normal(7, 1, 3)},
		Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var { return agreement(in[0], first, second, rows) },
		Reference: func(in [][]float64) []float64 {
			w, sum := softmax(in[0]), 0.0
			predicted := func(of []*tensor.Tensor, r int) []float64 {
				z := make([]float64, 4)
				for e, x := range of {
					for c := range z {
						z[c] += w[e] * float64(x.Data()[4*r+c])
					}
				}
				return softmax(z)
			}
			for _, r := range rows {
				p, q := predicted(first, r), predicted(second, r)
				pq, pp, qq := 0.0, 0.0, 0.0
				for c := range p {
					pq, pp, qq = pq+p[c]*q[c], pp+p[c]*p[c], qq+q[c]*q[c]
				}
				sum += pq / math.Sqrt(pp) / math.Sqrt(qq)
			}
			return []float64{sum / 3}
		},
	})
}

// A step of one batch is along the gradient of what all images agree, each counted once.
func TestAggregationStepsAlongTheGradient(t *testing.T) {
	first := []*tensor.Tensor{gradtest.Normal(1, 2, 6, 4), gradtest.Normal(2, 2, 6, 4), gradtest.Normal(3, 2, 6, 4)}
	second := []*tensor.Tensor{gradtest.Normal(4, 2, 6, 4), gradtest.Normal(5, 2, 6, 4), gradtest.Normal(6, 2, 6, 4)}
	scores, tape := autograd.NewParam(tensor.New(3)), autograd.NewTape(autograd.Mode{Train: true})
	tape.Backward(autograd.Scale(agreement(tape.Param(scores), first, second, []int{0, 1, 2, 3, 4, 5}), 0.5), nil)
	for _, batch := range []int{0, 6, 9} {
		got, err := Aggregation{Epochs: 1, Batch: batch, LearningRate: 0.5, Optimizer: optim.SGD{}}.Learn(t.Context(), first, second)
		require.NoError(t, err)
		require.InDeltaSlice(t, softmax64(scores.Grad.Data()), got, 1e-6, "batch %d", batch)
	}
}

func TestRoutersAreToAskWhereMoreExpertsAreRight(t *testing.T) {
	for _, c := range []struct {
		right []bool
		want  int
	}{
		{[]bool{true, false, false}, 0}, {[]bool{false, true, false}, 0b01}, {[]bool{false, false, true}, 0b11},
		{[]bool{true, false, true}, 0b10}, {[]bool{false, false, false}, 0}, {[]bool{false, true, true}, 0b01},
	} {
		require.Equal(t, c.want, askAfter(c.right), "%v", c.right)
	}
}

// Two routers of three experts, by hand: features of one number, scaled to length one, and the largest of two logits.
func TestRouterByHand(t *testing.T) {
	matrix := func(rows, cols int, v ...float32) *tensor.Tensor {
		x, err := tensor.FromSlice(v, rows, cols)
		require.NoError(t, err)
		return x
	}
	linear := func(w *tensor.Tensor, bias ...float32) *nn.Linear {
		return &nn.Linear{Weight: autograd.NewParam(w), Bias: autograd.NewParam(matrix(1, len(bias), bias...).Reshape(len(bias)))}
	}
	r := &Router{experts: 3, s: RouterSettings{Top: 1, Scale: 2}, head: linear(matrix(2, 3, 1, 1, 1, -1, 1, 1), 0, 0),
		hidden: []*nn.Linear{linear(matrix(1, 1, 1), 0), linear(matrix(1, 1, -3), 0)}, out: linear(matrix(1, 2, 1, 1), -9)}
	x := matrix(2, 3, 3, -4, 5, 0.5, 0, 1)
	logits, err := ExpertLogits(r.head, x, 3)
	require.NoError(t, err)
	require.Equal(t, []float32{9, -9, 1.5, -1.5}, logits[0].Data(), "times the number of experts")
	require.Equal(t, []float32{-12, -12, 0, 0}, logits[1].Data())
	inputs := r.inputs(x, logits)
	require.Equal(t, []float32{1, 18, -1, -3, 1, 3, 0, 1.5}, inputs.Data(), "direction and largest logit, of the first and of the mean of two")
	says := r.forward(autograd.NewTape(autograd.Mode{}).Const(inputs))
	require.Equal(t, []float32{1 + 18 - 9, 3 - 3 - 9, 1 + 3 - 9, 1.5 - 9}, says.Data())
	routed, err := r.Route(x)
	require.NoError(t, err)
	require.Equal(t, Routed{Scores: matrix(2, 2, -1.5, -10.5, 1.5, -1.5), Used: []int{2, 1}, Mean: 1.5}, routed)
	r.out.Bias.Value.Data()[0] = -19
	routed, err = r.Route(x)
	require.NoError(t, err)
	require.Equal(t, []int{1, 1}, routed.Used, "0 does not ask")
}

func TestAskedGradient(t *testing.T) {
	labels := []int{0, 3, 2, 1}
	gradtest.Check(t, gradtest.Case{
		Inputs: []*tensor.Tensor{gradtest.Normal(1, 3, 4, 2)},
		Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
			y, stats := asked{20}.Forward(loss.Input{Logits: in[0], Labels: labels, Views: 1})
			require.Equal(t, 4, stats.Anchors)
			return y
		},
		Reference: func(in [][]float64) []float64 {
			sum := 0.0
			for i, label := range labels {
				for k, on := range []bool{label&1 > 0, label&2 > 0} {
					p := 1 / (1 + math.Exp(-in[0][2*i+k]))
					if on {
						sum -= 20 * math.Log(p)
					} else {
						sum -= math.Log(1 - p)
					}
				}
			}
			return []float64{sum / 8}
		},
	})
	tape := autograd.NewTape(autograd.Mode{})
	huge, err := tensor.FromSlice([]float32{3e38, -3e38}, 1, 2)
	require.NoError(t, err)
	y, _ := asked{1}.Forward(loss.Input{Logits: tape.Const(huge), Labels: []int{1}, Views: 1})
	require.Zero(t, y.Value().Item(), "both are right, and sure")
}
