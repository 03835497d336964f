package backbone

import (
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// block is a part of a ResNet with a shortcut around it.
type block interface {
	nn.Visitable
	forward(x *autograd.Var) *autograd.Var
	// last is the batch norm before the shortcut is added.
	last() *nn.BatchNorm2d
}

// basicBlock is two 3×3 convolutions with batch norm and a shortcut around them.
type basicBlock struct {
	first, second *nn.ConvBN
	down          *nn.ConvBN // the shortcut's; nil: without parameters
	out, stride   int
}

// newBasicBlock returns a block whose shortcut is a convolution where the shape changes with projection (option B of arXiv
// 1512.03385), and otherwise has no parameters.
func newBasicBlock(in, out, stride int, projection bool, rng *rand.Rand) *basicBlock {
	b := &basicBlock{first: newConvBN(in, out, 3, stride, 1, true, rng), second: newConvBN(out, out, 3, 1, 1, true, rng), out: out, stride: stride}
	if projection {
		b.down = newDown(in, out, stride, rng)
	}
	return b
}

func (b *basicBlock) forward(x *autograd.Var) *autograd.Var {
	first := b.first.ForwardDropped(x)
	var shortcut *autograd.Var
	if b.down != nil {
		shortcut = b.down.Forward(x)
	} else {
		shortcut = nn.ShortcutA(x, b.out, b.stride)
	}
	y := b.second.ForwardAdd(first, shortcut)
	drop(x, shortcut)
	return y
}

func (b *basicBlock) last() *nn.BatchNorm2d { return b.second.BN }

// Visit shows the convolutions and batch norms.
func (b *basicBlock) Visit(v nn.Visitor) { visitBlock(v, b.down, b.first, b.second) }

// bottleneck is a 1×1 convolution to fewer channels, a 3×3 one, perhaps in groups, which has the stride, and a 1×1 one to
// more channels, with a shortcut around them.
type bottleneck struct {
	first, second, third *nn.ConvBN
	down                 *nn.ConvBN // the shortcut's; nil: the identity
}

func newBottleneck(in, inner, out, stride, groups int, rng *rand.Rand) *bottleneck {
	return &bottleneck{
		first:  newConvBN(in, inner, 1, 1, 1, true, rng),
		second: newConvBN(inner, inner, 3, stride, groups, true, rng),
		third:  newConvBN(inner, out, 1, 1, 1, true, rng),
		down:   newDown(in, out, stride, rng),
	}
}

func (b *bottleneck) forward(x *autograd.Var) *autograd.Var {
	shortcut := x
	if b.down != nil {
		shortcut = b.down.Forward(x)
	}
	y := b.third.ForwardAdd(b.second.ForwardDropped(b.first.ForwardDropped(x)), shortcut)
	drop(x, shortcut)
	return y
}

func (b *bottleneck) last() *nn.BatchNorm2d { return b.third.BN }

// Visit shows the convolutions and batch norms.
func (b *bottleneck) Visit(v nn.Visitor) { visitBlock(v, b.down, b.first, b.second, b.third) }

// drop gives the memory of a shortcut that is not x itself to others, until the backward pass.
func drop(x, shortcut *autograd.Var) {
	if shortcut != x {
		shortcut.Drop()
	}
}

// newConvBN returns a convolution with He-normal weights, and zeros around the image so that stride 1 keeps its size.
func newConvBN(in, out, kernel, stride, groups int, relu bool, rng *rand.Rand) *nn.ConvBN {
	c := &nn.Conv2d{Weight: autograd.NewParam(tensor.New(kernel, kernel, in/groups, out)), Stride: stride, Padding: kernel / 2, Groups: groups}
	nn.HeNormal(c.Weight.Value, kernel*kernel*in/groups, rng)
	return &nn.ConvBN{Conv: c, BN: nn.NewBatchNorm2d(out), ReLU: relu}
}

// newDown returns the convolution of a shortcut that changes the shape, or nil.
func newDown(in, out, stride int, rng *rand.Rand) *nn.ConvBN {
	if in == out && stride == 1 {
		return nil
	}
	return newConvBN(in, out, 1, stride, 1, false, rng)
}

// visitBlock shows the parts of a block under torchvision's names.
func visitBlock(v nn.Visitor, down *nn.ConvBN, convs ...*nn.ConvBN) {
	for i, c := range convs {
		n := string(rune('1' + i))
		v.Sub("conv"+n, c.Conv)
		v.Sub("bn"+n, c.BN)
	}
	if down != nil {
		v.Sub("downsample.0", down.Conv)
		v.Sub("downsample.1", down.BN)
	}
}
