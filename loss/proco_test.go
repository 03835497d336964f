package loss_test

import (
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// h64 is log I_{D/2−1}(x) − (D/2−1) log x where it is elementary.
func h64(dim int, x float64) float64 {
	switch dim {
	case 3:
		return math.Log(2/math.Pi)/2 + math.Log(math.Sinh(x)/x)
	case 5:
		return math.Log(2/math.Pi)/2 + math.Log((math.Cosh(x)-math.Sinh(x)/x)/x/x)
	}
	panic("not elementary")
}

func proco(t *testing.T, counts []int, dim int, tau float64) *loss.ProCo {
	l, err := loss.NewProCo(loss.ProCoSettings{Classes: len(counts), Dim: dim, Temperature: tau})
	require.NoError(t, err)
	return prepared(t, l, counts)
}

// see makes a training step of the given rows.
func see(l loss.Loss, z *tensor.Tensor, labels []int, at schedule.Progress) {
	tape := autograd.NewTape(autograd.Mode{Train: true})
	l.Forward(loss.Input{Embedding: tape.Const(z), Labels: labels, Views: 1, At: at})
	tape.Commit()
}

func TestProCoGradient(t *testing.T) {
	counts := []int{70, 20, 0, 10}
	labels := []int{0, 1, 3, 0, 1}
	for _, dim := range []int{3, 5} {
		for _, tau := range []float64{0.1, 0.5} {
			l := proco(t, counts, dim, tau)
			seen := unitTensor(3, 8, dim)
			see(l, seen, []int{0, 1, 0, 0, 1, 1, 0, 0}, schedule.Progress{Epochs: 2, Steps: 9}) // not 3
			// Means as they are written down.
			sum, n := make([][]float64, 4), make([]float64, 4)
			for c := range sum {
				sum[c] = make([]float64, dim)
			}
			for i, y := range []int{0, 1, 0, 0, 1, 1, 0, 0} {
				n[y]++
				for k, v := range widen(seen)[i] {
					sum[y][k] += v
				}
			}
			logit := func(z []float64, c int) float64 {
				r := math.Sqrt(dot64(sum[c], sum[c])) / math.Max(n[c], 1)
				kappa, v := float64(dim)*r/(1-r*r), make([]float64, dim)
				for k := range v {
					if v[k] = z[k] / tau; n[c] > 0 {
						v[k] += kappa * sum[c][k] / n[c] / r
					}
				}
				if n[c] == 0 {
					return h64(dim, 1/tau) - h64(dim, 1e-2) // near the limit at 0
				}
				return h64(dim, math.Sqrt(dot64(v, v))) - h64(dim, kappa)
			}
			gradtest.Check(t, gradtest.Case{
				Inputs: []*tensor.Tensor{gradtest.Normal(1, 1, 5, dim)},
				Forward: func(_ *autograd.Tape, in []*autograd.Var) *autograd.Var {
					y, stats := l.Forward(loss.Input{Embedding: nn.L2Normalize(in[0]), Labels: labels, Views: 1})
					require.Equal(t, loss.Stats{Anchors: 5}, stats)
					return y
				},
				Reference: func(in [][]float64) []float64 {
					total := 0.0
					for i, z := range unit64(in[0], dim) {
						x := make([]float64, 3)
						for j, c := range []int{0, 1, 3} {
							x[j] = logit(z, c) + math.Log(float64(counts[c])/100)
						}
						total -= logp64(x, map[int]int{0: 0, 1: 1, 3: 2}[labels[i]])
					}
					return []float64{total / float64(len(labels))}
				},
			})
		}
	}
}

// The logit of a class is log E e^{z·v/τ} over its distribution: on a circle it can be integrated.
func TestProCoIsTheExpectation(t *testing.T) {
	l := proco(t, []int{1, 1}, 2, 0.5)
	r := rowsOf(t, 2, 1, 0, 0.6, 0.8, 0.6, -0.8, 0, -1)
	see(l, r, []int{0, 0, 0, 1}, schedule.Progress{Steps: 9})
	z := rowsOf(t, 2, 0.8, 0.6)
	mean := (1 + 0.6 + 0.6) / 3
	kappa := 2 * mean / (1 - mean*mean)
	above, below := 0.0, 0.0
	for i := range 100000 {
		a := 2 * math.Pi * float64(i) / 100000
		p := math.Exp(kappa * math.Cos(a))
		above, below = above+p*math.Exp((0.8*math.Cos(a)+0.6*math.Sin(a))/0.5), below+p
	}
	// Class 1 is one row, κ = 10⁵: its expectation is e^{z·v/τ} of that row.
	want := math.Log1p(math.Exp(-0.6/0.5) / (above / below))
	tape := autograd.NewTape(autograd.Mode{})
	y, _ := l.Forward(loss.Input{Embedding: tape.Const(z), Labels: []int{0}, Views: 1})
	require.InDelta(t, want, y.Value().Item(), 1e-5)
}

func rowsOf(t *testing.T, dim int, v ...float32) *tensor.Tensor {
	x, err := tensor.FromSlice(v, len(v)/dim, dim)
	require.NoError(t, err)
	return x
}

func buffer(l nn.Visitable, path string) []float32 {
	for _, e := range nn.Entries(l) {
		if e.Path == path {
			return e.Buffer.Data()
		}
	}
	return nil
}

func TestProCoMeansAreOfAnEpoch(t *testing.T) {
	l := proco(t, []int{2, 1}, 2, 0.1)
	at := schedule.Progress{Epochs: 3, Steps: 2}
	see(l, rowsOf(t, 2, 1, 0, 0, 1), []int{0, 0}, at)
	require.Equal(t, []float32{0.5, 0.5, 0, 0}, buffer(l, "now.mean"), "known from the first step on")
	at.Step = 1
	see(l, rowsOf(t, 2, 0, 1, 0, -1), []int{0, 1}, at)
	require.InDeltaSlice(t, []float32{1. / 3, 2. / 3, 0, -1}, buffer(l, "now.mean"), 1e-6)
	require.Equal(t, []float32{3, 1}, buffer(l, "now.count"))
	require.Equal(t, []float32{0, 0}, buffer(l, "next.count"))
	at.Epoch, at.Step = 1, 0
	see(l, rowsOf(t, 2, -1, 0), []int{0}, at)
	require.InDeltaSlice(t, []float32{0, 0.5, 0, -1}, buffer(l, "now.mean"), 1e-6, "the last epoch's, moved on")
	require.InDeltaSlice(t, []float32{-1, 0, 0, 0}, buffer(l, "next.mean"), 1e-6)
	at.Step = 1
	see(l, rowsOf(t, 2, -1, 0), []int{0}, at)
	require.InDeltaSlice(t, []float32{-1, 0, 0, 0}, buffer(l, "now.mean"), 1e-6, "the epoch before is forgotten")
	require.Equal(t, []float32{2, 0}, buffer(l, "now.count"))
}

func TestProCoOnDegenerateInputs(t *testing.T) {
	for _, dim := range []int{2, 128} {
		for _, tau := range []float64{0.1, 1e-4} {
			l := proco(t, []int{9, 2, 1}, dim, tau)
			for range 3 { // the first with nothing known, the others with what came before
				v, stats, _ := run(t, l, tensor.New(0, dim), nil)
				require.Zero(t, v)
				require.Equal(t, loss.Stats{}, stats)
				v, _, g := run(t, l, gradtest.Normal(1, 1, 1, dim), []int{2})
				require.False(t, math.IsNaN(v) || math.IsInf(v, 0))
				finite(t, g)
				x := gradtest.Normal(1, 1, 4, dim)
				clear(x.Data()[dim : 2*dim])
				v, stats, g = run(t, l, x, []int{0, 0, 1, 2})
				require.False(t, math.IsNaN(v) || math.IsInf(v, 0))
				require.Equal(t, loss.Stats{Anchors: 4, ZeroRows: 1}, stats)
				finite(t, g)
				require.Equal(t, make([]float32, dim), g[dim:2*dim])
				see(l, unitTensor(1, 3, dim), []int{0, 0, 1}, schedule.Progress{Steps: 5})
			}
			x := gradtest.Normal(1, 1, 2, dim)
			x.Data()[1] = float32(math.NaN())
			v, _, _ := run(t, l, x, []int{0, 1})
			require.True(t, math.IsNaN(v))
		}
	}
	v, _, g := run(t, proco(t, []int{4}, 3, 0.1), gradtest.Normal(1, 1, 2, 3), []int{0, 0})
	require.Zero(t, v, "one class is always right")
	finite(t, g)
	// Before anything is known the classes differ by their shares alone.
	v, _, _ = run(t, proco(t, []int{3, 1}, 3, 0.1), gradtest.Normal(1, 1, 1, 3), []int{1})
	require.InDelta(t, math.Log(4), v, 1e-6)
}

func TestProCoSettingsAreChecked(t *testing.T) {
	_, err := loss.NewProCo(loss.ProCoSettings{Dim: 3})
	require.EqualError(t, err, "loss: ProCo: 0 classes and embeddings of width 3: needs at least 1 and 2")
	_, err = loss.NewProCo(loss.ProCoSettings{Classes: 3, Dim: 1})
	require.EqualError(t, err, "loss: ProCo: 3 classes and embeddings of width 1: needs at least 1 and 2")
	_, err = loss.NewProCo(loss.ProCoSettings{Classes: 3, Dim: 3, Temperature: -1})
	require.EqualError(t, err, "loss: ProCo: Temperature -1 must be finite and above 0 (0 means the paper's 0.1)")
	require.EqualError(t, (&loss.ProCo{Temperature: 1}).Prepare([]int{1}), "loss: ProCo: has no class means: make it with loss.NewProCo")
	l, err := loss.NewProCo(loss.ProCoSettings{Classes: 3, Dim: 4, Temperature: 1})
	require.NoError(t, err)
	tape := autograd.NewTape(autograd.Mode{})
	forward := func(width int, labels ...int) error {
		return tensor.Try(func() error {
			l.Forward(loss.Input{Embedding: tape.Const(tensor.New(len(labels), width)), Labels: labels, Views: 1})
			return nil
		})
	}
	require.EqualError(t, forward(4, 0), "loss.ProCo: Prepare has not been called")
	require.EqualError(t, l.Prepare([]int{1, 2}), "loss: ProCo: made for 3 classes, there are 2")
	require.NoError(t, l.Prepare([]int{1, 2, 0}))
	require.EqualError(t, forward(5, 0), "loss.ProCo [1 5], [3 4]: embeddings and class means differ in width")
	require.EqualError(t, forward(4, 3), "loss.ProCo [1]: label 3 of row 0 is not one of 3 classes")
	require.EqualError(t, forward(4, 2), "loss.ProCo [1]: label 2 of row 0 is of a class that has no training images by the counts of Prepare")
}
