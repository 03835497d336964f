package augment

import "github.com/longtail-ml/longtail/dataset"

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

// apply does the operation at a level from 0 (no change, but for solarize) to levels, the most of the range that
// torchvision gives it. negative turns the signed ones, up to and with sharpness, the other way. Geometric operations
// fill with bytes of fill.
func (o operation) apply(img *dataset.Image, level, levels int, negative bool, fill uint8) {
	sign := 1
	if negative {
		sign = -1
	}
	signed := float64(sign*level) / float64(levels)
	switch o {
	case shearX:
		ShearX(img, 0.3*signed, fill)
	case shearY:
		ShearY(img, 0.3*signed, fill)
	case translateX:
		TranslateX(img, sign*translation(img.Width, level, levels), fill)
	case translateY:
		TranslateY(img, sign*translation(img.Height, level, levels), fill)
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
		Posterize(img, posterizeBits(level, levels))
	case solarize:
		Solarize(img, solarizeThreshold(level, levels))
	case autoContrast:
		AutoContrast(img)
	case equalize:
		Equalize(img)
	case invert:
		Invert(img)
	}
}

// The three below are whole numbers of exact fractions. In floating point 255·(1−3/9) comes out above 170.

// translation is 150/331 of the side times level/levels, in pixels, truncated.
func translation(side, level, levels int) int {
	return int(150 * int64(side) * int64(level) / (331 * int64(levels)))
}

// posterizeBits is 8 − 4·level/levels, to the nearest: with 9 or 30 levels there are no ties.
func posterizeBits(level, levels int) int { return 8 - (8*level+levels)/(2*levels) }

// solarizeThreshold is 255·(1−level/levels), rounded up: the least byte that is not below it.
func solarizeThreshold(level, levels int) int { return (255*(levels-level) + levels - 1) / levels }
