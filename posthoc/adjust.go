package posthoc

import (
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/tensor"
)

// AdjustLogits returns x_c − tau·log q_c of logits [N, C], with q_c the fraction of the training images in class c (arXiv
// 2007.07314): for a model trained by plain cross-entropy, tau 1 turns the odds of the training distribution into those
// of a uniform one. counts are the numbers of training images; a class without any has no q and is an error.
func AdjustLogits(logits *tensor.Tensor, counts []int, tau float64) (*tensor.Tensor, error) {
	if err := checkMatrix("logits", logits); err != nil {
		return nil, err
	}
	classes := logits.Dim(1)
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
	out := tensor.New(logits.Shape()...)
	for i, x := range logits.Data() {
		out.Data()[i] = float32(float64(x) - shift[i%classes])
	}
	return out, nil
}
