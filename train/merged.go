package train

import (
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/prototype"
)

const (
	mergedCosine = 0.9 // of prototypes that do not tell their classes apart: 26° between them
	mergedShare  = 0.2 // of the classes; fewer may be alike by nature
)

// warnOfMerged looks at the prototypes that losses train, after each epoch but those of the first quarter, in which they may pass
// one another, and warns once if those of many classes point where another class's do.
func (r *run) warnOfMerged() {
	if r.OnWarning == nil || 4*(r.at.Epoch+1) <= r.Epochs {
		return
	}
	k := 0
	for _, s := range r.Streams {
		for _, t := range s.Terms {
			w := &r.watches[k]
			k++
			l, ok := t.Loss.(interface{ Prototypes() prototype.Bank })
			if !ok || w.merged {
				continue
			}
			if merged := mergedClasses(l.Prototypes(), len(r.counts)); len(merged) > 1 && float64(len(merged)) >= mergedShare*float64(len(r.counts)) {
				w.merged = true
				r.warn(Warning{Kind: MergedPrototypes, At: r.at, Term: t.Name, Classes: merged})
			}
		}
	}
}

// mergedClasses are those one of whose prototypes is within mergedCosine of another class's. None are where the embeddings are too narrow
// for as many directions that are far from each other.
func mergedClasses(bank prototype.Bank, classes int) (merged []int) {
	if bank == nil {
		return nil
	}
	t := autograd.NewTape(autograd.Mode{NoGrad: true})
	v := bank.Vectors(t).Value()
	each := v.Dim(0) / classes
	if each == 0 || v.Dim(1)+1 < v.Dim(0) {
		return nil
	}
	c := autograd.MatMulT(t.Const(v), t.Const(v)).Value()
	for i := range v.Dim(0) {
		for j, cosine := range c.Rows(i, i+1).Data() {
			if j/each != i/each && cosine > mergedCosine {
				merged = append(merged, i/each)
				break
			}
		}
	}
	return slices.Compact(merged)
}
