package posthoc

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/cause"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
)

// Aggregation learns how much each of several experts is to count on images without labels (SADE, arXiv 2107.09249): what is
// predicted of two views of an image should agree, and experts agree with themselves where they know the classes. With x_e and x'_e
// the logits of expert e for the two views and w = softmax(a), it maximizes
//
//	S = (1/R) Σ_i cos( softmax(Σ_e w_e x_e), softmax(Σ_e w_e x'_e) )
//
// by descent in a, from equal weights. The zero value has the authors' settings.
type Aggregation struct {
	Epochs       int        // passes over the images; 0 means 5
	Batch        int        // 0 means 128; all images if there are fewer
	LearningRate float64    // 0 means 0.025
	Optimizer    optim.Rule // nil means SGD of Nesterov momentum 0.9 and weight decay 5e-4
	// Least ends it after an epoch in which an expert weighs less: the others have taken over. 0 means 0.05.
	Least float64
	Seed  uint64 // of the order of the images
}

// Learn returns the weights w, which sum to 1, by the experts' logits [N, C] for two views of the same images.
func (a Aggregation) Learn(ctx context.Context, first, second []*tensor.Tensor) ([]float64, error) {
	if err := cmp.Or(checkExperts("logits of the first view", first), checkExperts("logits of the second view", second)); err != nil {
		return nil, err
	}
	rows := first[0].Dim(0)
	if len(first) != len(second) || !first[0].Shape().Equal(second[0].Shape()) || rows == 0 {
		return nil, fmt.Errorf("posthoc: %d experts with logits %v of one view, and %d with %v of the other: both must be of the same experts and images, of one at least",
			len(first), first[0].Shape(), len(second), second[0].Shape())
	}
	if a.Epochs < 0 || a.Batch < 0 || !(a.LearningRate >= 0) || math.IsInf(a.LearningRate, 0) || !(a.Least >= 0 && a.Least < 1) {
		return nil, fmt.Errorf("posthoc: Aggregation of %d epochs, batch %d, rate %v, Least %v: none may be negative, and Least must be below 1",
			a.Epochs, a.Batch, a.LearningRate, a.Least)
	}
	m := &mixture{autograd.NewParam(tensor.New(len(first)))}
	rule := a.Optimizer
	if rule == nil {
		rule = optim.SGD{Momentum: 0.9, Nesterov: true, WeightDecay: 5e-4}
	}
	params := nn.Params(m)
	optimizer, err := rule.New(params)
	if err != nil {
		return nil, fmt.Errorf("posthoc: Aggregation.Optimizer: %w", err)
	}
	step := train.Step{Params: params, Optimizer: optimizer, Tape: autograd.NewTape(autograd.Mode{})}
	batch := min(cmp.Or(a.Batch, 128), rows)
	for epoch := range cmp.Or(a.Epochs, 5) {
		order := rand.New(rand.NewPCG(a.Seed, uint64(epoch))).Perm(rows)
		for from := 0; from < rows; from += batch {
			if err := cause.Err(ctx); err != nil {
				return nil, err
			}
			some := order[from:min(from+batch, rows)]
			_, _, err := step.Take(cmp.Or(a.LearningRate, 0.025), autograd.Mode{Train: true}, func(t *autograd.Tape) (*autograd.Var, error) {
				return autograd.Scale(agreement(t.Param(m.scores), first, second, some), -1), nil
			})
			if err != nil {
				return nil, fmt.Errorf("posthoc: Aggregation, epoch %d: %w", epoch, err)
			}
		}
		if least := minOf(m.weights()); least < cmp.Or(a.Least, 0.05) {
			break
		}
	}
	return m.weights(), nil
}

// mixture holds a.
type mixture struct{ scores *autograd.Param }

// Visit shows a.
func (m *mixture) Visit(v nn.Visitor) { v.Param("scores", m.scores) }

// weights is the softmax of a.
func (m *mixture) weights() []float64 { return softmax64(m.scores.Value.Data()) }

func softmax64(x []float32) []float64 {
	top, sum := math.Inf(-1), 0.0
	for _, v := range x {
		top = max(top, float64(v))
	}
	p := make([]float64, len(x))
	for i, v := range x {
		p[i] = math.Exp(float64(v) - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

func minOf(v []float64) float64 {
	least := v[0]
	for _, x := range v {
		least = min(least, x)
	}
	return least
}

// agreement is S of some rows, of one at least, a function of a.
func agreement(a *autograd.Var, first, second []*tensor.Tensor, rows []int) *autograd.Var {
	w, classes := softmax64(a.Data()), first[0].Dim(1)
	total, dw := 0.0, make([]float64, len(w))
	z := make([]float32, classes)
	mixed := func(of []*tensor.Tensor, r int) []float64 {
		for c := range z {
			sum := 0.0
			for e, x := range of {
				sum += w[e] * float64(x.Data()[r*classes+c])
			}
			z[c] = float32(sum)
		}
		return softmax64(z)
	}
	for _, r := range rows {
		p, q := mixed(first, r), mixed(second, r)
		pq, pp, qq := 0.0, 0.0, 0.0
		for c := range p {
			pq, pp, qq = pq+p[c]*q[c], pp+p[c]*p[c], qq+q[c]*q[c]
		}
		norm := math.Sqrt(pp * qq)
		total += pq / norm
		for _, side := range []struct {
			of     []*tensor.Tensor
			own    []float64
			other  []float64
			square float64
		}{{first, p, q, pp}, {second, q, p, qq}} {
			slope, mean := make([]float64, classes), 0.0 // ∂cos/∂own, and its mean under own
			for c, v := range side.own {
				slope[c] = side.other[c]/norm - pq/norm*v/side.square
				mean += slope[c] * v
			}
			for c, v := range side.own {
				dz := v * (slope[c] - mean)
				for e, x := range side.of {
					dw[e] += dz * float64(x.Data()[r*classes+c])
				}
			}
		}
	}
	n := float64(len(rows))
	y := a.Tape().Tensor()
	y.Data()[0] = float32(total / n)
	return autograd.Op("posthoc.agreement", y, []*autograd.Var{a}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		mean := 0.0
		for e, d := range dw {
			mean += w[e] * d
		}
		for e, d := range dw {
			gx[0].Data()[e] += float32(float64(gy.Item()) / n * w[e] * (d - mean))
		}
	})
}
