package nn

import (
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

// forwarded is a ConvBN that has run forward: what its backward pass needs, and those who read its result. The tape lends it.
type forwarded struct {
	x, w     *autograd.Var
	shortcut *autograd.Var // nil: none
	out      *autograd.Var
	g        convolution
	conv     *tensor.Tensor // what the convolution gave
	norm     *normalization
	relu     bool
	by       kernels.Activation // where there is a ReLU and no shortcut: the result is what conv goes through
}

// write computes the result.
func (f *forwarded) write(y *tensor.Tensor) {
	scaleShift := kernels.ScaleShift
	if f.g.Packed {
		scaleShift = kernels.ScaleShiftPacked
	}
	scaleShift(y.Data(), f.conv.Data(), f.norm.scale, f.norm.shift, peek(f.shortcut), f.norm.rows, f.norm.c, f.relu)
}

func (f *forwarded) back(gy *tensor.Tensor, gx []*tensor.Tensor, add bool) {
	var relu *tensor.Tensor
	if f.relu && f.shortcut != nil {
		relu = f.out.Peek() // the shortcut gets the masked gradient too
	}
	norm := f.norm.backward(gy, relu, f.conv, f.g.Packed, f.relu && f.shortcut == nil, gx[2], gx[3])
	g, read := f.g.input(f.x)
	g.grad(gy, norm, f.conv.Data(), read, f.w.Data(), gx, add)
	f.x.Tape().Free(f.conv)
}

// peek returns the values of a shortcut; nil: there is none.
func peek(shortcut *autograd.Var) []float32 {
	if shortcut == nil {
		return nil
	}
	return shortcut.Peek().Data()
}

func (f *forwarded) read() (*kernels.Activation, []float32) { return &f.by, f.conv.Data() }

// readable is the source of a ConvBN's result: what convolutions read in its place, and what that goes through first.
type readable interface {
	read() (before *kernels.Activation, values []float32)
}

// input returns what the convolution reads for x: its values, or where they were dropped what they are made of.
func (s convolution) input(x *autograd.Var) (convolution, []float32) {
	s.Before = nil
	if a, ok := x.Source().(readable); ok && s.groups == 1 {
		var values []float32
		s.Before, values = a.read()
		return s, values
	}
	return s, x.Peek().Data()
}
