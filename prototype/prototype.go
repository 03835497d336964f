// Package prototype has banks of class prototypes: unit vectors in the embedding space, one or several for each class,
// that prototypical losses (arXiv 2103.14267) compare embeddings with.
//
// Prototypes are learned (Learnable, ClassifierRows), follow the embeddings (MovingAverage, ClassMean), or stay where they
// are (Fixed, Targets). Those that follow are Observers: losses tell them what a step saw once it is kept, so that a
// forward pass changes nothing. All state is shown by Visit. Rows are class-major: with M prototypes a class, row c·M+m is
// prototype m of class c.
package prototype

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// Bank gives the prototypes of a step.
type Bank interface {
	nn.Visitable
	// Vectors returns unit rows [C·M, D]: rows c·M to c·M+M−1 are the prototypes of class c, most often one.
	Vectors(t *autograd.Tape) *autograd.Var
}

// Observer is a Bank that follows the embeddings.
type Observer interface {
	// Observe is told the unit embeddings [R, D] of a step that is kept, and their labels. epochEnds says that it was the
	// epoch's last step.
	Observe(embedding *tensor.Tensor, labels []int, epochEnds bool)
}

// Settings are what banks with prototypes in random directions are made of.
type Settings struct {
	Classes, Dim int
	PerClass     int    // prototypes a class, M; 0 means 1
	Seed         uint64 // of the directions
}

// Off is a setting of 0, where the zero value of the field stands for another.
const Off = -1

// start returns the prototypes, in random directions.
func (s Settings) start() (*tensor.Tensor, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return directions(s.rows(), s.Dim, random(s.Seed)), nil
}

// random is the randomness of a seed.
func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x707363)) }

func (s Settings) rows() int { return s.Classes * max(s.PerClass, 1) }

func (s Settings) check() error {
	if s.PerClass < 0 {
		return fmt.Errorf("prototype: PerClass %d must not be negative", s.PerClass)
	}
	return checkExtent("classes", s.Classes, s.Dim, max(s.PerClass, 1))
}

// mostValues is what a bank may hold, 4 GiB: hundreds of times what any data set needs.
const mostValues = 1 << 30

// checkExtent reports sizes that no bank has: below 1, or so large that they are a mistake.
func checkExtent(what string, n, dim, perClass int) error {
	if n < 1 || dim < 1 {
		return fmt.Errorf("prototype: %d %s of dimension %d: both must be at least 1", n, what, dim)
	}
	if float64(n)*float64(dim)*float64(perClass) > mostValues {
		return fmt.Errorf("prototype: %d %s of dimension %d, %d each, are more than the %d values that a bank may hold", n, what, dim, perClass, mostValues)
	}
	return nil
}

// directions returns random unit rows.
func directions(rows, dim int, rng *rand.Rand) *tensor.Tensor {
	x := tensor.New(rows, dim)
	v := make([]float64, dim)
	for r := range rows {
		for {
			for k := range v {
				v[k] = rng.NormFloat64()
			}
			if setUnit(x.Data()[r*dim:(r+1)*dim], v) {
				break
			}
		}
	}
	return x
}

// setUnit sets dst to v over its norm, or leaves it if v has no direction: a norm that is 0 or not finite.
func setUnit(dst []float32, v []float64) bool {
	sum := 0.0
	for _, x := range v {
		sum += x * x
	}
	norm := math.Sqrt(sum)
	if !(norm > nn.NormEpsilon) || math.IsInf(norm, 1) {
		return false
	}
	for k, x := range v {
		dst[k] = float32(x / norm)
	}
	return true
}
