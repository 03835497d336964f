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

// distillation64 is the formula as the paper writes it: probabilities to a power, over their sum.
func distillation64(x, v []float64, temperature, power float64) (sum float64) {
	softmax := func(x []float64) []float64 {
		p, all := make([]float64, len(x)), 0.0
		for c := range x {
			p[c] = math.Exp(x[c] / temperature)
			all += p[c]
		}
		for c := range p {
			p[c] /= all
		}
		return p
	}
	s, t, all := softmax(x), softmax(v), 0.0
	for c := range t {
		t[c] = math.Pow(t[c], power)
		all += t[c]
	}
	for c := range t {
		sum += temperature * temperature * t[c] / all * math.Log(t[c]/all/s[c])
	}
	return sum
}

func TestDistillationGradient(t *testing.T) {
	labels, teacher := []int{0, 2, 1, 2}, gradtest.Normal(5, 3, 4, 3)
	mix := &loss.Mix{Labels: []int{1, 2, 0, 0}, Weight: []float32{1, 0.25, 0.5, 0}}
	for _, c := range []struct {
		l                  loss.Distillation
		temperature, power float64
	}{{loss.Distillation{}, 3, 0.5}, {loss.Distillation{Temperature: 1.5, Power: 1}, 1.5, 1}, {loss.Distillation{Temperature: 0.8, Power: 2}, 0.8, 2}} {
		for _, m := range []*loss.Mix{nil, mix} {
			gradtest.Check(t, gradtest.Case{
				Inputs: []*tensor.Tensor{gradtest.Normal(1, 2, 4, 3)},
				Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
					y, stats := c.l.Forward(loss.Input{Logits: in[0], Teacher: teacher, Labels: labels, Views: 1, Mix: m})
					require.Equal(t, loss.Stats{Anchors: 4}, stats)
					return y
				},
				Reference: func(in [][]float64) []float64 {
					sum := 0.0
					for r := range labels {
						v := make([]float64, 3)
						for c := range v {
							v[c] = float64(teacher.Data()[3*r+c])
						}
						sum += distillation64(in[0][3*r:3*r+3], v, c.temperature, c.power) / 4
					}
					return []float64{sum}
				},
			})
		}
	}
}

// distilled returns value and gradient.
func distilled(l loss.Distillation, x, teacher *tensor.Tensor, labels ...int) (float64, []float32) {
	p, tape := autograd.NewParam(x), autograd.NewTape(autograd.Mode{Train: true})
	y, _ := l.Forward(loss.Input{Logits: tape.Param(p), Teacher: teacher, Labels: labels, Views: 1})
	tape.Backward(y, nil)
	g := make([]float32, x.Len())
	if p.Grad != nil {
		copy(g, p.Grad.Data())
	}
	return float64(y.Value().Item()), g
}

// A sure teacher is a label, an equal one teaches nothing, and the power ½ is twice the teacher's temperature.
func TestDistillationHasItsSpecialCases(t *testing.T) {
	plain := loss.Distillation{Temperature: 1, Power: 1}
	x, sure := gradtest.Normal(2, 2, 3, 4), tensor.New(3, 4)
	for r, y := range []int{1, 3, 0} {
		sure.Data()[4*r+y] = 200
	}
	v, g := distilled(plain, x, sure, 0, 0, 0)
	want, _, grad := run(t, &loss.CrossEntropy{}, x, []int{1, 3, 0})
	require.InDelta(t, want, v, 1e-5)
	require.InDeltaSlice(t, grad, g, 1e-6)

	v, g = distilled(loss.Distillation{Power: 1}, x, x.Clone(), 0, 0, 0)
	require.InDelta(t, 0, v, 1e-9)
	require.InDeltaSlice(t, make([]float32, 12), g, 1e-6)

	teacher, half := gradtest.Normal(3, 2, 3, 4), tensor.New(3, 4)
	for i, v := range teacher.Data() {
		half.Data()[i] = v / 2
	}
	v, g = distilled(loss.Distillation{Temperature: 2}, x, teacher, 0, 0, 0)
	same, grad := distilled(loss.Distillation{Temperature: 2, Power: 1}, x, half, 0, 0, 0)
	require.InDelta(t, same, v, 1e-6)
	require.InDeltaSlice(t, grad, g, 1e-6)
	require.Positive(t, v)
}

// No rows, one class, huge logits of either, NaN of either.
func TestDistillationOnDegenerateInputs(t *testing.T) {
	v, _ := distilled(loss.Distillation{}, tensor.New(0, 3), tensor.New(0, 3))
	require.Zero(t, v)
	v, g := distilled(loss.Distillation{}, gradtest.Normal(1, 1, 2, 1), tensor.New(2, 1), 0, 0)
	require.Zero(t, v)
	finite(t, g)
	huge, err := tensor.FromSlice([]float32{3e38, -1e30, 0}, 1, 3)
	require.NoError(t, err)
	for _, power := range []float64{0.5, 1} {
		v, g = distilled(loss.Distillation{Power: power}, tensor.New(1, 3), huge, 0)
		require.InDelta(t, 9*math.Log(3), v, 1e-5)
		finite(t, g)
		v, g = distilled(loss.Distillation{Power: power}, huge, huge, 0)
		require.InDelta(t, 0, v, 1e-5)
		finite(t, g)
	}
	nan := tensor.New(1, 3)
	nan.Data()[1] = float32(math.NaN())
	v, _ = distilled(loss.Distillation{}, nan, huge, 0)
	require.True(t, math.IsNaN(v))
	v, _ = distilled(loss.Distillation{}, huge, nan, 0)
	require.True(t, math.IsNaN(v))
}

func TestDistillationSaysWhatIsWrong(t *testing.T) {
	for want, l := range map[string]loss.Distillation{"distillation: Temperature -1 must": {Temperature: -1}, "distillation: Power NaN must": {Power: math.NaN()}} {
		require.ErrorContains(t, l.Prepare([]int{1, 1}), want)
	}
	x := autograd.NewTape(autograd.Mode{}).Const(tensor.New(2, 3))
	for want, teacher := range map[string]*tensor.Tensor{"the stream have a Teacher": nil, "as many logits of each row as the network, 3": tensor.New(2, 4)} {
		err := tensor.Try(func() error {
			(&loss.Distillation{}).Forward(loss.Input{Logits: x, Teacher: teacher, Labels: []int{0, 1}, Views: 1})
			return nil
		})
		require.ErrorContains(t, err, want)
	}
}

func ExampleDistillation() {
	tape := autograd.NewTape(autograd.Mode{})
	teacher, err := tensor.FromSlice([]float32{4, 1, 0}, 1, 3)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, student := range []*tensor.Tensor{tensor.New(1, 3), teacher} {
		value, _ := (&loss.Distillation{Power: 1}).Forward(loss.Input{Logits: tape.Const(student), Teacher: teacher, Labels: []int{0}, Views: 1})
		fmt.Printf("%.3f\n", value.Value().Item())
	}
	// Output:
	// 1.514
	// 0.000
}
