package nn

import (
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

// packedSum is the result of a ConvBN with a shortcut, kept in bfloat16. Every second one of a row of them can be dropped: it is
// made again of the one before.
type packedSum struct {
	tape    *autograd.Tape
	y       *tensor.Tensor // nil: dropped
	conv    *tensor.Tensor // packed
	by      *normalization
	relu    bool
	before  *packedSum // the shortcut; nil: another
	dropped bool       // once: it is made again where it is read
}

// packedOf is the packed sum that v stands for, or nil.
func packedOf(v *autograd.Var) *packedSum {
	p, _ := v.Source().(*packedSum)
	return p
}

// write computes the sum; shortcut has the values of a shortcut that is not packed.
func (p *packedSum) write(shortcut *autograd.Var) {
	p.y = p.tape.Scratch(p.conv.Len())
	if p.before != nil {
		kernels.ScaleShiftAddPacked(p.y.Data(), p.conv.Data(), p.by.scale, p.by.shift, p.before.values(), true, p.by.rows, p.by.c, p.relu)
		return
	}
	kernels.ScaleShiftAddPacked(p.y.Data(), p.conv.Data(), p.by.scale, p.by.shift, shortcut.Peek().Data(), false, p.by.rows, p.by.c, p.relu)
}

// values are the sum, in pairs.
func (p *packedSum) values() []float32 {
	if p.y == nil {
		p.write(nil)
	}
	return p.y.Data()
}

func (p *packedSum) read() (*kernels.Activation, []float32) {
	return &kernels.Activation{Packed: true}, p.values()
}

// Drop gives the memory back for a while, if the sum before is there.
func (p *packedSum) Drop() {
	if p.before == nil || p.before.dropped || p.dropped {
		return
	}
	p.dropped = true
	p.free()
}

func (p *packedSum) free() {
	if p.y != nil {
		p.tape.Free(p.y)
		p.y = nil
	}
}

// addPacked is the rest of a forward pass behind the convolution, with a shortcut, where the result is kept in bfloat16.
func (c *ConvBN) addPacked(x, w, shortcut *autograd.Var, g convolution, conv *tensor.Tensor, s *normalization, in []*autograd.Var, pass int) *autograd.Var {
	p := &packedSum{tape: x.Tape(), conv: conv, by: s, relu: c.ReLU, before: packedOf(shortcut)}
	p.write(shortcut)
	unpack := func(y *tensor.Tensor) { kernels.FromBFloat16(y.Data(), p.values()) }
	return autograd.OpAway("nn.ConvBN", shortcut.Shape(), unpack, p, in, pass, 0, func(gy *tensor.Tensor, gx []*tensor.Tensor, add bool) {
		var relu *tensor.Tensor
		if c.ReLU {
			p.values()
			relu = p.y
		}
		norm := s.backward(gy, relu, conv, true, false, gx[2], gx[3])
		before, read := g.input(x)
		before.grad(gy, norm, conv.Data(), read, w.Data(), gx, add)
		p.tape.Free(conv)
		p.free()
	})
}
