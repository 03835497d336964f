package nn

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

// BatchNorm2d normalises each channel (the last dimension) over all others (arXiv 1502.03167): with the batch's mean and
// variance when the tape trains, with the running ones otherwise and when they are frozen (see FreezeStatistics). It takes
// [N, H, W, C] and [R, C] alike.
//
// In training the running statistics move at Tape.Commit, by Momentum towards the batch's mean and unbiased variance;
// a batch with one value a channel has no variance and leaves the running one as it is. With Mode.Sum of the tape the batch is that of
// all ranks.
type BatchNorm2d struct {
	Weight, Bias     *autograd.Param // [C]
	RunningMean      *tensor.Tensor  // [C]
	RunningVar       *tensor.Tensor  // [C]
	Epsilon          float64         // added to the variance; 0 means 1e-5
	Momentum         float64         // share of the batch in the running statistics; 0 means 0.1
	NoRunningUpdates bool            // normalise by the batch, but keep the running statistics as they are

	frozen bool // the running statistics: use them in training too, and keep them
}

// NewBatchNorm2d returns the identity on normalised input: weight 1, bias 0, running mean 0 and variance 1.
func NewBatchNorm2d(channels int) *BatchNorm2d {
	checkSizes("nn.NewBatchNorm2d", "channels", 0, channels)
	b := &BatchNorm2d{
		Weight: autograd.NewParam(tensor.New(channels)), Bias: autograd.NewParam(tensor.New(channels)),
		RunningMean: tensor.New(channels), RunningVar: tensor.New(channels),
	}
	for i := range channels {
		b.Weight.Value.Data()[i], b.RunningVar.Data()[i] = 1, 1
	}
	return b
}

// Forward normalises x.
func (b *BatchNorm2d) Forward(x *autograd.Var) *autograd.Var {
	t := x.Tape()
	gamma, beta := b.params("nn.BatchNorm2d", t, x.Shape())
	s := b.normalization(t, x.Value().Len()/max(len(gamma.Data()), 1), gamma.Data(), beta.Data(), func(sum, sumsq []float64) {
		kernels.ChannelSums(x.Data(), x.Value().Len()/max(len(sum), 1), len(sum), sum, sumsq)
	})
	y := t.Scratch(x.Shape()...)
	kernels.ScaleShift(y.Data(), x.Data(), s.scale, s.shift, nil, s.rows, s.c, false)
	return autograd.OpInto("nn.BatchNorm2d", y, []*autograd.Var{x, gamma, beta}, -1, 0, func(gy *tensor.Tensor, gx []*tensor.Tensor, add bool) {
		norm := s.backward(gy, nil, x.Value(), false, false, gx[1], gx[2])
		switch {
		case gx[0] == nil:
		case add:
			norm.GradInput(gy.Data(), gy.Data(), x.Data(), s.rows, s.c)
			kernels.AddScaled(gx[0].Data(), 1, gy.Data())
		default:
			norm.GradInput(gx[0].Data(), gy.Data(), x.Data(), s.rows, s.c)
		}
	}).Describe(func() autograd.Attributes { return b.attributes(t) })
}

// attributes are those of evaluation.
func (b *BatchNorm2d) attributes(t *autograd.Tape) autograd.Attributes {
	return autograd.Attributes{"mean": t.Buffer(b.RunningMean), "variance": t.Buffer(b.RunningVar), "epsilon": b.epsilon()}
}

func (b *BatchNorm2d) epsilon() float64 { return cmp.Or(b.Epsilon, 1e-5) }

// Visit shows weight, bias and the running statistics.
func (b *BatchNorm2d) Visit(v Visitor) {
	v.Param("weight", b.Weight)
	v.Param("bias", b.Bias)
	v.Statistics("running_mean", b.RunningMean, &b.frozen)
	v.Statistics("running_var", b.RunningVar, &b.frozen)
}

// usesBatch reports whether the statistics of a step are the batch's.
func (b *BatchNorm2d) usesBatch(t *autograd.Tape) bool { return t.Mode().Train && !b.frozen }

func (b *BatchNorm2d) params(op string, t *autograd.Tape, x tensor.Shape) (gamma, beta *autograd.Var) {
	gamma, beta = t.Param(b.Weight), t.Param(b.Bias)
	if !(b.Epsilon >= 0) || !(b.Momentum >= 0 && b.Momentum <= 1) {
		panic(&tensor.Error{Op: op, Path: autograd.Path(gamma), Detail: fmt.Sprintf("epsilon %v must not be negative, momentum %v must be in [0, 1]", b.Epsilon, b.Momentum)})
	}
	if c := b.Weight.Value.Len(); len(x) < 2 || x[len(x)-1] != c {
		panic(&tensor.Error{Op: op, Path: autograd.Path(gamma), Shapes: []tensor.Shape{x, gamma.Shape()}, Detail: "channels and weight [C] differ"})
	}
	for _, shape := range []tensor.Shape{beta.Shape(), b.RunningMean.Shape(), b.RunningVar.Shape()} {
		if !shape.Equal(gamma.Shape()) {
			panic(&tensor.Error{Op: op, Path: autograd.Path(gamma), Shapes: []tensor.Shape{gamma.Shape(), shape},
				Detail: "bias and running statistics must be [C] as the weight is"})
		}
	}
	return gamma, beta
}

// normalization is batch norm as y = x·scale + shift, and what its backward pass needs.
type normalization struct {
	tape         *autograd.Tape // lends the memory
	rows, c      int
	scale, shift []float32
	mean         []float32
	invStd       []float64
	batch        bool                  // the statistics are the batch's, so gradients flow through them
	all          int                   // the rows of the batch: those of all ranks with Mode.Sum
	sum          func([]float64) error // Mode.Sum
	grad         kernels.Norm          // of backward
}

// normalization makes the statistics; if they are the batch's, sums gives the sums and sums of squares of rows values a
// channel.
func (b *BatchNorm2d) normalization(t *autograd.Tape, rows int, gamma, beta []float32, sums func(sum, sumsq []float64)) *normalization {
	c := len(gamma)
	s := &autograd.Lend[normalization](t, 1)[0]
	*s = normalization{rows: rows, all: rows, sum: t.Mode().Sum, c: c, batch: b.usesBatch(t), tape: t,
		scale: t.Floats(c), shift: t.Floats(c), mean: t.Floats(c), invStd: t.Float64s(c)}
	epsilon := b.epsilon()
	var mean, variance []float64
	if s.batch {
		both := t.Pending(2*c + 1) // update reads them after the step
		mean, variance = both[:c:c], both[c:2*c]
		sums(mean, variance)
		both[2*c] = float64(rows)
		s.sumRanks(both)
		s.all = int(both[2*c])
		n := float64(max(s.all, 1))
		for i := range c {
			mean[i] /= n
			variance[i] = variance[i]/n - mean[i]*mean[i]
			if variance[i] < 0 { // rounding; NaN stays
				variance[i] = 0
			}
		}
		b.update(t, both)
	} else {
		mean, variance = t.Float64s(c), t.Float64s(c)
		runningMean, runningVar := t.Buffer(b.RunningMean).Data(), t.Buffer(b.RunningVar).Data()
		for i := range c {
			mean[i], variance[i] = float64(runningMean[i]), float64(runningVar[i])
		}
	}
	for i := range c {
		s.invStd[i] = 1 / math.Sqrt(variance[i]+epsilon)
		scale := float64(gamma[i]) * s.invStd[i]
		s.mean[i], s.scale[i] = float32(mean[i]), float32(scale)
		s.shift[i] = float32(float64(beta[i]) - mean[i]*scale)
	}
	return s
}

// affine is the scale and the shift of evaluation, made once where the weights are fixed.
func (b *BatchNorm2d) affine(t *autograd.Tape, gamma, beta []float32) (scale, shift []float32) {
	type form struct {
		of      *BatchNorm2d
		epsilon float64
	}
	w := t.Mode().Weights
	if w.Of(b.Bias.Value) != nil && w.Of(b.RunningMean) != nil && w.Of(b.RunningVar) != nil { // else they are not fixed
		kept, ok := t.Kept(b.Weight, form{b, b.epsilon()}, func(*tensor.Tensor) any {
			s := b.normalization(t, 0, gamma, beta, nil)
			return [2][]float32{slices.Clone(s.scale), slices.Clone(s.shift)}
		}).([2][]float32)
		if ok {
			return kept[0], kept[1]
		}
	}
	s := b.normalization(t, 0, gamma, beta, nil)
	return s.scale, s.shift
}

// sumRanks makes x the sum over ranks, if there are others.
func (s *normalization) sumRanks(x []float64) {
	if s.sum != nil {
		if err := s.sum(x); err != nil {
			panic(&tensor.Error{Op: "nn.BatchNorm2d", Detail: "the statistics of all ranks: " + err.Error()})
		}
	}
}

// update moves the running statistics after the step, towards the means and then variances in both, of the number of rows that is last.
func (b *BatchNorm2d) update(t *autograd.Tape, both []float64) {
	if b.NoRunningUpdates || both[len(both)-1] == 0 {
		return
	}
	t.AfterStep(func() {
		m, c, rows := cmp.Or(b.Momentum, 0.1), b.RunningMean.Len(), both[len(both)-1]
		for i := range c {
			rm, rv := &b.RunningMean.Data()[i], &b.RunningVar.Data()[i]
			*rm = float32((1-m)*float64(*rm) + m*both[i])
			if rows > 1 {
				*rv = float32((1-m)*float64(*rv) + m*both[c+i]*rows/(rows-1))
			}
		}
	})
}

// backward adds the gradients of weight and bias, which may be nil, and returns how to make that of the input x. It masks
// gy in place where relu, the output of a ReLU, is not positive, unless it is nil. With masked there was a ReLU and
// nothing between: x, which is packed if so said, tells where it let gy through.
func (s *normalization) backward(gy, relu, x *tensor.Tensor, packed, masked bool, dgamma, dbeta *tensor.Tensor) *kernels.Norm {
	n := &s.grad
	*n = kernels.Norm{Mean: s.mean, K1: s.scale, K2: s.tape.Floats(s.c), K3: s.tape.Floats(s.c)}
	if masked {
		n.Scale, n.Shift = s.scale, s.shift
	}
	var y []float32 // packed as x is
	if relu != nil {
		y = relu.Data()
	}
	if !s.batch && dgamma == nil && dbeta == nil && y == nil {
		return n // a fixed scale and shift
	}
	both := s.tape.Float64s(2 * s.c)
	sumG, sumGX := both[:s.c], both[s.c:]
	gradSums := kernels.BatchNormGradSums
	if packed {
		gradSums = kernels.BatchNormGradSumsPacked
	}
	gradSums(gy.Data(), y, x.Data(), s.mean, n.Scale, n.Shift, s.rows, s.c, sumG, sumGX)
	for i := range s.c {
		if dgamma != nil {
			dgamma.Data()[i] += float32(sumGX[i] * s.invStd[i])
		}
		if dbeta != nil {
			dbeta.Data()[i] += float32(sumG[i])
		}
	}
	if s.batch { // the gradient of weight and bias is this rank's, that of x has those of all rows in it
		s.sumRanks(both)
		for i := range s.c {
			k := float64(s.scale[i]) / float64(max(s.all, 1))
			n.K2[i] = float32(-k * s.invStd[i] * s.invStd[i] * sumGX[i])
			n.K3[i] = float32(-k * sumG[i])
		}
	}
	return n
}
