package posthoc

import (
	"errors"
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// Logits returns the logits [N, C] of features [N, D].
func Logits(head *nn.Linear, features *tensor.Tensor) (*tensor.Tensor, error) {
	if err := checkHead(head); err != nil {
		return nil, err
	}
	if err := checkMatrix("features", features); err != nil {
		return nil, err
	}
	if err := checkWidth(features, head.Weight.Value.Dim(1)); err != nil {
		return nil, err
	}
	var out *tensor.Tensor
	err := tensor.Try(func() error {
		tape := autograd.NewTape(autograd.Mode{NoGrad: true})
		out = head.Forward(tape.Const(features)).Value().Clone()
		return nil
	})
	return out, err
}

// checkHead reports a head without weights, and weights and a bias that do not fit each other or are not finite.
func checkHead(head *nn.Linear) error {
	if head == nil || head.Weight == nil {
		return errors.New("posthoc: no head: give the linear layer of the trained classifier")
	}
	if err := checkMatrix("weights", head.Weight.Value); err != nil {
		return err
	}
	if head.Bias == nil {
		return nil
	}
	classes, bias := head.Weight.Value.Dim(0), head.Bias.Value
	if bias == nil {
		return fmt.Errorf("posthoc: a head of %d classes with a bias without values: leave it out (nil) or give them", classes)
	}
	if bias.Len() != classes {
		return fmt.Errorf("posthoc: a head of %d classes with a bias of shape %v: it must be [%d]", classes, bias.Shape(), classes)
	}
	return checkMatrix("bias", head.Bias.Value.Reshape(1, classes))
}

func checkWidth(features *tensor.Tensor, width int) error {
	if features.Dim(1) != width {
		return fmt.Errorf("posthoc: features of width %d, the classifier is of width %d: both must come from one backbone",
			features.Dim(1), width)
	}
	return nil
}
