package nn

import (
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

// convolution is the shape of one, in groups of channels.
type convolution struct {
	kernels.Conv
	groups int
}

// kept returns the weights arranged for prediction, or nil where they may change.
func (s convolution) kept(t *autograd.Tape, w *autograd.Param) *kernels.KeptConv {
	if s.groups > 1 {
		return nil
	}
	form := s.Conv
	form.N, form.Before, form.Packed = 0, nil, false // any number of images, whatever they go through and become
	kept, _ := t.Kept(w, form, func(value *tensor.Tensor) any { return kernels.KeepConv(form, value.Data()) }).(*kernels.KeptConv)
	return kept
}

// macs is the number of multiply-adds of a forward pass.
func (s convolution) macs() int64 { return s.MACs() / int64(s.groups) }

// forward uses the weights of kept in place of w, unless it is nil.
func (s convolution) forward(x, w []float32, kept *kernels.KeptConv, bias, y []float32) {
	if kept != nil {
		kept.Forward(s.Conv, x, bias, y)
		return
	}
	kernels.GroupedConvForward(s.Conv, s.groups, x, w, bias, y)
}

// forwardSums is forward without bias. It also sets sum and sumsq to the sums and the sums of squares of y's channels.
func (s convolution) forwardSums(x, w, y []float32, sum, sumsq []float64) {
	if s.groups == 1 {
		kernels.ConvForwardSums(s.Conv, x, w, y, sum, sumsq)
		return
	}
	s.forward(x, w, nil, nil, y)
	kernels.ChannelSums(y, s.N*s.OutH()*s.OutW(), s.O, sum, sumsq)
}

// forwardNorm is forward without bias, and then a scale and a shift, a shortcut unless it is nil, and a ReLU if wanted.
func (s convolution) forwardNorm(x, w []float32, kept *kernels.KeptConv, scale, shift, shortcut, y []float32, relu bool) {
	switch {
	case kept != nil:
		kept.ForwardNorm(s.Conv, x, scale, shift, shortcut, y, relu)
		return
	case s.groups == 1:
		kernels.ConvForwardNorm(s.Conv, x, w, scale, shift, shortcut, y, relu)
		return
	}
	s.forward(x, w, nil, nil, y)
	kernels.ScaleShift(y, y, scale, shift, shortcut, s.N*s.OutH()*s.OutW(), s.O, relu)
}

// grad sets or adds the gradient of the input, gx[0], and adds that of the weight, gx[1], given gy, the gradient of the
// convolution's result y or, unless norm is nil, of a batch norm behind it. y is lost.
func (s convolution) grad(gy *tensor.Tensor, norm *kernels.Norm, y, x, w []float32, gx []*tensor.Tensor, add bool) {
	var dx, dw []float32
	if gx[0] != nil {
		dx = gx[0].Data()
	}
	if gx[1] != nil {
		dw = gx[1].Data()
	}
	dy := gy.Data()
	switch {
	case dx == nil && dw == nil:
	case s.groups == 1:
		kernels.ConvBackward(s.Conv, dy, norm, y, x, w, dx, add, dw)
	default:
		if norm != nil {
			norm.GradInput(y, dy, y, s.N*s.OutH()*s.OutW(), s.O)
			dy = y
		}
		kernels.GroupedConvBackward(s.Conv, s.groups, dy, x, w, dx, add, dw)
	}
}
