package augment

import (
	"math"

	"github.com/longtail-ml/longtail/dataset"
)

// operation is one of those that policies choose from.
type operation int

const (
	identity operation = iota
	shearX
	shearY
	translateX
	translateY
	rotate
	brightness
	color
	contrast
	sharpness
	posterize
	solarize
	autoContrast
	equalize
	invert
)

// apply does the operation at a strength from 0 to 1 of the range that torchvision gives it; negative turns the signed
// ones, up to and with sharpness, the other way. Geometric operations fill with bytes of fill.
func (o operation) apply(img *dataset.Image, strength float64, negative bool, fill uint8) {
	signed := strength
	if negative {
		signed = -strength
	}
	switch o {
	case shearX:
		ShearX(img, 0.3*signed, fill)
	case shearY:
		ShearY(img, 0.3*signed, fill)
	case translateX:
		TranslateX(img, int(150./331*float64(img.Width)*signed), fill)
	case translateY:
		TranslateY(img, int(150./331*float64(img.Height)*signed), fill)
	case rotate:
		Rotate(img, 30*signed, fill)
	case brightness:
		Brightness(img, 1+0.9*signed)
	case color:
		Color(img, 1+0.9*signed)
	case contrast:
		Contrast(img, 1+0.9*signed)
	case sharpness:
		Sharpness(img, 1+0.9*signed)
	case posterize:
		Posterize(img, 8-int(math.RoundToEven(4*strength)))
	case solarize:
		Solarize(img, int(math.Ceil(255*(1-strength))))
	case autoContrast:
		AutoContrast(img)
	case equalize:
		Equalize(img)
	case invert:
		Invert(img)
	}
}
