package augment

import (
	"math"

	"github.com/longtail-ml/longtail/dataset"
)

// Hue turns the hue of each pixel by a fraction of the circle of colours, from −0.5 to 0.5, in PIL's HSV of 256 steps, as
// torchvision's adjust_hue does: even a turn of 0 rounds the colours. Images that do not have three channels are left as
// they are.
func Hue(img *dataset.Image, turn float64) {
	if img.Channels != 3 {
		return
	}
	by := uint8(int(turn * 255))
	for p := img.Pix; len(p) >= 3; p = p[3:] {
		h, s, v := toHSV(p[0], p[1], p[2])
		p[0], p[1], p[2] = fromHSV(h+by, s, v)
	}
}

// toHSV and fromHSV round where PIL does.
func toHSV(r, g, b uint8) (h, s, v uint8) {
	low, high := min(r, g, b), max(r, g, b)
	if low == high {
		return 0, 0, high
	}
	span := float32(high - low)
	rc, gc, bc := float32(high-r)/span, float32(high-g)/span, float32(high-b)/span
	var sector float32
	switch high {
	case r:
		sector = bc - gc
	case g:
		sector = float32(2 + float64(rc) - float64(bc))
	default:
		sector = float32(4 + float64(gc) - float64(rc))
	}
	circle := float32(math.Mod(float64(sector)/6+1, 1))
	return uint8(float64(circle) * 255), uint8(float64(span/float32(high)) * 255), high
}

func fromHSV(h, s, v uint8) (r, g, b uint8) {
	if s == 0 {
		return v, v, v
	}
	sector := int(float64(h) * 6 / 255)
	f := float64(float32(float64(h)*6/255 - float64(sector)))
	fs := float64(float32(float64(s) / 255))
	level := func(share float64) uint8 { return uint8(math.Round(float64(v) * (1 - share))) }
	p, q, t := level(fs), level(float64(fs*f)), level(float64(fs*(1-f)))
	switch sector % 6 {
	case 0:
		return v, t, p
	case 1:
		return q, v, p
	case 2:
		return p, v, t
	case 3:
		return p, q, v
	case 4:
		return t, p, v
	}
	return v, p, q
}
