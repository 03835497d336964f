package onnx

import (
	"fmt"

	"github.com/longtail-ml/longtail/hybrid"
)

// Settings say what a file is like. The zero value takes any number of normalised images [N, H, W, C] or features [N, D] as
// "input", and gives their "logits" [N, classes].
type Settings struct {
	// Batch is the number of images that are predicted at once. 0: any number.
	Batch int
	// NCHW makes the input channels first, [N, C, H, W], which is usual in other programs.
	NCHW bool
	// Normalize puts the network's normalisation inside: pixels come as numbers from 0 to 255, features as they are.
	Normalize bool
	// Softmax gives "probabilities" in place of logits.
	Softmax bool
	// Embeddings adds the output "embeddings", the unit embeddings [N, D] of the projection head.
	Embeddings bool
	// Features adds the output "features", what the backbone makes of images, [N, F].
	Features bool
	// FoldBatchNorm makes batch norm a part of the convolution before it. The file is somewhat smaller, and cannot be trained
	// further as the network could.
	FoldBatchNorm bool
	// Operations gives ONNX forms to operations of your own, by the name that autograd.Op was given. It may replace those of
	// this library.
	Operations map[string]Operation
}

func (s Settings) check(n *hybrid.Network) error {
	switch {
	case s.Batch < 0:
		return fmt.Errorf("Settings.Batch is %d: it must be at least 1, or 0 for any number of images", s.Batch)
	case s.NCHW && n.Input().Features > 0:
		return fmt.Errorf("Settings.NCHW is for images, and the network takes %s", n.Input())
	case s.Embeddings && n.Projection == nil:
		return fmt.Errorf("Settings.Embeddings: the network was made without a projection head; Settings.Features gives what the backbone makes of images")
	}
	return nil
}
