package kernels

// Activation is max(x·Scale + Shift, 0), with vectors [channels]: a batch norm and a ReLU.
type Activation struct{ Scale, Shift []float32 }

// activated returns x as it is behind s.Before, and scratch to be put back that it may be in.
func (s Conv) activated(x []float32) ([]float32, *scratch) {
	if s.Before == nil {
		return x, getScratch(0)
	}
	pixels := s.N * s.H * s.W
	y := getScratch(pixels * s.C)
	ScaleShift(y.data, x, s.Before.Scale, s.Before.Shift, nil, pixels, s.C, true)
	return y.data, y
}

// apply sets y to the activation of pixels of c channels.
func (a *Activation) apply(y, x []float32, pixels, c int) {
	scaleShift(y, x, a.Scale, a.Shift, nil, pixels, c, true)
}
