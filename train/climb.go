package train

import (
	"math"

	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
)

// climb takes parameters to where a loss is higher and back again, bit for bit (SAM, arXiv 2010.01412). Gradients that were
// joined before wait meanwhile.
type climb struct {
	values, gradients [][]float32 // of each parameter; an empty gradient is none
	away              bool
}

// begin lays gradients aside: those of the way up take their place.
func (c *climb) begin(params []nn.Entry) {
	if c.values == nil {
		c.values, c.gradients = make([][]float32, len(params)), make([][]float32, len(params))
	}
	for i, e := range params {
		c.values[i], c.gradients[i] = append(c.values[i][:0], e.Param.Value.Data()...), c.gradients[i][:0]
		if e.Param.Grad != nil {
			c.gradients[i] = append(c.gradients[i], e.Param.Grad.Data()...)
			e.Param.ZeroGrad()
		}
	}
}

// up moves parameters by ρ·g/‖g‖, g the gradient over all of them, and puts the gradients of begin back. A gradient of 0, or one
// that is not finite, leads nowhere.
func (c *climb) up(params []nn.Entry, rho float64) {
	step := rho / optim.GradNorm(params)
	c.away = true
	for i, e := range params {
		if e.Param.Grad == nil {
			continue
		}
		if !e.Param.Frozen && !math.IsInf(step, 0) && !math.IsNaN(step) {
			kernels.AddScaled(e.Param.Value.Data(), float32(step), e.Param.Grad.Data())
		}
		e.Param.ZeroGrad()
		copy(e.Param.Grad.Data(), c.gradients[i])
	}
}

// down takes parameters back to where they were, if they are away.
func (c *climb) down(params []nn.Entry) {
	if !c.away {
		return
	}
	c.away = false
	for i, e := range params {
		copy(e.Param.Value.Data(), c.values[i])
	}
}
