package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// Activation is max(x·Scale + Shift, 0), with vectors [channels]: a batch norm and a ReLU.
type Activation struct {
	Scale, Shift []float32
	Packed       bool // x is bfloat16 in pairs, of an even number of channels; Scale and Shift may be nil: x is what the convolution reads
}

// activated returns x as it is behind s.Before, and scratch to be put back that it may be in.
func (s Conv) activated(x []float32) ([]float32, *scratch) {
	if s.Before == nil {
		return x, getScratch(0)
	}
	pixels := s.N * s.H * s.W
	y := getScratch(pixels * s.C)
	a := s.Before
	parallel.Range(pixels, rowChunk(s.C), func(lo, hi int) {
		a.apply(y.data[lo*s.C:], a.from(x, lo*s.C), hi-lo, s.C)
	})
	return y.data, y
}

// stored says that x is in memory as the convolution multiplies it: in pairs.
func (a *Activation) stored() bool { return a != nil && a.Packed && a.Scale == nil }

// from is x from value i on, which is even.
func (a *Activation) from(x []float32, i int) []float32 {
	if a != nil && a.Packed {
		return x[i/2:]
	}
	return x[i:]
}

// apply sets y to the activation of pixels of c channels.
func (a *Activation) apply(y, x []float32, pixels, c int) {
	switch {
	case a.stored():
		fromBFloat16(y[:pixels*c], x)
		return
	case a.Packed:
		scaleShiftPacked(y, x, a.Scale, a.Shift, nil, pixels, c, true)
		return
	}
	scaleShift(y, x, a.Scale, a.Shift, nil, pixels, c, true)
}
