package autograd

import "github.com/longtail-ml/longtail/tensor"

// Param is a tensor that training changes.
type Param struct {
	Name   string         // its path in the network, for error messages; set by nn.Name
	Value  *tensor.Tensor // never replaced; optimizers and loaders overwrite it
	Grad   *tensor.Tensor // Backward adds into it; nil until the first Backward that reaches it
	Frozen bool           // takes no gradient and no step
}

// NewParam returns a parameter over value.
func NewParam(value *tensor.Tensor) *Param { return &Param{Value: value} }

// ZeroGrad clears the gradient.
func (p *Param) ZeroGrad() {
	if p.Grad != nil {
		p.Grad.Zero()
	}
}
