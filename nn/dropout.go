package nn

import (
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

// Dropout sets values to 0 at random while the tape trains, and divides the others by Keep, so that the mean stays (Srivastava
// et al., 2014). Otherwise it changes nothing. Which values are kept comes from the tape's seed.
type Dropout struct {
	Keep float64 // the share of values that stay; 0 means the paper's 0.5, 1 keeps all
}

// Forward returns x with values left out.
func (d Dropout) Forward(x *autograd.Var) *autograd.Var {
	keep := d.Keep
	if keep == 0 {
		keep = 0.5
	}
	if !(keep > 0 && keep <= 1) {
		panic(&tensor.Error{Op: "nn.Dropout", Shapes: []tensor.Shape{x.Shape()}, Detail: fmt.Sprintf("the share to keep, %v, must be in (0, 1]", keep)})
	}
	t := x.Tape()
	if !t.Mode().Train || keep == 1 {
		return x
	}
	key := t.Rand().Uint64()
	y := t.Scratch(x.Shape()...)
	kernels.Dropout(y.Data(), x.Data(), keep, key)
	return autograd.Op("nn.Dropout", y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		kernels.DropoutGrad(gx[0].Data(), gy.Data(), keep, key)
	})
}

// Visit shows nothing.
func (d Dropout) Visit(Visitor) {}
