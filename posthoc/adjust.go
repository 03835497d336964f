package posthoc

import (
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// AdjustLogits returns x_c − tau·log q_c of logits [N, C], with q_c the fraction of the training images in class c (arXiv
// 2007.07314): for a model trained by plain cross-entropy, tau 1 turns the odds of the training distribution into those
// of a uniform one. counts are the numbers of training images; a class without any has no q and is an error.
func AdjustLogits(logits *tensor.Tensor, counts []int, tau float64) (*tensor.Tensor, error) {
	if err := checkMatrix("logits", logits); err != nil {
		return nil, err
	}
	shift, err := adjustment(counts, tau, logits.Dim(1))
	if err != nil {
		return nil, err
	}
	out := tensor.New(logits.Shape()...)
	for i, x := range logits.Data() {
		out.Data()[i] = float32(float64(x) - shift[i%len(shift)])
	}
	if err := checkMatrix(fmt.Sprintf("logits adjusted by tau %g", tau), out); err != nil {
		return nil, err
	}
	return out, nil
}

// AdjustHead returns head with tau·log q_c taken from its bias: a head whose logits are those of AdjustLogits. Its errors
// are those of AdjustLogits.
func AdjustHead(head *nn.Linear, counts []int, tau float64) (*nn.Linear, error) {
	if err := checkHead(head); err != nil {
		return nil, err
	}
	w := head.Weight.Value.Clone()
	shift, err := adjustment(counts, tau, w.Dim(0))
	if err != nil {
		return nil, err
	}
	bias := tensor.New(len(shift))
	if head.Bias != nil {
		bias = head.Bias.Value.Clone()
	}
	for c, s := range shift {
		bias.Data()[c] = float32(float64(bias.Data()[c]) - s)
	}
	if err := checkMatrix(fmt.Sprintf("biases adjusted by tau %g", tau), bias.Reshape(1, len(shift))); err != nil {
		return nil, err
	}
	return &nn.Linear{Weight: autograd.NewParam(w), Bias: autograd.NewParam(bias)}, nil
}

// adjustment returns tau·log q of each class.
func adjustment(counts []int, tau float64, classes int) ([]float64, error) {
	if len(counts) != classes {
		return nil, fmt.Errorf("posthoc: %d training counts for logits of %d classes: give one for each", len(counts), classes)
	}
	if math.IsNaN(tau) || math.IsInf(tau, 0) {
		return nil, fmt.Errorf("posthoc: adjusting logits with tau %g: it must be finite; 1 is usual", tau)
	}
	total := 0.0
	for _, n := range counts {
		total += float64(n)
	}
	shift := make([]float64, classes)
	for c, n := range counts {
		if n < 1 {
			return nil, fmt.Errorf("posthoc: class %d has %d training images: its logit cannot be adjusted, leave the class out", c, n)
		}
		shift[c] = tau * math.Log(float64(n)/total)
	}
	return shift, nil
}
