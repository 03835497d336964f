package augment

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/dataset"
)

// ColorJitter changes brightness, contrast, saturation and hue, in random order, with probability P, as torchvision's
// ColorJitter does on PIL images. The factors of [Brightness], [Contrast] and [Color] are uniform in [max(0, 1−amount),
// 1+amount], the turn of [Hue] in ±amount; an amount of 0 leaves that property alone. The zero value never acts.
type ColorJitter struct {
	Brightness, Contrast, Saturation float64 // at least 0; 0.4 is usual
	Hue                              float64 // from 0 to 0.5; 0.1 is usual
	P                                float64 // from 0 to 1; 0.8 is usual
}

// Validate implements Validator.
func (j ColorJitter) Validate() error {
	for _, a := range []struct {
		name  string
		value float64
		most  float64
	}{{"Brightness", j.Brightness, 100}, {"Contrast", j.Contrast, 100}, {"Saturation", j.Saturation, 100}, {"Hue", j.Hue, 0.5}} {
		if !(a.value >= 0 && a.value <= a.most) {
			return fmt.Errorf("augment: ColorJitter.%s is %g: it must be at least 0 and at most %g", a.name, a.value, a.most)
		}
	}
	return checkProbability("ColorJitter", j.P)
}

// Apply implements Transform.
func (j ColorJitter) Apply(img *dataset.Image, rng *rand.Rand) {
	acts := rng.Float64() < j.P
	order := [...]int{0, 1, 2, 3}
	for i := len(order) - 1; i > 0; i-- {
		k := rng.IntN(i + 1)
		order[i], order[k] = order[k], order[i]
	}
	amounts := [...]float64{j.Brightness, j.Contrast, j.Saturation, j.Hue}
	for _, what := range order {
		amount, at := amounts[what], rng.Float64()
		if !acts || amount == 0 {
			continue
		}
		factor := max(0, 1-amount)
		factor += (1 + amount - factor) * at
		switch what {
		case 0:
			Brightness(img, factor)
		case 1:
			Contrast(img, factor)
		case 2:
			Color(img, factor)
		case 3:
			Hue(img, amount*(2*at-1))
		}
	}
}
