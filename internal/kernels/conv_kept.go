package kernels

// KeptConv has the weights of a convolution as a forward pass reads them, for any number of passes with the same weights.
type KeptConv struct {
	winograd bool
	pairs    bool // of bfloat16
	values   []float32
}

// KeepConv arranges w for convolutions of shape s, whatever their N.
func KeepConv(s Conv, w []float32) *KeptConv {
	k := newKeptConv(s)
	if s.C*s.O > 0 {
		u := k.arrange(s, w)
		defer putScratch(u)
		k.values = append(k.values, u.data...)
	}
	return k
}

// Forward is ConvForward.
func (k *KeptConv) Forward(s Conv, x, bias, y []float32) {
	each := func([]float32, int, []float64) {}
	if bias != nil && k.winograd {
		behind := bias[:s.O]
		bias = nil
		each = func(out []float32, _ int, _ []float64) {
			for p := 0; p < len(out); p += s.O {
				addTo(out[p:p+s.O], behind)
			}
		}
	}
	k.forward(s, x, bias, y, each, nil, nil)
}

// ForwardNorm is ConvForwardNorm.
func (k *KeptConv) ForwardNorm(s Conv, x, scale, shift, shortcut, y []float32, relu bool) {
	k.forward(s, x, nil, y, func(out []float32, lo int, _ []float64) {
		scaleShift(out, out, scale, shift, from(shortcut, lo*s.O), len(out)/s.O, s.O, relu)
	}, nil, nil)
}

// eachFunc is called for pixels that are done, from pixel lo on, with partial sums to add to.
type eachFunc func(out []float32, lo int, sums []float64)

// forward calls each for ranges of the pixels of y that are done, with partial sums for it to add to, which make up sum
// and sumsq.
func (k *KeptConv) forward(s Conv, x, bias, y []float32, each eachFunc, sum, sumsq []float64) {
	pixels := s.N * s.OutH() * s.OutW()
	switch {
	case s.empty(): // without input channels, or without images
		if s.Packed {
			clear(y[:Pairs(pixels*s.O)])
			return
		}
		clear(y[:pixels*s.O])
		if bias != nil {
			AddRowVector(y, bias, pixels, s.O)
		}
		sumChunks(1, len(sum), func(_ int, sums []float64) { each(y[:pixels*s.O], 0, sums) }, sum, sumsq)
	case k.pairs && k.winograd:
		s.forwardWinograd(x, k.values, y, each, sum, sumsq)
	case k.pairs:
		s.forwardPairs(x, k.values, bias, y, each, sum, sumsq)
	case s.Packed:
		whole := getScratch(pixels * s.O)
		defer putScratch(whole)
		s.Packed = false
		k.forward(s, x, bias, whole.data, each, sum, sumsq)
		ToBFloat16(y, whole.data)
	case s.rounds() || s.Before != nil && s.Before.Packed:
		plain, rx, _, free := s.plain(x, nil)
		defer free()
		k.forward(plain, rx, bias, y, each, sum, sumsq)
	case k.winograd:
		s.forwardWinograd(x[:s.N*s.H*s.W*s.C], k.values, y[:pixels*s.O], each, sum, sumsq)
	default:
		s.forwardPlain(x[:s.N*s.H*s.W*s.C], k.values, bias, y[:pixels*s.O], false, each, sum, sumsq)
	}
}

func newKeptConv(s Conv) *KeptConv { return &KeptConv{winograd: s.winograd(), pairs: s.inPairs()} }

// arranged calls f with weights for one pass.
func (s Conv) arranged(w []float32, f func(*KeptConv)) {
	k := newKeptConv(s)
	if !s.empty() {
		u := k.arrange(s, w)
		defer putScratch(u)
		k.values = u.data
	}
	f(k)
}

// arrange transforms the weights, or else packs them.
func (k *KeptConv) arrange(s Conv, w []float32) *scratch {
	w = w[:s.KH*s.KW*s.C*s.O]
	switch {
	case k.pairs && !k.winograd:
		packed := getScratch(s.KH * s.KW * s.C / 2 * current.tile.padded(s.O))
		packPairs(packed.data, w, s.KH*s.KW*s.C, s.O)
		return packed
	case s.rounds() && !k.pairs:
		s.BFloat16 = false
		rounded := getScratch(len(w))
		defer putScratch(rounded)
		RoundBFloat16(rounded.data, w)
		return k.arrange(s, rounded.data)
	case k.winograd:
		form := newWinograd(s.H, s.W, s.C, s.O, k.pairs)
		return form.weights(w, false)
	}
	packed := getScratch(s.KH * s.KW * s.C * current.tile.padded(s.O))
	packPanels(packed.data, false, w, s.O, s.KH*s.KW*s.C, s.O)
	return packed
}
