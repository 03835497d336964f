package posthoc

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/tensor"
)

// RouterSettings are those of Retrain.Router; the zero value is the authors'.
type RouterSettings struct {
	Hidden int // width of the layer that reads features; 0 means 16
	Top    int // how many of the largest logits it sees; 0 means 5, or all if there are fewer
	// Scale multiplies logits; 0 means 30, divided by the head's Scale if it is an nn.Cosine; 1 suits a linear classifier.
	Scale float64
	// Positive is the weight of images that a further expert helps, of which there are few; 0 means 20.
	Positive float64
}

// Router says of each image how many of the experts are to be asked (RIDE, arXiv 2010.01809): after each expert a small network looks
// at its features, scaled to length one, and at the largest logits of the mean so far, and asks the next if that is likely to put
// a wrong prediction right. The prediction is the mean of those asked. It is no part of a network or of its model file.
type Router struct {
	head    nn.Ensemble
	experts int
	s       RouterSettings
	hidden  []*nn.Linear // of each expert but the last
	out     *nn.Linear   // one for all
}

// Router trains one on the features [N, experts·F] of a trained network, as Retrain says but for Sampler, of which nil means
// sampler.Instance: the others stay as they are. It learns where the mean of the first experts is wrong and that of some more is right, by
// binary cross-entropy. Retrain's Loss must be nil.
func (r Retrain) Router(ctx context.Context, head nn.Ensemble, experts int, trainSet Set, s RouterSettings) (*Router, error) {
	if err := trainSet.check(); err != nil {
		return nil, err
	}
	if r.Loss != nil {
		return nil, fmt.Errorf("posthoc: Router: Retrain.Loss is set, and routers have one of their own: leave it nil")
	}
	if s.Hidden < 0 || s.Top < 0 || !(s.Scale >= 0) || math.IsInf(s.Scale, 0) || !(s.Positive >= 0) || math.IsInf(s.Positive, 0) {
		return nil, fmt.Errorf("posthoc: %+v: none may be negative, and all must be finite", s)
	}
	if experts > 16 {
		return nil, fmt.Errorf("posthoc: %d experts: routers are for 16 at most", experts)
	}
	logits, err := ExpertLogits(head, trainSet.Features, experts)
	if err != nil {
		return nil, err
	}
	classes := logits[0].Dim(1)
	if classes != trainSet.Classes {
		return nil, fmt.Errorf("posthoc: a head of %d classes for a set of %d: both must have the same", classes, trainSet.Classes)
	}
	scale := 30.0
	if c, ok := head.(*nn.Cosine); ok {
		scale /= cmp.Or(c.Scale, 1)
	}
	s = RouterSettings{cmp.Or(s.Hidden, 16), min(cmp.Or(s.Top, 5), classes), cmp.Or(s.Scale, scale), cmp.Or(s.Positive, 20)}
	width := trainSet.Features.Dim(1) / experts
	t, rng := &Router{head: head, experts: experts, s: s}, rand.New(rand.NewPCG(r.Seed, 0x726f75746572))
	for range experts - 1 {
		t.hidden = append(t.hidden, nn.NewLinear(nn.LinearSettings{In: width, Out: s.Hidden, Rand: rng}))
	}
	t.out = nn.NewLinear(nn.LinearSettings{In: s.Hidden + s.Top, Out: 1, Rand: rng})

	// What routers are to say of an image is a label of as many bits.
	inputs := Set{Features: t.inputs(trainSet.Features, logits), Labels: make([]int, len(trainSet.Labels)), Classes: 1 << (experts - 1)}
	for i, y := range trainSet.Labels {
		right := make([]bool, experts) // the mean of so many
		sum := make([]float32, classes)
		for e, x := range logits {
			for c, v := range x.Data()[i*classes : (i+1)*classes] {
				sum[c] += v
			}
			right[e] = slices.Index(sum, slices.Max(sum)) == y
		}
		inputs.Labels[i] = askAfter(right)
	}
	if r.Sampler == nil {
		r.Sampler = sampler.Instance{}
	}
	r.Loss = asked{s.Positive}
	if err := r.fit(ctx, t, t.forward, inputs); err != nil {
		return nil, fmt.Errorf("posthoc: Router: %w", err)
	}
	return t, nil
}

// askAfter has bit e where the mean of the experts up to e is wrong, and that of some more is right.
func askAfter(right []bool) (bits int) {
	for e, ok := range right {
		if !ok && slices.Contains(right[e:], true) {
			bits |= 1 << e
		}
	}
	return bits
}

// Visit shows the weights.
func (t *Router) Visit(v nn.Visitor) {
	for e, l := range t.hidden {
		v.Sub(fmt.Sprintf("hidden.%d", e), l)
	}
	v.Sub("out", t.out)
}

// inputs are what the routers see: of each the unit features of its expert and the largest logits of the mean up to it.
func (t *Router) inputs(features *tensor.Tensor, logits []*tensor.Tensor) *tensor.Tensor {
	rows, width, classes := features.Dim(0), features.Dim(1)/t.experts, logits[0].Dim(1)
	x := tensor.New(rows, (t.experts-1)*(width+t.s.Top))
	sum := make([]float32, classes)
	for i := range rows {
		clear(sum)
		to := x.Rows(i, i+1).Data()
		for e := range t.experts - 1 {
			f := features.Rows(i, i+1).Data()[e*width : (e+1)*width]
			length := max(norm(f), 1e-12)
			for k, v := range f {
				to[k] = float32(float64(v) / length)
			}
			for c, v := range logits[e].Data()[i*classes : (i+1)*classes] {
				sum[c] += v
			}
			top := slices.Clone(sum)
			slices.SortFunc(top, func(a, b float32) int { return cmp.Compare(b, a) })
			for k, v := range top[:t.s.Top] {
				to[width+k] = float32(t.s.Scale * float64(v) / float64(e+1))
			}
			to = to[width+t.s.Top:]
		}
	}
	return x
}

// forward returns the routers' logits [R, experts−1] of inputs.
func (t *Router) forward(x *autograd.Var) *autograd.Var {
	each := x.Dim(1) / (t.experts - 1)
	width := each - t.s.Top
	var all []*autograd.Var
	for e, l := range t.hidden {
		f := part(x, e*each, e*each+width)
		all = append(all, t.out.Forward(autograd.Columns(nn.ReLU(l.Forward(f)), part(x, e*each+width, (e+1)*each))))
	}
	return autograd.Columns(all...)
}

// part returns columns from ≤ i < to of inputs, which take no gradient.
func part(x *autograd.Var, from, to int) *autograd.Var {
	y := x.Tape().Scratch(x.Dim(0), to-from)
	for r := range x.Dim(0) {
		copy(y.Rows(r, r+1).Data(), x.Data()[r*x.Dim(1)+from:])
	}
	return x.Tape().Const(y)
}

// Routed is what a Router makes of images.
type Routed struct {
	Scores *tensor.Tensor // [N, C], the mean logits of the experts that were asked
	Used   []int          // how many that were, of each image
	Mean   float64        // of Used
}

// Route predicts by as many experts as each row of features [N, experts·F] needs.
func (t *Router) Route(features *tensor.Tensor) (Routed, error) {
	logits, err := ExpertLogits(t.head, features, t.experts)
	if err != nil {
		return Routed{}, err
	}
	var says *tensor.Tensor
	err = tensor.Try(func() error {
		tape := autograd.NewTape(autograd.Mode{NoGrad: true})
		says = t.forward(tape.Const(t.inputs(features, logits))).Value().Clone()
		return nil
	})
	if err != nil {
		return Routed{}, err
	}
	rows, classes := features.Dim(0), logits[0].Dim(1)
	out := Routed{Scores: tensor.New(rows, classes), Used: make([]int, rows)}
	for i := range rows {
		used := 1
		for used < t.experts && says.Data()[i*(t.experts-1)+used-1] > 0 {
			used++
		}
		for _, x := range logits[:used] {
			for c, v := range x.Data()[i*classes : (i+1)*classes] {
				out.Scores.Data()[i*classes+c] += v / float32(used)
			}
		}
		out.Used[i], out.Mean = used, out.Mean+float64(used)
	}
	out.Mean /= float64(max(rows, 1))
	return out, nil
}

// asked is binary cross-entropy of each router's logits with a bit of the label, averaged over the routers; that of a bit of 1 counts
// positive times.
type asked struct{ positive float64 }

// Needs asks for logits.
func (asked) Needs() loss.Needs { return loss.Needs{Logits: true} }

// Forward returns the loss.
func (l asked) Forward(in loss.Input) (*autograd.Var, loss.Stats) {
	x := in.Logits
	rows, routers := x.Dim(0), x.Dim(1)
	grad, sum := make([]float64, rows*routers), 0.0
	for i, v := range x.Data() {
		z, share := float64(v), 1.0/float64(rows*routers)
		if in.Labels[i/routers]>>(i%routers)&1 == 1 {
			z, share = -z, -l.positive*share
		}
		sum += math.Abs(share) * (max(z, 0) + math.Log1p(math.Exp(-math.Abs(z)))) // log(1 + e^z)
		grad[i] = share / (1 + math.Exp(-z))
	}
	y := x.Tape().Tensor()
	y.Data()[0] = float32(sum)
	return autograd.Op("posthoc.asked", y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		for i, g := range grad {
			gx[0].Data()[i] += float32(float64(gy.Item()) * g)
		}
	}), loss.Stats{Anchors: rows}
}
