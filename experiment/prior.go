package experiment

import (
	"fmt"
	"math"
	"slices"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/tensor"
)

// PriorSettings say to which distribution of the classes probabilities are adjusted (posthoc.AdjustToPrior).
type PriorSettings struct {
	Target []float64 // a weight for each class of the model; nil: posthoc.EstimatePrior from the images, without their labels
	Model  []float64 // under which the model's own probabilities are right; nil means OwnPrior
}

// UnderPrior is what an adjustment was, and what it changed.
type UnderPrior struct {
	Estimated bool         `json:"estimated"`        // from the images, else given
	Rounds    int          `json:"rounds,omitempty"` // of the estimation
	Converged bool         `json:"converged"`        // false: the estimation ended by its number of rounds
	Target    []float64    `json:"target"`           // shares of the classes
	Model     []float64    `json:"model"`            // under which the model's own probabilities are right
	ModelIs   string       `json:"model_is"`         // how that is known
	Top1Under metrics.Rate `json:"top1_under"`       // what top-1 would be, were the images distributed as in Target
	Without   Unadjusted   `json:"without"`
}

// Unadjusted are figures without the adjustment.
type Unadjusted struct {
	Top1      metrics.Rate `json:"top1"`
	Balanced  metrics.Rate `json:"balanced_accuracy"`
	Top1Under metrics.Rate `json:"top1_under"`
	ECE       metrics.Rate `json:"ece"`
	NLL       float64      `json:"nll"`
}

// asTrained are the methods whose probabilities are right where classes are distributed as in training, and unsure those that are
// somewhere between; others serve all classes alike.
var asTrained, unsure = []string{"ce", "focal", "sam", "imbsam"}, []string{"remix", "cmo", "ride", "tau-norm", "ncm"}

// OwnPrior is the distribution under which a model's probabilities are right, by the method that trained it, and how that is known:
// that of the training images for plain cross-entropy, and uniform for methods that serve all classes alike.
func OwnPrior(about hybrid.About, classes int) ([]float64, string, error) {
	switch {
	case about.Method == "" || slices.Contains(unsure, about.Method):
		name := about.Method
		if name == "" {
			name = "no method that is known"
		}
		return nil, "", fmt.Errorf("experiment: the model was trained by %s, which does not tell under which prior its probabilities are right: say it, "+
			"train for plain cross-entropy, uniform for a loss that makes up for the class counts", name)
	case !slices.Contains(asTrained, about.Method):
		return slices.Repeat([]float64{1}, classes), "uniform, as " + about.Method + " serves all classes alike", nil
	case about.Counts == nil:
		return nil, "", fmt.Errorf("experiment: the model was trained by %s, and does not say on how many images of each class: say its prior", about.Method)
	}
	return TrainingPrior(about), "that of the training images, as " + about.Method + " does not change it", nil
}

// TrainingPrior is the distribution of the images that a model was made from; nil if it does not say.
func TrainingPrior(about hybrid.About) (all []float64) {
	for _, n := range about.Counts {
		all = append(all, float64(n))
	}
	return all
}

// evaluate counts adjusted probabilities in f. each shows those of the images.
func (s *PriorSettings) evaluate(each func(func(i int, p []float32) error) error, images dataset.Dataset, about hybrid.About, classes int, f *figures) (*UnderPrior, error) {
	u := &UnderPrior{Estimated: s.Target == nil, Converged: true, ModelIs: "given"}
	own, target := s.Model, s.Target
	var err error
	if own == nil {
		if own, u.ModelIs, err = OwnPrior(about, classes); err != nil {
			return nil, err
		}
	}
	if s.Target == nil {
		logits := tensor.New(images.Len(), classes)
		if err := each(func(i int, p []float32) error { toLogits(logits.Rows(i, i+1).Data(), p); return nil }); err != nil {
			return nil, err
		}
		e, err := posthoc.EstimatePrior(logits, own, posthoc.PriorSettings{})
		if err != nil {
			return nil, err
		}
		target, u.Rounds, u.Converged = e.Prior, e.Rounds, e.Converged
		row := make([]float32, classes)
		each = func(do func(i int, p []float32) error) error { // the network need not be run again
			for i := range images.Len() {
				for c, x := range logits.Rows(i, i+1).Data() {
					row[c] = float32(math.Exp(float64(x)))
				}
				if err := do(i, row); err != nil {
					return err
				}
			}
			return nil
		}
	}
	shift, err := posthoc.PriorShift(own, target)
	if err != nil {
		return nil, err
	}
	if len(shift) != classes {
		return nil, fmt.Errorf("experiment: a prior of %d classes for a model of %d: give a weight for each", len(shift), classes)
	}
	u.Model, u.Target = shares(own), shares(target)
	before, err := newFigures(classes)
	if err != nil {
		return nil, err
	}
	adjusted := make([]float32, classes)
	err = each(func(i int, p []float32) error {
		if err := before.add(images.Label(i), p); err != nil {
			return err
		}
		shifted(adjusted, p, shift)
		return f.add(images.Label(i), adjusted)
	})
	if err != nil {
		return nil, err
	}
	b := before.confusion
	u.Without = Unadjusted{Top1: b.Top1(), Balanced: b.BalancedAccuracy(), ECE: metrics.ECE(before.calibration.Bins()), NLL: before.nll / float64(images.Len())}
	if u.Without.Top1Under, err = b.Top1Under(u.Target); err != nil {
		return nil, err
	}
	u.Top1Under, err = f.confusion.Top1Under(u.Target)
	return u, err
}

// toLogits takes logarithms; what has underflowed is as small as can be.
func toLogits(dst, p []float32) {
	for c, v := range p {
		dst[c] = float32(math.Log(max(float64(v), math.SmallestNonzeroFloat32)))
	}
}

// shifted are the probabilities p_c·e^shift_c, scaled to 1.
func shifted(dst, p []float32, shift []float64) {
	high, sum := math.Inf(-1), 0.0
	for c, v := range p {
		high = max(high, math.Log(max(float64(v), math.SmallestNonzeroFloat32))+shift[c])
	}
	weight := make([]float64, len(p))
	for c, v := range p {
		weight[c] = math.Exp(math.Log(max(float64(v), math.SmallestNonzeroFloat32)) + shift[c] - high)
		sum += weight[c]
	}
	for c, w := range weight {
		dst[c] = float32(w / sum)
	}
}

// shares scales weights to the sum 1; they have been checked.
func shares(weights []float64) []float64 {
	largest, sum := slices.Max(weights), 0.0
	all := make([]float64, len(weights))
	for c, w := range weights {
		all[c] = w / largest
		sum += all[c]
	}
	for c := range all {
		all[c] /= sum
	}
	return all
}
