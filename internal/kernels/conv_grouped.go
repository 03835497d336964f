package kernels

import "github.com/longtail-ml/longtail/internal/parallel"

// GroupedConvForward sets y [N, OutH, OutW, O] to a convolution in groups of channels, which divide C and O: with w
// [KH, KW, C/groups, O], the O/groups outputs of a group see its C/groups channels. A bias [O] is added; nil stands for
// zeros. Values that are not finite may spoil neighbouring groups of the same pixels too.
func GroupedConvForward(s Conv, groups int, x, w, bias, y []float32) {
	switch {
	case groups == 1:
		ConvForward(s, x, w, bias, y)
	case s.depthwise(groups):
		s.depthwiseForward(x, w, bias, y)
	default:
		s.eachBundle(groups, func(b bundle) {
			in, weights, out := b.input(x), b.weights(w), getScratch(b.outputs()*b.O)
			defer putScratch(in)
			defer putScratch(weights)
			defer putScratch(out)
			ConvForward(b.Conv, in.data, weights.data, from(bias, b.first*b.out), out.data)
			putChannels(y, out.data, b.outputs(), b.whole.O, b.first*b.out, b.O, false)
		})
	}
}

// GroupedConvBackward computes both gradients of GroupedConvForward from dy, that of its result. It sets dx to the gradient
// of x, or adds it with add, and adds to dw the gradient of w. Either may be nil; x is needed for dw only, w for dx only.
func GroupedConvBackward(s Conv, groups int, dy, x, w, dx []float32, add bool, dw []float32) {
	switch {
	case groups == 1:
		ConvBackward(s, dy, nil, nil, x, w, dx, add, dw)
	case s.depthwise(groups):
		if dx != nil {
			s.depthwiseInputGrad(dy, w, dx, add)
		}
		if dw != nil {
			s.depthwiseWeightGrad(x, dy, dw)
		}
	default:
		s.eachBundle(groups, func(b bundle) {
			gradient := takeChannels(dy, b.outputs(), b.whole.O, b.first*b.out, b.O)
			defer putScratch(gradient)
			if dx != nil {
				weights, in := b.weights(w), getScratch(b.inputs()*b.C)
				defer putScratch(weights)
				defer putScratch(in)
				ConvInputGrad(b.Conv, gradient.data, weights.data, in.data, false)
				putChannels(dx, in.data, b.inputs(), b.whole.C, b.first*b.in, b.C, add)
			}
			if dw != nil {
				in, weights := b.input(x), getScratch(b.KH*b.KW*b.C*b.O)
				defer putScratch(in)
				defer putScratch(weights)
				clear(weights.data)
				ConvWeightGrad(b.Conv, in.data, gradient.data, weights.data)
				b.eachWeights(func(own, joint int) { addTo(dw[own:own+b.out], weights.data[joint:joint+b.out]) })
			}
		})
	}
}

// bundle is some groups of a convolution as one convolution, with weights of zero between groups. A product of few columns
// costs as much as one of bundleWidth, which several groups fill.
type bundle struct {
	Conv
	whole        Conv
	first, count int // of the groups
	in, out      int // channels of a group
}

const bundleWidth = 16 // channels

// eachBundle visits all groups.
func (s Conv) eachBundle(groups int, visit func(b bundle)) {
	b := bundle{Conv: s, whole: s, in: s.C / groups, out: s.O / groups, count: 1}
	for n := 2; n <= groups && n*max(b.in, b.out) <= bundleWidth; n++ {
		if groups%n == 0 {
			b.count = n
		}
	}
	b.C, b.O = b.count*b.in, b.count*b.out
	for ; b.first < groups; b.first += b.count {
		visit(b)
	}
}

func (b bundle) inputs() int  { return b.N * b.H * b.W }
func (b bundle) outputs() int { return b.N * b.OutH() * b.OutW() }

// input returns the bundle's channels of x.
func (b bundle) input(x []float32) *scratch {
	return takeChannels(x, b.inputs(), b.whole.C, b.first*b.in, b.C)
}

// weights returns the bundle's of w as those of one convolution.
func (b bundle) weights(w []float32) *scratch {
	joint := getScratch(b.KH * b.KW * b.C * b.O)
	clear(joint.data)
	b.eachWeights(func(own, to int) { copy(joint.data[to:to+b.out], w[own:]) })
	return joint
}

// eachWeights visits where the weights of one channel to the outputs of its group lie, in w and in those of the bundle.
func (b bundle) eachWeights(visit func(own, joint int)) {
	for tap := range b.KH * b.KW {
		for c := range b.C {
			group := c / b.in
			visit((tap*b.in+c%b.in)*b.whole.O+(b.first+group)*b.out, (tap*b.C+c)*b.O+group*b.out)
		}
	}
}

// takeChannels returns n of the channels of whole pixels of x, from the first on.
func takeChannels(x []float32, pixels, channels, first, n int) *scratch {
	s := getScratch(pixels * n)
	parallel.Range(pixels, rowChunk(n), func(lo, hi int) {
		for p := lo; p < hi; p++ {
			copy(s.data[p*n:(p+1)*n], x[p*channels+first:])
		}
	})
	return s
}

// putChannels sets the same channels of dst to those of x, or adds them.
func putChannels(dst, x []float32, pixels, channels, first, n int, add bool) {
	parallel.Range(pixels, rowChunk(n), func(lo, hi int) {
		for p := lo; p < hi; p++ {
			to := dst[p*channels+first:][:n]
			if add {
				addTo(to, x[p*n:(p+1)*n])
			} else {
				copy(to, x[p*n:])
			}
		}
	})
}
