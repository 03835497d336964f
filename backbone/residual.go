package backbone

import (
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// residual is what the ResNets have in common: a stem, stages of blocks, global average pooling.
type residual struct {
	stem     *nn.ConvBN
	pool     bool // maxima of 3×3 pixels with stride 2 behind the stem
	stages   [][]block
	branches []block // in place of the last block of the last stage; nil, or at least two
	width    int     // of a branch's features
}

// add puts blocks behind those of the last stage: n of them that newBlock makes, the very last as often as there are
// branches if the stage is the final one.
func (r *residual) add(n int, branches int, newBlock func(first bool) block) {
	var stage []block
	for j := range n {
		if j == n-1 && branches > 1 {
			for range branches {
				r.branches = append(r.branches, newBlock(j == 0))
			}
			break
		}
		stage = append(stage, newBlock(j == 0))
	}
	r.stages = append(r.stages, stage)
}

// OutDim is the width of the last stage's channels, for each branch.
func (r *residual) OutDim() int { return r.width * r.Branches() }

// Branches is 1 or that of the settings.
func (r *residual) Branches() int { return max(len(r.branches), 1) }

// Forward returns the features [N, OutDim] of images [N, H, W, C].
func (r *residual) Forward(x *autograd.Var) *autograd.Var {
	x = r.trunk(x)
	if r.branches == nil {
		return nn.GlobalAvgPool2d(x)
	}
	features := make([]*autograd.Var, len(r.branches))
	for i, b := range r.branches {
		features[i] = nn.GlobalAvgPool2d(lean(x, b.forward))
	}
	return autograd.Scale(autograd.Columns(features...), 1/float64(len(features)))
}

// Branch returns the features [N, OutDim/Branches] of images [N, H, W, C] by branch i. It panics with *tensor.Error if
// there is no such branch.
func (r *residual) Branch(i int, x *autograd.Var) *autograd.Var {
	if i < 0 || i >= r.Branches() {
		panic(&tensor.Error{Op: "backbone.Branch", Detail: fmt.Sprintf("no branch %d: there are %d", i, r.Branches())})
	}
	if x = r.trunk(x); r.branches != nil {
		x = lean(x, r.branches[i].forward)
	}
	return nn.GlobalAvgPool2d(x)
}

// trunk is what the branches share. In prediction, parts of the batch go through the stem and the first stage one after the
// other, so that the largest images stay in the caches.
func (r *residual) trunk(x *autograd.Var) *autograd.Var {
	some := r.part(x)
	if some == 0 {
		return run(r.start(x), r.stages)
	}
	var parts []*autograd.Var
	for n, i := x.Shape()[0], 0; i < n; i += some {
		parts = append(parts, run(r.start(autograd.Rows(x, i, min(n, i+some))), r.stages[:1]))
	}
	return run(autograd.Concat(parts...), r.stages[1:])
}

// part is how many images go through the first stage at a time, or 0 for all.
func (r *residual) part(x *autograd.Var) int {
	m, s := x.Tape().Mode(), x.Shape()
	if len(s) != 4 || !r.pool || !m.NoGrad || m.Train || m.Trace {
		return 0
	}
	const most = 1 << 22 // values of the stage's results
	parts := (s[0]*((s[1]+3)/4)*((s[2]+3)/4)*(r.width>>(len(r.stages)-1)) + most - 1) / most
	if parts < 2 {
		return 0
	}
	return (s[0] + parts - 1) / parts
}

// start is the stem.
func (r *residual) start(x *autograd.Var) *autograd.Var {
	return lean(x, func(x *autograd.Var) *autograd.Var {
		y := r.stem.Forward(x)
		if r.pool {
			x = y
			y = nn.MaxPool2d(x, 3, 2, 1)
			x.Drop()
		}
		return y
	})
}

// run passes x through the blocks of stages.
func run(x *autograd.Var, stages [][]block) *autograd.Var {
	for _, stage := range stages {
		for _, b := range stage {
			y := lean(x, b.forward)
			x.Drop()
			x = y
		}
	}
	return x
}

// lean runs a part of the network, and keeps of it only its input and its result if the tape wants it so, or has no
// gradients.
func lean(x *autograd.Var, part func(*autograd.Var) *autograd.Var) *autograd.Var {
	if m := x.Tape().Mode(); m.Recompute || m.NoGrad {
		return autograd.Recompute(x, part)
	}
	return part(x)
}

// Visit shows conv1, bn1, layer1.0.conv1, layer1.0.bn1 and so on, torchvision's names; branches as branch1, branch2, ….
func (r *residual) Visit(v nn.Visitor) {
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
