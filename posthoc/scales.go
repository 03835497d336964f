package posthoc

import (
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// scales multiplies logits [R, C] by one learned number a class.
type scales struct {
	values *autograd.Param // [C]
}

// Visit shows the scales.
func (s *scales) Visit(v nn.Visitor) { v.Param("scale", s.values) }

func (s *scales) forward(x *autograd.Var) *autograd.Var {
	t := x.Tape()
	by := t.Param(s.values)
	y, classes := t.Tensor(x.Shape()...), by.Dim(0)
	for i, v := range x.Data() {
		y.Data()[i] = v * by.Data()[i%classes]
	}
	return autograd.Op("posthoc.scales", y, []*autograd.Var{x, by}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		sums := make([]float64, classes)
		for i, g := range gy.Data() {
			sums[i%classes] += float64(g) * float64(x.Data()[i])
			if gx[0] != nil {
				gx[0].Data()[i] += g * by.Data()[i%classes]
			}
		}
		if gx[1] != nil {
			for c, sum := range sums {
				gx[1].Data()[c] += float32(sum)
			}
		}
	})
}

// applied returns the head whose logits are the scaled ones.
func (s *scales) applied(head *nn.Linear) *nn.Linear {
	out := &nn.Linear{Weight: autograd.NewParam(head.Weight.Value.Clone())}
	if head.Bias != nil {
		out.Bias = autograd.NewParam(head.Bias.Value.Clone())
	}
	for c, scale := range s.values.Value.Data() {
		row := out.Weight.Value.Rows(c, c+1).Data()
		for i := range row {
			row[i] *= scale
		}
		if out.Bias != nil {
			out.Bias.Value.Data()[c] *= scale
		}
	}
	return out
}
