package train_test

import (
	"context"
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset/features"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// softmaxGradient is that of weighted cross-entropy of a linear classifier, in float64: w is [classes][width+1], the bias last.
func softmaxGradient(w [][]float64, rows [][]float32, labels []int, weight func(label int) float64) [][]float64 {
	g := make([][]float64, len(w))
	for c := range w {
		g[c] = make([]float64, len(w[c]))
	}
	for i, row := range rows {
		x, sum := make([]float64, len(w)), 0.0
		for c := range w {
			x[c] = w[c][len(row)]
			for k, v := range row {
				x[c] += w[c][k] * float64(v)
			}
			x[c] = math.Exp(x[c])
			sum += x[c]
		}
		for c := range w {
			d := x[c] / sum
			if c == labels[i] {
				d--
			}
			d *= weight(labels[i]) / float64(len(rows))
			for k, v := range row {
				g[c][k] += d * float64(v)
			}
			g[c][len(row)] += d
		}
	}
	return g
}

func normOf(g [][]float64) float64 {
	sum := 0.0
	for _, r := range g {
		for _, v := range r {
			sum += v * v
		}
	}
	return math.Sqrt(sum)
}

// plus returns a + s·b.
func plus(a [][]float64, s float64, b [][]float64) [][]float64 {
	y := make([][]float64, len(a))
	for c := range a {
		y[c] = make([]float64, len(a[c]))
		for k := range a[c] {
			y[c][k] = a[c][k] + s*b[c][k]
		}
	}
	return y
}

// Steps of SAM and of ImbSAM, with accumulation, clipping and momentum, once more in float64.
func TestStepsAtADistanceAgainstPlainDescent(t *testing.T) {
	rows := [][]float32{{1, 0.5}, {0.2, -1}, {-0.7, 0.3}, {0.9, 1.1}, {-1.2, -0.4}, {0.1, 0.8}, {0.6, -0.2}, {-0.3, 0.4}}
	labels := []int{0, 1, 2, 0, 2, 1, 0, 0}
	set, err := features.FromRows(rows, labels, []string{"a", "b", "c"})
	require.NoError(t, err)
	all, head, tail := func(int) float64 { return 1 }, func(y int) float64 { return []float64{1, 0, 0}[y] }, func(y int) float64 { return []float64{0, 1, 1}[y] }
	sam := []hybrid.Term{{Name: "ce", Loss: &loss.CrossEntropy{}, Rho: 0.3}}
	imb := []hybrid.Term{{Name: "head", Loss: &loss.CrossEntropy{Weights: []float64{1, 0, 0}, Reduction: loss.Mean}},
		{Name: "tail", Loss: &loss.CrossEntropy{Weights: []float64{0, 1, 1}, Reduction: loss.Mean}, Rho: 0.3}}
	for _, c := range []struct {
		terms              []hybrid.Term
		steep, plain       func(int) float64
		passes, accumulate int
		clip               float64
	}{{sam, all, nil, 2, 1, 0}, {sam, all, nil, 2, 2, 0.2}, {imb, tail, head, 3, 1, 0}, {imb, tail, head, 3, 2, 0.2}} {
		body, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{2}})
		require.NoError(t, err)
		n, err := hybrid.NewNetwork(body, 3, hybrid.WithFeatures(2), hybrid.WithoutProjection(), hybrid.WithSeed(4))
		require.NoError(t, err)
		classifier := n.Classifier.(*nn.Linear)
		w := make([][]float64, 3)
		for k := range w {
			for _, v := range classifier.Weight.Value.Rows(k, k+1).Data() {
				w[k] = append(w[k], float64(v))
			}
			w[k] = append(w[k], float64(classifier.Bias.Value.Data()[k]))
		}
		tr := train.Trainer{Streams: hybrid.Streams{ordered(c.terms...)}, Epochs: 3, Batch: 4 / c.accumulate, Accumulate: c.accumulate,
			ClipNorm: c.clip, LearningRate: schedule.Constant(0.5), Optimizer: optim.SGD{Momentum: 0.9}}
		var norms []float64
		tr.OnStep = func(s train.StepReport) error { norms = append(norms, s.GradNorm); return nil }
		r := fit(t, tr, n, set, nil)
		require.Equal(t, 3*8*c.passes, r.Images, "every pass is counted")
		require.Equal(t, c.passes, tr.Streams.Passes())

		momentum, each, step := plus(w, -1, w), 4/c.accumulate, 0
		for range 3 {
			for from := 0; from < 8; from += 4 {
				g := plus(w, -1, w)
				for b := from; b < from+4; b += each { // a batch climbs by its own gradient
					rows, labels := rows[b:b+each], labels[b:b+each]
					up := softmaxGradient(w, rows, labels, c.steep)
					at := w
					if n := normOf(up); n > 0 {
						at = plus(w, 0.3/n, up)
					}
					g = plus(g, 1/float64(c.accumulate), softmaxGradient(at, rows, labels, c.steep))
					if c.plain != nil {
						g = plus(g, 1/float64(c.accumulate), softmaxGradient(w, rows, labels, c.plain))
					}
				}
				require.InDelta(t, normOf(g), norms[step], 1e-5)
				step++
				if n := normOf(g); c.clip > 0 && n > c.clip {
					g = plus(plus(g, -1, g), c.clip/(n+1e-6), g)
				}
				momentum = plus(g, 0.9, momentum)
				w = plus(w, -0.5, momentum)
			}
		}
		for k := range w {
			for i, v := range append(append([]float32{}, classifier.Weight.Value.Rows(k, k+1).Data()...), classifier.Bias.Value.Data()[k]) {
				require.InDelta(t, w[k][i], float64(v), 1e-5)
			}
		}
	}
}

// Reports tell of the losses at the weights, as without Rho; keys, queues and running statistics take one batch a step.
func TestAClimbIsNotReported(t *testing.T) {
	trainSet, test := generated(t, 9)
	ends := map[float64]*train.Result{}
	for _, rho := range []float64{0, 1e-9} {
		n := mlp(t)
		tr := train.Trainer{Streams: hybrid.PSC(0.5), Epochs: 2, Batch: 4, Accumulate: 2, Seed: 3, LearningRate: schedule.Constant(0.05)}
		for i := range tr.Streams {
			tr.Streams[i].Terms[0].Rho = rho
		}
		ends[rho] = fit(t, tr, n, trainSet, test)
	}
	for i, e := range ends[0].Epochs {
		got := ends[1e-9].Epochs[i]
		require.Equal(t, 2*e.Images, got.Images)
		require.InDelta(t, e.Total, got.Total, 1e-4)
		for k, l := range e.Losses {
			require.InDelta(t, l.Value, got.Losses[k].Value, 1e-4)
			require.Equal(t, l.Anchors, got.Losses[k].Anchors)
		}
	}
}

// A loss that is not finite, or fails, up there leaves the weights bit for bit.
func TestAClimbThatFailsLeavesTheWeights(t *testing.T) {
	trainSet, _ := generated(t, 9)
	for want, fails := range map[string]func(x *autograd.Var) *autograd.Var{
		"not finite": func(x *autograd.Var) *autograd.Var { return autograd.Scale(x, math.NaN()) },
		"up there":   func(*autograd.Var) *autograd.Var { panic(&tensor.Error{Op: "loss", Detail: "up there"}) },
	} {
		n, calls := mlp(t), 0
		before := state(n, nil)
		l := loss.Func(func(x *autograd.Var, _ []int) *autograd.Var {
			if calls++; calls == 2 {
				x = fails(x)
			}
			return autograd.Mean(autograd.Mul(x, x))
		})
		tr := short()
		tr.Streams = hybrid.Streams{ordered(hybrid.Term{Name: "l", Loss: l, Rho: 0.5})}
		_, err := tr.Fit(context.Background(), n, trainSet, nil)
		require.ErrorContains(t, err, want)
		require.Equal(t, before, state(n, nil))
	}
	n := mlp(t) // nothing to climb
	before := state(n, nil)
	tr := short()
	flat := loss.Func(func(x *autograd.Var, _ []int) *autograd.Var { return autograd.Scale(autograd.Mean(x), 0) })
	tr.Streams, tr.Optimizer = hybrid.Streams{ordered(hybrid.Term{Name: "flat", Loss: flat, Rho: 0.5})}, optim.SGD{}
	fit(t, tr, n, trainSet, nil)
	require.Equal(t, before, state(n, nil))
}

func TestRhoIsChecked(t *testing.T) {
	trainSet, _ := generated(t, 9)
	for want, rhos := range map[string][2]float64{
		`term "a": Rho is -1: it must be finite`:              {-1, 0},
		`term "b": Rho is NaN`:                                {0, math.NaN()},
		`term "b": Rho is +Inf`:                               {0.1, math.Inf(1)},
		`terms "a" and "b" have a Rho of 0.1 and 0.2: a step`: {0.1, 0.2},
	} {
		tr := short()
		tr.Streams = hybrid.Streams{ordered(hybrid.Term{Name: "a", Loss: &loss.CrossEntropy{}, Rho: rhos[0]},
			hybrid.Term{Name: "b", Loss: &loss.CrossEntropy{}, Rho: rhos[1]})}
		_, err := tr.Fit(context.Background(), mlp(t), trainSet, nil)
		require.ErrorContains(t, err, want)
	}
}

// Step climbs in loops of one's own too.
func TestStepWithRho(t *testing.T) {
	p := autograd.NewParam(tensor.Scalar(3))
	params := []nn.Entry{{Path: "p", Param: p}}
	o, err := optim.SGD{}.New(params)
	require.NoError(t, err)
	step := train.Step{Params: params, Optimizer: o, Tape: autograd.NewTape(autograd.Mode{}), Rho: 0.5}
	value, norm, err := step.Take(0.1, autograd.Mode{}, func(t *autograd.Tape) (*autograd.Var, error) {
		return autograd.Mul(t.Param(p), t.Param(p)), nil
	})
	require.NoError(t, err)
	require.InDelta(t, 9, value, 1e-6)
	require.InDelta(t, 7, norm, 1e-6, "2·(3 + 0.5)")
	require.InDelta(t, 3-0.7, float64(p.Value.Item()), 1e-6)
}
