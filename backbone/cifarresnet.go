package backbone

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// CIFARResNetSettings describe a CIFAR ResNet (arXiv 1512.03385, section 4.2).
type CIFARResNetSettings struct {
	// Depth is 6n+2 for n blocks a stage: 8, 14, 20, 32, 44, 56, 110, …. 0 means 32.
	Depth int `json:"depth"`
	// Width is the number of channels of the stem and the first stage; the others have two and four times as many. 0
	// means 16. Some papers' "ResNet-32" has 64, sixteen times the parameters: nn.Summarize tells them apart.
	Width int `json:"width"`
	// Channels of the image. 0 means 3.
	Channels int `json:"channels"`
	// Branches is how often the last block is there, each with weights of its own, see [Branched]. 0 means 1.
	Branches int `json:"branches"`
	// Seed of the He-normal weights.
	Seed uint64 `json:"-"`
}

// CIFARResNet is a CIFAR ResNet: a 3×3 stem, three stages of basic blocks with strides 1, 2 and 2, shortcuts without
// parameters (option A), global average pooling. It takes images of any size of at least 1×1.
type CIFARResNet struct {
	stem     *nn.ConvBN
	stages   [3][]*basicBlock
	branches []*basicBlock // in place of the last block of the last stage; nil, or at least two
	width    int           // of a branch's features
	settings CIFARResNetSettings
}

// NewCIFARResNet returns a network with fresh weights. Settings no ResNet can have are an error.
func NewCIFARResNet(s CIFARResNetSettings) (*CIFARResNet, error) {
	if s.Depth == 0 {
		s.Depth = 32
	}
	if s.Width == 0 {
		s.Width = 16
	}
	if s.Channels == 0 {
		s.Channels = 3
	}
	if s.Branches == 0 {
		s.Branches = 1
	}
	if s.Depth < 8 || (s.Depth-2)%6 != 0 {
		return nil, fmt.Errorf("backbone: a CIFAR ResNet has depth 6n+2 (8, 20, 32, 44, 56, 110), not %d", s.Depth)
	}
	if s.Width < 1 || s.Channels < 1 || s.Branches < 1 {
		return nil, fmt.Errorf("backbone: width %d, channels %d and branches %d must be at least 1", s.Width, s.Channels, s.Branches)
	}
	rng := rand.New(rand.NewPCG(s.Seed, 0x7265736e6574))
	r := &CIFARResNet{stem: nn.NewConvBN(s.Channels, s.Width, 3, 1, 1, true, rng), width: 4 * s.Width, settings: s}
	in := s.Width
	for i := range r.stages {
		out, stride := s.Width<<i, 1
		if i > 0 {
			stride = 2
		}
		n := (s.Depth - 2) / 6
		for j := range n {
			blocks, copies := &r.stages[i], 1
			if i == 2 && j == n-1 && s.Branches > 1 {
				blocks, copies = &r.branches, s.Branches
			}
			for range copies {
				*blocks = append(*blocks, newBasicBlock(in, out, stride, rng))
			}
			in, stride = out, 1
		}
	}
	return r, nil
}

// OutDim is four times the width, for each branch.
func (r *CIFARResNet) OutDim() int { return r.width * r.Branches() }

// Branches is 1 or that of the settings.
func (r *CIFARResNet) Branches() int { return max(len(r.branches), 1) }

// Describe returns "cifar-resnet" and the CIFARResNetSettings, zero values filled in.
func (r *CIFARResNet) Describe() (name string, settings any) { return "cifar-resnet", r.settings }

// String is as in "CIFAR ResNet-32, width 16", with channels and branches where they are not the usual ones.
func (r *CIFARResNet) String() string {
	s := fmt.Sprintf("CIFAR ResNet-%d, width %d", r.settings.Depth, r.settings.Width)
	if c := r.settings.Channels; c != 3 {
		s += fmt.Sprintf(", channels %d", c)
	}
	if b := r.settings.Branches; b != 1 {
		s += fmt.Sprintf(", branches %d", b)
	}
	return s
}

// Forward returns the features [N, OutDim] of images [N, H, W, C].
func (r *CIFARResNet) Forward(x *autograd.Var) *autograd.Var {
	x = r.trunk(x)
	if r.branches == nil {
		return nn.GlobalAvgPool2d(x)
	}
	features := make([]*autograd.Var, len(r.branches))
	for i, b := range r.branches {
		features[i] = nn.GlobalAvgPool2d(b.forward(x))
	}
	return autograd.Scale(autograd.Columns(features...), 1/float64(len(features)))
}

// Branch returns the features [N, OutDim/Branches] of images [N, H, W, C] by branch i. It panics with *tensor.Error if
// there is no such branch.
func (r *CIFARResNet) Branch(i int, x *autograd.Var) *autograd.Var {
	if i < 0 || i >= r.Branches() {
		panic(&tensor.Error{Op: "backbone.Branch", Detail: fmt.Sprintf("no branch %d: there are %d", i, r.Branches())})
	}
	if x = r.trunk(x); r.branches != nil {
		x = r.branches[i].forward(x)
	}
	return nn.GlobalAvgPool2d(x)
}

// trunk is what the branches share.
func (r *CIFARResNet) trunk(x *autograd.Var) *autograd.Var {
	x = r.stem.Forward(x)
	for _, stage := range r.stages {
		for _, b := range stage {
			x = b.forward(x)
		}
	}
	return x
}

// Visit shows conv1, bn1 and layer1.0.conv1 to layer3.n.bn2, PyTorch's names; branches as branch1, branch2, ….
func (r *CIFARResNet) Visit(v nn.Visitor) {
	v.Sub("conv1", r.stem.Conv)
	v.Sub("bn1", r.stem.BN)
	for i, stage := range r.stages {
		for j, b := range stage {
			v.Sub(fmt.Sprintf("layer%d.%d", i+1, j), b)
		}
	}
	for i, b := range r.branches {
		v.Sub(fmt.Sprintf("branch%d", i+1), b)
	}
}

// basicBlock is two 3×3 convolutions with batch norm and a shortcut around them.
type basicBlock struct {
	first, second *nn.ConvBN
	out, stride   int
}

func newBasicBlock(in, out, stride int, rng *rand.Rand) *basicBlock {
	return &basicBlock{
		first:  nn.NewConvBN(in, out, 3, stride, 1, true, rng),
		second: nn.NewConvBN(out, out, 3, 1, 1, true, rng),
		out:    out, stride: stride,
	}
}

func (b *basicBlock) forward(x *autograd.Var) *autograd.Var {
	return b.second.ForwardAdd(b.first.Forward(x), nn.ShortcutA(x, b.out, b.stride))
}

// Visit shows the convolutions and batch norms.
func (b *basicBlock) Visit(v nn.Visitor) {
	v.Sub("conv1", b.first.Conv)
	v.Sub("bn1", b.first.BN)
	v.Sub("conv2", b.second.Conv)
	v.Sub("bn2", b.second.BN)
}
