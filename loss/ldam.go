package loss

import (
	"cmp"
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
)

// LDAM is the label-distribution-aware margin loss (arXiv 1906.07413) for a classifier of cosines x (nn.Cosine):
//
//	L = CE( s·(x − m_y·onehot(y)) ),   m_c = MaxMargin · n_c^{−1/4} / max_j n_j^{−1/4}
//
// so that the rarer the label, the wider the margin asked for. Prepare computes the margins; evaluation uses the logits
// as they are: those that are cosines alone make flat probabilities, of ten classes none above 45%. Under Input.Mix it is
// the blend of the two labels' losses, each with its own margin.
type LDAM struct {
	// MaxMargin is the margin of the rarest class, in cosines; 0 means the paper's 0.5, Off means 0.
	MaxMargin float64
	// Scale s; 0 means the paper's 30.
	Scale float64 `set:"-"`
	// Scaled says that the logits are s·x, of an nn.Cosine of that Scale, and not x.
	Scaled bool `set:"-"`
	// Reweight weighs the classes by ClassBalancedWeights of Beta, and divides by the sum of the rows' weights, as
	// LDAM-DRW does late: see DRW.
	Reweight bool `set:"-"`
	// Beta β of Reweight, as in ClassBalanced: 0 means 0.9999, Off weighs all classes alike.
	Beta float64

	margins, weights []float64
}

// Needs asks for logits.
func (l *LDAM) Needs() Needs { return Needs{Logits: true} }

// Prepare computes margins and weights. A class without images is an error.
func (l *LDAM) Prepare(classCounts []int) (err error) {
	if err := checkSetting("LDAM", "MaxMargin", l.MaxMargin, 0.5); err != nil {
		return err
	}
	if err := checkPositive("LDAM", "Scale", l.Scale, "30"); err != nil {
		return err
	}
	if l.Beta != 0 && !l.Reweight {
		return fmt.Errorf("loss: LDAM: Beta %v has no effect without Reweight: set it, or leave Beta out", l.Beta)
	}
	if err := checkCounts("LDAM", classCounts); err != nil {
		return err
	}
	l.margins = make([]float64, len(classCounts))
	largest := 0.0
	for c, n := range classCounts {
		l.margins[c] = 1 / math.Sqrt(math.Sqrt(float64(n)))
		largest = max(largest, l.margins[c])
	}
	for c := range l.margins {
		l.margins[c] *= setting(l.MaxMargin, 0.5) / largest
	}
	if l.weights = nil; l.Reweight {
		l.weights, err = ClassBalancedWeights(classCounts, setting(l.Beta, 0.9999))
	}
	return err
}

// Forward returns the loss. No rows give 0. It panics with *tensor.Error unless Prepare has been called.
func (l *LDAM) Forward(in Input) (*autograd.Var, Stats) {
	const op = "loss.LDAM"
	classes := checkLogits(op, in)
	mustKnowClasses(op, len(l.margins), classes)
	scale := cmp.Or(l.Scale, 30)
	by := scale // of the logits
	if l.Scaled {
		by = 1
	}
	logp := make([]float64, classes)
	return meanOverLabels(op, in, l.weights, WeightedMean, func(x []float32, y int, share float64, dx []float64) float64 {
		for j, v := range x {
			logp[j] = by * float64(v)
		}
		logp[y] -= scale * l.margins[y]
		logSoftmax(logp)
		for j, lp := range logp {
			dx[j] += share * by * math.Exp(lp)
		}
		dx[y] -= share * by
		return -logp[y]
	})
}
