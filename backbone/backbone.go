// Package backbone has the networks that turn an image into a feature, shared by the branches of a hybrid network.
//
// Convolutional backbones take [N, H, W, C] and return [N, OutDim]. Their parameters have PyTorch's names.
// On a tape with Mode.Recompute, ResNets keep only the inputs of their blocks for Backward; without gradients they always
// do.
//
// A Branched backbone has its last part several times, as BBN needs.
package backbone

import (
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
)

// Backbone is a module that maps a batch of inputs to features [N, OutDim].
type Backbone interface {
	nn.Module
	// OutDim is the width of the feature.
	OutDim() int
}

// Branched is a Backbone whose last part is there several times, for samples of different kinds, as in BBN (arXiv
// 1912.02413), or for experts (RIDE, arXiv 2010.01809). Its features are those of the branches side by side, the same number of each; Forward gives an image to all
// of them and weighs them alike, by 1/Branches.
type Branched interface {
	Backbone
	// Branches is their number.
	Branches() int
	// Branch returns the features [N, OutDim/Branches] of images by branch i alone, unweighted.
	Branch(i int, x *autograd.Var) *autograd.Var
}
