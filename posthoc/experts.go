package posthoc

import (
	"errors"
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// ExpertLogits returns the logits [N, C] of each of several experts of features [N, experts·F], which a backbone.Branched gives side
// by side. head is the classifier of the network, such as an *nn.Linear or *nn.Cosine.
func ExpertLogits(head nn.Ensemble, features *tensor.Tensor, experts int) (all []*tensor.Tensor, err error) {
	switch h := head.(type) {
	case nil:
		err = errors.New("posthoc: no head: give the classifier of the trained network")
	case *nn.Linear:
		err = checkHead(h)
	case *nn.Cosine:
		if h == nil || h.Weight == nil {
			err = errors.New("posthoc: a head without weights: give the classifier of the trained network")
		}
	}
	if err != nil {
		return nil, err
	}
	if experts < 2 {
		return nil, fmt.Errorf("posthoc: %d experts: there must be at least 2", experts)
	}
	if err := checkMatrix("features", features); err != nil {
		return nil, err
	}
	err = tensor.Try(func() error {
		tape := autograd.NewTape(autograd.Mode{NoGrad: true})
		for _, x := range head.Each(tape.Const(features), experts) {
			all = append(all, x.Value().Clone())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, checkExperts("logits", all)
}

// checkExperts reports logits that are not those of several experts.
func checkExperts(name string, all []*tensor.Tensor) error {
	if len(all) < 2 {
		return fmt.Errorf("posthoc: %s of %d experts: there must be at least 2", name, len(all))
	}
	for e, x := range all {
		if err := checkMatrix(fmt.Sprintf("%s of expert %d", name, e), x); err != nil {
			return err
		}
		if !x.Shape().Equal(all[0].Shape()) {
			return fmt.Errorf("posthoc: %s of expert %d are of shape %v, those of expert 0 %v: they must be alike", name, e, x.Shape(), all[0].Shape())
		}
	}
	return nil
}

// WeighExperts returns the head whose logits are the weighted mean Σ w_e x_e of those of the experts, which have an equal part of its
// columns each; head gives their plain mean. Weights that do not sum to 1 are divided by their sum.
func WeighExperts(head *nn.Linear, weights []float64) (*nn.Linear, error) {
	if err := checkHead(head); err != nil {
		return nil, err
	}
	sum := 0.0
	for e, w := range weights {
		if !(w >= 0) || math.IsInf(w, 0) {
			return nil, fmt.Errorf("posthoc: weight %v of expert %d must be finite and not negative", w, e)
		}
		sum += w
	}
	width := head.Weight.Value.Dim(1)
	if n := len(weights); n == 0 || width%n != 0 || !(sum > 0) || math.IsInf(sum, 0) {
		return nil, fmt.Errorf("posthoc: weights %v for a head of %d columns: each expert has an equal part of them, and one must count", weights, width)
	}
	out := &nn.Linear{Weight: autograd.NewParam(head.Weight.Value.Clone()), Bias: head.Bias}
	if head.Bias != nil {
		out.Bias = autograd.NewParam(head.Bias.Value.Clone())
	}
	each := width / len(weights)
	for i, v := range out.Weight.Value.Data() {
		out.Weight.Value.Data()[i] = float32(float64(v) * float64(len(weights)) * weights[i%width/each] / sum)
	}
	if err := checkMatrix("weighed weights", out.Weight.Value); err != nil {
		return nil, err
	}
	return out, nil
}
