package optim

import (
	"errors"

	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// SGD is stochastic gradient descent as torch.optim.SGD computes it, without dampening. With d = grad + WeightDecay·p,
// buf = Momentum·buf + d:
//
//	p −= lr·buf                  (Nesterov: p −= lr·(d + Momentum·buf))
//
// The zero value is plain descent, p −= lr·grad. The paper of hybrid networks (arXiv 2103.14267) trains with momentum 0.9
// and weight decay 1e-4.
type SGD struct {
	Momentum    float64 // in [0, 1); 0: none
	Nesterov    bool    // look ahead along the momentum; needs Momentum
	WeightDecay float64 // L2 penalty added to the gradient; 0: none
}

// New returns SGD over params. Its state is "momentum.<path>" of each parameter, and nothing without Momentum.
func (s SGD) New(params []nn.Entry) (Optimizer, error) {
	nesterov := error(nil)
	if s.Nesterov && s.Momentum == 0 {
		nesterov = errors.New("optim: SGD.Nesterov needs momentum: set SGD.Momentum, commonly to 0.9")
	}
	err := errors.Join(fraction("SGD.Momentum", s.Momentum), nonNegative("SGD.WeightDecay", s.WeightDecay), nesterov,
		checkParams(params))
	if err != nil {
		return nil, err
	}
	o := &sgd{SGD: s, params: make([]sgdParam, len(params))}
	for i, e := range params {
		o.params[i].Entry = e
		if s.Momentum != 0 {
			o.params[i].momentum = tensor.New(e.Param.Value.Shape()...)
		}
	}
	return o, nil
}

type sgd struct {
	SGD
	params []sgdParam
}

type sgdParam struct {
	nn.Entry
	momentum *tensor.Tensor // nil: none
}

// Step is the update of SGD. A buffer of zeros makes the first step's buf = d, as PyTorch has it.
func (o *sgd) Step(lr float64) {
	step := kernels.SGD{Rate: float32(lr), Momentum: float32(o.Momentum), Decay: float32(o.WeightDecay), Nesterov: o.Nesterov}
	for i := range o.params {
		p := &o.params[i]
		var buf []float32
		if p.momentum != nil {
			buf = p.momentum.Data()
		}
		kernels.SGDStep(step, p.Param.Value.Data(), buf, gradient("optim.SGD", p.Entry))
	}
}

// Visit shows the momentum of each parameter.
func (o *sgd) Visit(v nn.Visitor) {
	for i := range o.params {
		if p := &o.params[i]; p.momentum != nil {
			v.Buffer("momentum."+p.Path, p.momentum)
		}
	}
}
