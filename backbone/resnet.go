package backbone

import (
	"cmp"
	"fmt"
	"math/rand/v2"
)

// ResNetSettings describe a ResNet for photographs (arXiv 1512.03385), ResNeXt (arXiv 1611.05431) or Wide ResNet (arXiv
// 1605.07146, as torchvision has it). NamedResNet has the settings of well-known ones.
type ResNetSettings struct {
	// Depth is 18 or 34, of basic blocks, or 50, 101 or 152, of bottlenecks. 0 means 50.
	Depth int `json:"depth"`
	// Width is the number of channels of the stem. The stages of basic blocks have 1, 2, 4 and 8 times as many, those of
	// bottlenecks 4, 8, 16 and 32 times. 0 means 64.
	Width int `json:"width"`
	// Channels of the image. 0 means 3.
	Channels int `json:"channels"`
	// Groups of the 3×3 convolutions of bottlenecks. 0 means 1; 32 in ResNeXt-50 (32×4d).
	Groups int `json:"groups"`
	// GroupWidth is the number of channels of a group in the first stage's bottlenecks; the other stages have 2, 4 and 8
	// times as many. 0 means Width; 4 in ResNeXt-50 (32×4d), 128 in Wide-ResNet-50-2.
	GroupWidth int `json:"group_width"`
	// Branches is how often the last block is there, each with weights of its own, see [Branched]. 0 means 1.
	Branches int `json:"branches"`
	// ZeroLast begins the last batch norm of each block with weight 0, so that the block begins as its shortcut (arXiv
	// 1706.02677).
	ZeroLast bool `json:"-"`
	// Seed of the He-normal weights.
	Seed uint64 `json:"-"`
}

// ResNet is a ResNet for photographs: a 7×7 stem with stride 2, maxima of 3×3 pixels with stride 2, four stages with
// strides 1, 2, 2 and 2, which bottlenecks have in their 3×3 convolution, shortcuts that are 1×1 convolutions where the shape
// changes (option B), global average pooling. Parameters have torchvision's names. It takes images of any size of at least
// 1×1; they are usually 224×224.
type ResNet struct {
	residual
	settings ResNetSettings
}

// blocksOf are the numbers of blocks of the stages, by depth.
var blocksOf = map[int][4]int{18: {2, 2, 2, 2}, 34: {3, 4, 6, 3}, 50: {3, 4, 6, 3}, 101: {3, 4, 23, 3}, 152: {3, 8, 36, 3}}

// NewResNet returns a network with fresh weights. Settings no ResNet can have are an error.
func NewResNet(s ResNetSettings) (*ResNet, error) {
	s = s.filled()
	blocks, ok := blocksOf[s.Depth]
	if !ok {
		return nil, fmt.Errorf("backbone: a ResNet has depth 18, 34, 50, 101 or 152, not %d: those of depth 6n+2 are CIFAR ResNets", s.Depth)
	}
	const kind = "a ResNet"
	if err := cmp.Or(checkSizes(kind, mostChannels, "width, channels, groups and group width", s.Width, s.Channels, s.Groups, s.GroupWidth),
		checkSizes(kind, mostBranches, "branches", s.Branches)); err != nil {
		return nil, err
	}
	if !s.bottlenecks() && (s.Groups != 1 || s.GroupWidth != s.Width) {
		return nil, fmt.Errorf("backbone: groups %d of width %d are of bottlenecks: depth %d has basic blocks, use 50, 101 or 152",
			s.Groups, s.GroupWidth, s.Depth)
	}
	return build(kind, s.weights(), func() *ResNet { return newResNet(s, blocks) })
}

// weights is how many a network has at least: those of the stem, and for each branch those of the last block.
func (s ResNetSettings) weights() float64 {
	width, inner := float64(s.Width), 8*float64(s.Groups)*float64(s.GroupWidth)
	last := 9 * 64 * width * width
	if s.bottlenecks() {
		last = 9*8*inner*float64(s.GroupWidth) + 64*inner*width
	}
	return 49*float64(s.Channels)*width + float64(s.Branches)*last
}

// newResNet builds a network of settings that were checked.
func newResNet(s ResNetSettings, blocks [4]int) *ResNet {
	rng := rand.New(rand.NewPCG(s.Seed, 0x7265736e6574))
	r := &ResNet{residual{stem: newConvBN(s.Channels, s.Width, 7, 2, 1, true, rng), pool: true}, s}
	in := s.Width
	for i, n := range blocks {
		out, branches := s.Width<<i, 1
		if s.bottlenecks() {
			out *= 4
		}
		if i == len(blocks)-1 {
			branches = s.Branches
		}
		r.add(n, branches, func(first bool) block {
			from, stride := out, 1
			if first {
				from, stride = in, min(i+1, 2)
			}
			if s.bottlenecks() {
				return newBottleneck(from, s.GroupWidth<<i*s.Groups, out, stride, s.Groups, rng)
			}
			return newBasicBlock(from, out, stride, true, rng)
		})
		in = out
	}
	r.width = in
	if s.ZeroLast {
		for _, stage := range append(r.stages, r.branches) {
			for _, b := range stage {
				b.last().Weight.Value.Zero()
			}
		}
	}
	return r
}

// filled has zero values replaced by what they mean.
func (s ResNetSettings) filled() ResNetSettings {
	fill := func(v *int, otherwise int) {
		if *v == 0 {
			*v = otherwise
		}
	}
	fill(&s.Depth, 50)
	fill(&s.Width, 64)
	fill(&s.Channels, 3)
	fill(&s.Groups, 1)
	fill(&s.GroupWidth, s.Width)
	fill(&s.Branches, 1)
	return s
}

func (s ResNetSettings) bottlenecks() bool { return s.Depth >= 50 }

// Describe returns "resnet" and the ResNetSettings, zero values filled in.
func (r *ResNet) Describe() (name string, settings any) { return "resnet", r.settings }

// String is as in "ResNet-50", "ResNeXt-50 (32×4d)" or "ResNet-50, group width 128", with width, channels and branches where
// they are not the usual ones.
func (r *ResNet) String() string {
	s := r.settings
	text := fmt.Sprintf("ResNet-%d", s.Depth)
	switch {
	case s.Groups > 1:
		text = fmt.Sprintf("ResNeXt-%d (%d×%dd)", s.Depth, s.Groups, s.GroupWidth)
	case s.GroupWidth != s.Width:
		text += fmt.Sprintf(", group width %d", s.GroupWidth)
	}
	for _, other := range []struct {
		name         string
		value, usual int
	}{{"width", s.Width, 64}, {"channels", s.Channels, 3}, {"branches", s.Branches, 1}} {
		if other.value != other.usual {
			text += fmt.Sprintf(", %s %d", other.name, other.value)
		}
	}
	return text
}
