package optim

import (
	"errors"

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
	rate, mu, decay := float32(lr), float32(o.Momentum), float32(o.WeightDecay)
	for i := range o.params {
		p := &o.params[i]
		g := gradient("optim.SGD", p.Entry)
		value := p.Param.Value.Data()[:len(g)]
		switch {
		case p.momentum == nil:
			for i, d := range g {
				value[i] -= rate * (d + decay*value[i])
			}
		case o.Nesterov:
			buf := p.momentum.Data()[:len(g)]
			for i, d := range g {
				d += decay * value[i]
				buf[i] = mu*buf[i] + d
				value[i] -= rate * (d + mu*buf[i])
			}
		default:
			buf := p.momentum.Data()[:len(g)]
			for i, d := range g {
				buf[i] = mu*buf[i] + (d + decay*value[i])
				value[i] -= rate * buf[i]
			}
		}
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
