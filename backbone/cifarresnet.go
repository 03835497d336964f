package backbone

import (
	"cmp"
	"fmt"
	"math/rand/v2"
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
	// Projection makes the shortcuts that change the shape 1×1 convolutions with batch norm (option B); without it they have
	// no parameters (option A), as in the paper's section 4.2.
	Projection bool `json:"projection,omitempty"`
	// Seed of the He-normal weights.
	Seed uint64 `json:"-"`
}

// CIFARResNet is a CIFAR ResNet: a 3×3 stem, three stages of basic blocks with strides 1, 2 and 2, shortcuts without
// parameters (option A), global average pooling. The features are four times as wide as
// the stem. It takes images of any size of at least 1×1.
type CIFARResNet struct {
	residual
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
	if err := s.check(); err != nil {
		return nil, err
	}
	// At least: the stem, and two convolutions of 3×3 in each block, of 1, 4 and 16 times the first stage's weights.
	inner := 18 * float64(s.Width) * float64(s.Width)
	weights := 9*float64(s.Channels)*float64(s.Width) + inner*(21*float64((s.Depth-2)/6)-5+12*float64(s.Branches-1))
	return build("a CIFAR ResNet", weights, func() *CIFARResNet { return newCIFARResNet(s) })
}

func (s CIFARResNetSettings) check() error {
	const kind = "a CIFAR ResNet"
	return cmp.Or(checkSizes(kind, mostDepth, "depth", s.Depth), checkSizes(kind, mostChannels, "width and channels", s.Width, s.Channels),
		checkSizes(kind, mostBranches, "branches", s.Branches))
}

// newCIFARResNet builds a network of settings that were checked.
func newCIFARResNet(s CIFARResNetSettings) *CIFARResNet {
	rng := rand.New(rand.NewPCG(s.Seed, 0x7265736e6574))
	r := &CIFARResNet{residual{stem: newConvBN(s.Channels, s.Width, 3, 1, 1, true, rng), width: 4 * s.Width}, s}
	in := s.Width
	for i := range 3 {
		out, branches := s.Width<<i, 1
		if i == 2 {
			branches = s.Branches
		}
		r.add((s.Depth-2)/6, branches, func(first bool) block {
			if !first || i == 0 {
				return newBasicBlock(out, out, 1, s.Projection, rng)
			}
			return newBasicBlock(in, out, 2, s.Projection, rng)
		})
		in = out
	}
	return r
}

// Describe returns "cifar-resnet" and the CIFARResNetSettings, zero values filled in.
func (r *CIFARResNet) Describe() (name string, settings any) { return "cifar-resnet", r.settings }

// String is as in "CIFAR ResNet-32, width 16", with channels, branches and shortcuts where they are not the usual ones.
func (r *CIFARResNet) String() string {
	s := fmt.Sprintf("CIFAR ResNet-%d, width %d", r.settings.Depth, r.settings.Width)
	if c := r.settings.Channels; c != 3 {
		s += fmt.Sprintf(", channels %d", c)
	}
	if b := r.settings.Branches; b != 1 {
		s += fmt.Sprintf(", branches %d", b)
	}
	if r.settings.Projection {
		s += ", projection shortcuts"
	}
	return s
}
