package dataset

import (
	"math"
	"math/rand/v2"
)

// An rgb is a color: red, green and blue from 0 to 1.
type rgb [3]float64

func (c rgb) mix(d rgb, t float64) rgb {
	for i := range c {
		c[i] += t * (d[i] - c[i])
	}
	return c
}

// hsv returns the color of a hue (of period 1), saturation and value.
func hsv(h, s, v float64) rgb {
	var c rgb
	for i, offset := range [3]float64{5, 3, 1} {
		k := math.Mod(offset+6*(h-math.Floor(h)), 6)
		c[i] = v * (1 - s*max(0, min(k, 4-k, 1)))
	}
	return c
}

// shapes are outlines within about one unit of the origin, as functions that are negative inside and grow with the
// distance to the outline.
var shapes = [...]struct {
	name     string
	distance func(x, y float64) float64
}{
	{"disc", func(x, y float64) float64 { return math.Hypot(x, y) - 0.95 }},
	{"square", func(x, y float64) float64 { return max(math.Abs(x), math.Abs(y)) - 0.85 }},
	{"triangle", func(x, y float64) float64 { return max(0.87*math.Abs(x)-0.5*y, y) - 0.6 }},
	{"ring", func(x, y float64) float64 { return math.Abs(math.Hypot(x, y)-0.75) - 0.3 }},
	{"cross", func(x, y float64) float64 {
		x, y = math.Abs(x), math.Abs(y)
		return min(max(x-0.36, y-1.05), max(x-1.05, y-0.36))
	}},
}

// patch is an ellipse or rectangle of one color.
type patch struct {
	x, y, w, h float64
	round      bool
	color      rgb
}

func (p patch) distance(x, y float64) float64 {
	x, y = (x-p.x)/p.w, (y-p.y)/p.h
	d := max(math.Abs(x), math.Abs(y))
	if p.round {
		d = math.Hypot(x, y)
	}
	return (d - 1) * min(p.w, p.h)
}

// scene is one image before it becomes pixels, in coordinates from −1 to 1 to the right and downwards.
type scene struct {
	recipe                   recipe // with this image's own hue and angle
	x, y, scale, turn, phase float64
	light, dark              rgb // of the stripes
	ground                   [2]rgb
	slopeX, slopeY           float64 // of the background's gradient
	clutter, occluder        []patch
	gain                     float64
}

func newScene(r recipe, rng *rand.Rand) scene {
	between := func(low, high float64) float64 { return low + (high-low)*rng.Float64() }
	r.hue += 0.06 * rng.NormFloat64()
	r.angle += 0.3 * rng.NormFloat64()
	s := scene{
		recipe: r,
		x:      between(-0.3, 0.3), y: between(-0.3, 0.3),
		scale: between(0.42, 0.72), turn: 0.25 * rng.NormFloat64(), phase: between(0, 2*math.Pi),
		light:  hsv(r.hue, between(0.45, 0.95), between(0.65, 1)),
		ground: [2]rgb{randomColor(rng), randomColor(rng)},
		gain:   between(0.65, 1.2),
	}
	s.dark = s.light.mix(rgb{}, between(0.45, 0.75))
	sin, cos := math.Sincos(between(0, 2*math.Pi))
	s.slopeX, s.slopeY = cos/2, sin/2
	for range 4 {
		s.clutter = append(s.clutter, patch{between(-1, 1), between(-1, 1), between(0.1, 0.4), between(0.1, 0.4), true,
			randomColor(rng)})
	}
	if rng.Float64() < 0.3 {
		s.occluder = []patch{{between(-0.8, 0.8), between(-0.8, 0.8), between(0.12, 0.3), between(0.12, 0.5), false,
			randomColor(rng)}}
	}
	return s
}

func randomColor(rng *rand.Rand) rgb {
	return hsv(rng.Float64(), 0.7*rng.Float64(), 0.15+0.75*rng.Float64())
}

// at returns the color at a point. sharp is the inverse of the width of a soft edge.
func (s *scene) at(x, y, sharp float64) rgb {
	cover := func(distance float64) float64 { return max(0, min(1, 0.5-distance*sharp)) }
	c := s.ground[0].mix(s.ground[1], max(0, min(1, 0.5+s.slopeX*x+s.slopeY*y)))
	for _, p := range s.clutter {
		c = c.mix(p.color, cover(p.distance(x, y)))
	}
	sin, cos := math.Sincos(s.turn)
	u, v := (x-s.x)/s.scale, (y-s.y)/s.scale
	inside := cover(shapes[s.recipe.shape].distance(cos*u+sin*v, cos*v-sin*u) * s.scale)
	sin, cos = math.Sincos(s.recipe.angle)
	stripe := 0.5 + 0.5*math.Sin(2*math.Pi*(cos*x+sin*y)/s.recipe.period+s.phase)
	c = c.mix(s.dark.mix(s.light, stripe), inside)
	for _, p := range s.occluder {
		c = c.mix(p.color, cover(p.distance(x, y)))
	}
	return c
}

// render draws the scene over all of img, which has three channels, with noise.
func (s scene) render(img *Image, rng *rand.Rand) {
	half := float64(img.Width) / 2
	for i := range img.Width * img.Height {
		x, y := float64(i%img.Width)+0.5, float64(i/img.Width)+0.5
		c := s.at(x/half-1, y/half-1, half)
		for k := range c {
			v := 255 * (c[k]*s.gain + 0.05*rng.NormFloat64())
			img.Pix[3*i+k] = uint8(max(0, min(255, math.Round(v))))
		}
	}
}
