package optim

import (
	"cmp"
	"errors"
	"math"

	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// Adam (arXiv 1412.6980) as torch.optim.Adam computes it, without AMSGrad: WeightDecay is an L2 penalty, added to the
// gradient before the averages. With m and v the moving averages of the gradient and its square, and t the number of
// steps the parameter has taken:
//
//	p −= lr · m/(1−Beta1ᵗ) / (√(v/(1−Beta2ᵗ)) + Epsilon)
type Adam struct {
	Beta1       float64 // decay of the average gradient, below 1; 0 means 0.9, Off means 0
	Beta2       float64 // decay of the average square, below 1; 0 means 0.999
	Epsilon     float64 // 0 means 1e-8
	WeightDecay float64 // 0: none
}

// AdamW is Adam with decoupled weight decay (arXiv 1711.05101), as torch.optim.AdamW computes it: p is first multiplied
// by 1 − lr·WeightDecay, and the averages see the plain gradient.
type AdamW struct {
	Beta1       float64 // decay of the average gradient, below 1; 0 means 0.9, Off means 0
	Beta2       float64 // decay of the average square, below 1; 0 means 0.999
	Epsilon     float64 // 0 means 1e-8
	WeightDecay float64 // 0: none (PyTorch's default is 0.01)
}

// New returns Adam over params. The state of each parameter is "mean.<path>", "square.<path>" and "steps.<path>".
func (a Adam) New(params []nn.Entry) (Optimizer, error) {
	return newAdam("Adam", a, false, params)
}

// New returns AdamW over params. The state of each parameter is "mean.<path>", "square.<path>" and "steps.<path>".
func (a AdamW) New(params []nn.Entry) (Optimizer, error) {
	return newAdam("AdamW", Adam(a), true, params)
}

type adam struct {
	Adam
	name      string
	decoupled bool
	params    []adamParam
}

type adamParam struct {
	nn.Entry
	mean, square *tensor.Tensor
	steps        count
}

func newAdam(name string, a Adam, decoupled bool, params []nn.Entry) (Optimizer, error) {
	if a.Beta1 = cmp.Or(a.Beta1, 0.9); a.Beta1 == Off {
		a.Beta1 = 0
	}
	a.Beta2, a.Epsilon = cmp.Or(a.Beta2, 0.999), cmp.Or(a.Epsilon, 1e-8)
	err := errors.Join(fraction(name+".Beta1", a.Beta1), fraction(name+".Beta2", a.Beta2),
		nonNegative(name+".Epsilon", a.Epsilon), nonNegative(name+".WeightDecay", a.WeightDecay), checkParams(params))
	if err != nil {
		return nil, err
	}
	o := &adam{Adam: a, name: "optim." + name, decoupled: decoupled, params: make([]adamParam, len(params))}
	for i, e := range params {
		shape := e.Param.Value.Shape()
		o.params[i] = adamParam{Entry: e, mean: tensor.New(shape...), square: tensor.New(shape...)}
	}
	return o, nil
}

// Step is the update of Adam or AdamW.
func (o *adam) Step(lr float64) {
	step := kernels.Adam{Keep: 1, Decay: float32(o.WeightDecay), Mix1: float32(1 - o.Beta1), Beta2: float32(o.Beta2),
		Mix2: float32(1 - o.Beta2), Epsilon: float32(o.Epsilon)}
	if o.decoupled {
		step.Keep, step.Decay = float32(1-lr*o.WeightDecay), 0
	}
	for i := range o.params {
		p := &o.params[i]
		g := gradient(o.name, p.Entry)
		if g == nil {
			continue
		}
		p.steps++
		t := float64(p.steps)
		step.Rate = float32(lr / (1 - math.Pow(o.Beta1, t)))
		step.Unbias = float32(math.Sqrt(1 - math.Pow(o.Beta2, t)))
		kernels.AdamStep(step, p.Param.Value.Data(), p.mean.Data(), p.square.Data(), g)
	}
}

// Visit shows the averages and the number of steps of each parameter.
func (o *adam) Visit(v nn.Visitor) {
	for i := range o.params {
		p := &o.params[i]
		v.Buffer("mean."+p.Path, p.mean)
		v.Buffer("square."+p.Path, p.square)
		v.State("steps."+p.Path, &p.steps)
	}
}
