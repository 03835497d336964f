package hybrid

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/tensor"
)

// Remix is the Mixer of arXiv 2007.03943: images are blended as Mixing does it, and where one of the two classes is far
// rarer, the label is the rarer one's alone, unless little of its image is left. With n_i and n_j images of the classes of
// a row and its partner and λ the share of the row's own image, its share of the label is
//
//	0  where n_i ≥ κ·n_j and λ < τ
//	1  where n_j ≥ κ·n_i and 1−λ < τ
//	λ  elsewhere
type Remix struct {
	Blender augment.Blender // the paper's is augment.Mixup{Alpha: 1}
	Counts  []int           // training images of each class: dataset.Counts
	Kappa   float64         // κ, at least 1; 0 means 3
	// Tau τ, in [0, 1]; 0 means 0.5, loss.Off means 0, which is Mixing.
	Tau float64
}

// Mix blends images [R, H, W, C], or features [R, D], in place. It panics with *tensor.Error if the Blender reports an error
// or Counts lacks a label.
func (m Remix) Mix(images *tensor.Tensor, labels []int, views int, rng *rand.Rand) *loss.Mix {
	for i, y := range labels {
		if y < 0 || y >= len(m.Counts) {
			panic(&tensor.Error{Op: "hybrid.Remix", Shapes: []tensor.Shape{{len(labels)}},
				Detail: fmt.Sprintf("label %d of row %d: Counts is of %d classes", y, i, len(m.Counts))})
		}
	}
	mix := Mixing{m.Blender}.Mix(images, labels, views, rng)
	for i, weight := range mix.Weight {
		mix.Weight[i] = float32(m.share(m.Counts[labels[i]], m.Counts[mix.Labels[i]], float64(weight)))
	}
	return mix
}

// share is that of the row's own label, for classes of n and other images and the weight λ of the row's image.
func (m Remix) share(n, other int, weight float64) float64 {
	kappa := cmp.Or(m.Kappa, 3)
	switch tau := m.tau(); {
	case float64(n) >= kappa*float64(other) && weight < tau:
		return 0
	case float64(other) >= kappa*float64(n) && 1-weight < tau:
		return 1
	}
	return weight
}

func (m Remix) tau() float64 {
	if m.Tau == loss.Off {
		return 0
	}
	return cmp.Or(m.Tau, 0.5)
}

// Validate reports settings that make no sense.
func (m Remix) Validate() error {
	if kappa := cmp.Or(m.Kappa, 3); !(kappa >= 1) || math.IsInf(kappa, 1) {
		return fmt.Errorf("hybrid: Remix.Kappa is %v: it must be finite and at least 1, or 0 for 3", m.Kappa)
	}
	if tau := m.tau(); !(tau >= 0 && tau <= 1) {
		return fmt.Errorf("hybrid: Remix.Tau is %v: it must be in [0, 1], 0 means 0.5 and loss.Off 0", m.Tau)
	}
	if len(m.Counts) == 0 {
		return fmt.Errorf("hybrid: Remix.Counts is empty: give it the training images of each class, dataset.Counts")
	}
	return Mixing{m.Blender}.Validate()
}
