package loss

import (
	"cmp"
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/prototype"
)

// MultiPrototypicalContrastive is the PSC loss with M prototypes a class (arXiv 2103.14267). With s_c^m the inner product
// of the embedding and prototype m of class c over the temperature,
//
//	L_i = −1/M Σ_m w_m log( e^{s_y^m} / Σ_{c≠y} Σ_m' e^{s_c^m'} ),   w_m = e^{s_y^m} / Σ_m' e^{s_y^m'}
//
// averaged over the rows; w takes no gradient. The paper leaves the affinity w open; Nearest is the other reading, the
// term of the nearest prototype of the class alone. With M = 1 both are PrototypicalContrastive.
type MultiPrototypicalContrastive struct {
	// Bank has PerClass prototypes for each class, class by class.
	Bank prototype.Bank
	// PerClass M; 0 means 1.
	PerClass int
	// Temperature τ; 0 means the paper's, as in PrototypicalContrastive.
	Temperature float64
	// Nearest takes L_i = −max_m log(…) in place of the weighted mean.
	Nearest bool
	// IncludeOwn keeps the row's own class in the denominator.
	IncludeOwn bool
}

// Needs asks for embeddings.
func (l *MultiPrototypicalContrastive) Needs() Needs { return Needs{Embedding: true} }

// Prepare checks the settings against the number of classes.
func (l *MultiPrototypicalContrastive) Prepare(classCounts []int) error {
	const name = "multi-prototype contrastive"
	if l.PerClass < 0 {
		return fmt.Errorf("loss: %s: PerClass %d must be at least 1, or 0 for 1", name, l.PerClass)
	}
	if len(classCounts) < 2 {
		return fmt.Errorf("loss: %s: %d class: there must be another class to contrast with", name, len(classCounts))
	}
	if err := checkBank(name, "Bank", l.Bank, len(classCounts), cmp.Or(l.PerClass, 1)); err != nil {
		return err
	}
	return checkPositive(name, "Temperature", l.Temperature, psc)
}

// Visit shows the prototypes.
func (l *MultiPrototypicalContrastive) Visit(v nn.Visitor) { v.Sub("prototypes", l.Bank) }

// Forward returns the loss. No rows give 0.
func (l *MultiPrototypicalContrastive) Forward(in Input) (*autograd.Var, Stats) {
	const op = "loss.MultiPrototypicalContrastive"
	check(op, in.Embedding, in)
	noMix(op, in)
	if l.Bank == nil || l.PerClass < 0 {
		mustPrepare(op, l.Prepare(nil))
	}
	mustPrepare(op, checkPositive("multi-prototype contrastive", "Temperature", l.Temperature, psc))
	prototypes := l.Bank.Vectors(in.Embedding.Tape())
	m := cmp.Or(l.PerClass, 1)
	classes := prototypes.Dim(0) / m
	checkLabels(op, in.Labels, classes)
	if prototypes.Dim(0)%m != 0 || classes < 2 {
		mustPrepare(op, l.Prepare(make([]int, classes)))
	}
	s := columns{v: similarities(op, "prototypes", in.Embedding, prototypes), temperature: pscTemperature(l.Temperature, classes)}
	y, anchors := contrastColumns(op, []columns{s}, func(i int, r *row) {
		at := in.Labels[i] * m
		own := r.x[at : at+m]
		best, sum := 0, 0.0
		for k, v := range own {
			if v > own[best] {
				best = k
			}
		}
		for _, v := range own {
			sum += math.Exp(float64(v - own[best]))
		}
		for k, v := range own {
			switch {
			case !l.Nearest:
				r.add(at+k, float32(math.Exp(float64(v-own[best]))/sum/float64(m)))
			case k == best:
				r.add(at+k, 1)
			}
		}
		if !l.IncludeOwn {
			for k := range own {
				own[k] = minusInf
			}
		}
	})
	observeBank(l.Bank, in)
	return y, Stats{Anchors: anchors, ZeroRows: zeroRows(in.Embedding)}
}
