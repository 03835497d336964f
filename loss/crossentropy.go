package loss

import (
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

// Reduction says how the losses of the rows become one.
type Reduction int

const (
	// WeightedMean divides the sum by the sum of the rows' class weights, as PyTorch does. Without weights it is Mean.
	WeightedMean Reduction = iota
	// Mean divides the sum by the number of rows.
	Mean
	// Sum is the sum.
	Sum
)

// CrossEntropy is −Σ_c t_c log softmax(x)_c of logits x and the target t, one-hot unless Smoothing or Input.Mix spread
// it. The zero value is plain cross-entropy, the mean over the rows.
type CrossEntropy struct {
	// Weights of the classes; nil: all 1.
	Weights []float64
	// Smoothing moves this share of the target to all classes alike (arXiv 1512.00567); in [0, 1).
	Smoothing float64
	// Reduction over the rows.
	Reduction Reduction
}

// Needs asks for logits.
func (c *CrossEntropy) Needs() Needs { return Needs{Logits: true} }

// Prepare checks the settings.
func (c *CrossEntropy) Prepare(classCounts []int) error {
	if err := checkWeights("cross-entropy", c.Weights, len(classCounts)); err != nil {
		return err
	}
	if !(c.Smoothing >= 0 && c.Smoothing < 1) {
		return fmt.Errorf("loss: cross-entropy: smoothing %v must be in [0, 1)", c.Smoothing)
	}
	if c.Reduction < WeightedMean || c.Reduction > Sum {
		return fmt.Errorf("loss: cross-entropy: reduction %d is not WeightedMean, Mean or Sum", c.Reduction)
	}
	return nil
}

// Forward returns the loss. No rows give 0.
func (c *CrossEntropy) Forward(in Input) (*autograd.Var, Stats) {
	const op = "loss.CrossEntropy"
	classes := checkLogits(op, in)
	mustPrepare(op, c.Prepare(make([]int, classes)))

	x, rows := in.Logits, len(in.Labels)
	logp := x.Tape().Tensor(rows, classes)
	kernels.LogSoftmaxRows(logp.Data(), x.Data(), rows, classes)
	target := make([]float64, classes)
	sum, weight := 0.0, 0.0
	for r := range rows {
		weight += c.target(target, in, r)
		for j, t := range target {
			if t != 0 { // 0·log 0 is 0
				sum -= t * float64(logp.Data()[r*classes+j])
			}
		}
	}
	divisor := c.Reduction.divisor(rows, weight)
	y := x.Tape().Tensor()
	y.Data()[0] = float32(sum / divisor)
	return autograd.Op(op, y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		g := float64(gy.Item()) / divisor
		for r := range rows {
			c.target(target, in, r)
			total := 0.0
			for _, t := range target {
				total += t
			}
			dx := gx[0].Data()[r*classes : (r+1)*classes]
			for j, t := range target {
				dx[j] += float32(g * (total*math.Exp(float64(logp.Data()[r*classes+j])) - t))
			}
		}
	}), Stats{Anchors: rows}
}

// target writes the weighted target distribution of row r and returns the row's weight in a weighted mean.
func (c *CrossEntropy) target(t []float64, in Input, r int) (weight float64) {
	clear(t)
	blend := func(label int, share float64) {
		w := 1.0
		if c.Weights != nil {
			w = c.Weights[label]
		}
		weight += share * w
		t[label] += share * w * (1 - c.Smoothing)
		if c.Smoothing == 0 {
			return
		}
		for j := range t {
			w := 1.0
			if c.Weights != nil {
				w = c.Weights[j]
			}
			t[j] += share * w * c.Smoothing / float64(len(t))
		}
	}
	first := 1.0
	if in.Mix != nil {
		first = float64(in.Mix.Weight[r])
		blend(in.Mix.Labels[r], 1-first)
	}
	blend(in.Labels[r], first)
	return weight
}
