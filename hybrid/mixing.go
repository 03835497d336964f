package hybrid

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/tensor"
)

// Mixing is the Mixer of augment.Mixup (arXiv 1710.09412), augment.CutMix (arXiv 1905.04899) or another Blender: it
// blends the rows of each view among themselves, with partners and a weight of the view's own.
type Mixing struct{ Blender augment.Blender }

// Mix blends images [R, H, W, C], or features [R, D], in place. It panics with *tensor.Error if the Blender reports an error.
func (m Mixing) Mix(images *tensor.Tensor, labels []int, views int, rng *rand.Rand) *loss.Mix {
	n := len(labels) / views
	mix := &loss.Mix{Labels: make([]int, len(labels)), Weight: make([]float32, len(labels))}
	for v := range views {
		partner, weight, err := m.Blender.Blend(Blendable(images.Rows(v*n, (v+1)*n)), rng)
		if err != nil {
			panic(&tensor.Error{Op: "hybrid.Mixing", Shapes: []tensor.Shape{images.Shape()}, Detail: err.Error()})
		}
		for i, j := range partner {
			mix.Labels[v*n+i], mix.Weight[v*n+i] = labels[v*n+j], float32(weight)
		}
	}
	return mix
}

// Blendable is normalised images [R, H, W, C], or features [R, D], as blenders take them: features are images of one pixel.
func Blendable(images *tensor.Tensor) augment.Batch {
	s := images.Shape()
	b := augment.Batch{Values: images.Data(), Images: s[0], Height: 1, Width: 1, Channels: s[1:].Len()}
	if len(s) == 4 {
		b.Height, b.Width, b.Channels = s[1], s[2], s[3]
	}
	return b
}

// Validate reports a Blender that is missing or whose settings make no sense.
func (m Mixing) Validate() error {
	if m.Blender == nil {
		return fmt.Errorf("hybrid: Mixing.Blender is nil: use augment.Mixup or augment.CutMix")
	}
	if v, ok := m.Blender.(validator); ok {
		return v.Validate()
	}
	return nil
}

// validator is a Mixer or a Blender that can tell whether its settings make sense.
type validator interface{ Validate() error }
