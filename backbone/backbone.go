// Package backbone has the networks that turn an image into a feature, shared by the branches of a hybrid network.
//
// Convolutional backbones take [N, H, W, C] and return [N, OutDim]. Their parameters have PyTorch's names.
package backbone

import "github.com/longtail-ml/longtail/nn"

// Backbone is a module that maps a batch of inputs to features [N, OutDim].
type Backbone interface {
	nn.Module
	// OutDim is the width of the feature.
	OutDim() int
}
