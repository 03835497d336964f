package kernels

// KeptConv has the weights of a convolution as a forward pass reads them, for any number of passes with the same weights.
type KeptConv struct {
	winograd bool
	values   []float32
}

// KeepConv arranges w for convolutions of shape s, whatever their N.
func KeepConv(s Conv, w []float32) *KeptConv {
	k := &KeptConv{winograd: s.winograd()}
	if s.C*s.O > 0 {
		u := k.arrange(s, w)
		defer putScratch(u)
		k.values = append(k.values, u.data...)
	}
	return k
}

// Forward is ConvForward.
func (k *KeptConv) Forward(s Conv, x, bias, y []float32) {
	each := func(int, int, []float64) {}
	if bias != nil && k.winograd {
		behind := bias[:s.O]
		bias = nil
		each = func(lo, hi int, _ []float64) {
			for p := lo; p < hi; p++ {
				addTo(y[p*s.O:(p+1)*s.O], behind)
			}
		}
	}
	k.forward(s, x, bias, y, each, nil, nil)
}

// ForwardNorm is ConvForwardNorm.
func (k *KeptConv) ForwardNorm(s Conv, x, scale, shift, shortcut, y []float32, relu bool) {
	k.forward(s, x, nil, y, func(lo, hi int, _ []float64) {
		out := y[lo*s.O:]
		scaleShift(out, out, scale, shift, from(shortcut, lo*s.O), hi-lo, s.O, relu)
	}, nil, nil)
}

// forward calls each for ranges of the pixels of y that are done, with partial sums for it to add to, which make up sum
// and sumsq.
func (k *KeptConv) forward(s Conv, x, bias, y []float32, each func(lo, hi int, sums []float64), sum, sumsq []float64) {
	pixels := s.N * s.OutH() * s.OutW()
	y = y[:pixels*s.O]
	switch {
	case s.empty():
		clear(y) // without input channels
		if bias != nil {
			AddRowVector(y, bias, pixels, s.O)
		}
		sumChunks(1, len(sum), func(_ int, sums []float64) { each(0, pixels, sums) }, sum, sumsq)
	case k.winograd:
		s.forwardWinograd(x[:s.N*s.H*s.W*s.C], k.values, y, each, sum, sumsq)
	default:
		s.forwardPlain(x[:s.N*s.H*s.W*s.C], k.values, bias, y, each, sum, sumsq)
	}
}

// arranged calls f with weights for one pass.
func (s Conv) arranged(w []float32, f func(*KeptConv)) {
	k := KeptConv{winograd: s.winograd()}
	if !s.empty() {
		u := k.arrange(s, w)
		defer putScratch(u)
		k.values = u.data
	}
	f(&k)
}

// arrange transforms the weights, or else packs them.
func (k *KeptConv) arrange(s Conv, w []float32) *scratch {
	w = w[:s.KH*s.KW*s.C*s.O]
	if k.winograd {
		return newWinograd(s.H, s.W, s.C, s.O).weights(w, false)
	}
	packed := getScratch(s.KH * s.KW * s.C * current.tile.padded(s.O))
	packPanels(packed.data, false, w, s.O, s.KH*s.KW*s.C, s.O)
	return packed
}
