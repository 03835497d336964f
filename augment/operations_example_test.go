package augment_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
)

// show prints the rows of a fresh 3×3 image after op.
func show(op func(m *dataset.Image)) {
	m := &dataset.Image{Width: 3, Height: 3, Channels: 1, Pix: []uint8{50, 60, 70, 80, 90, 100, 110, 120, 130}}
	op(m)
	fmt.Println(m.Row(0), m.Row(1), m.Row(2))
}

func ExampleBrightness() {
	show(func(m *dataset.Image) { augment.Brightness(m, 2) })
	// Output: [100 120 140] [160 180 200] [220 240 255]
}

func ExampleContrast() {
	show(func(m *dataset.Image) { augment.Contrast(m, 0.5) })
	// Output: [70 75 80] [85 90 95] [100 105 110]
}

func ExampleColor() {
	m := small()
	augment.Color(m, 0.5)
	fmt.Println(m.Pix)
	// Output: [165 38 38 14 14 142]
}

func ExampleHue() {
	m := small()
	augment.Hue(m, 0.5) // the other side of the circle: cyan and yellow, rounded
	fmt.Println(m.Pix)
	// Output: [0 255 252 255 246 0]
}

func ExampleSharpness() {
	m := &dataset.Image{Width: 3, Height: 3, Channels: 1, Pix: []uint8{0, 0, 0, 0, 130, 0, 0, 0, 0}}
	augment.Sharpness(m, 0)
	fmt.Println(m.Pix)
	// Output: [0 0 0 0 50 0 0 0 0]
}

func ExampleInvert() {
	show(augment.Invert)
	// Output: [205 195 185] [175 165 155] [145 135 125]
}

func ExampleSolarize() {
	show(func(m *dataset.Image) { augment.Solarize(m, 100) })
	// Output: [50 60 70] [80 90 155] [145 135 125]
}

func ExamplePosterize() {
	show(func(m *dataset.Image) { augment.Posterize(m, 2) })
	// Output: [0 0 64] [64 64 64] [64 64 128]
}

func ExampleAutoContrast() {
	show(augment.AutoContrast)
	// Output: [0 31 63] [95 127 159] [191 223 255]
}

func ExampleEqualize() {
	m := &dataset.Image{Width: 600, Height: 1, Channels: 1, Pix: make([]uint8, 600)}
	for i := range m.Pix {
		m.Pix[i] = uint8(100 + i/200) // three neighbouring bytes
	}
	augment.Equalize(m)
	fmt.Println(m.Pix[0], m.Pix[200], m.Pix[400])
	// Output: 0 200 255
}

func ExampleShearX() {
	show(func(m *dataset.Image) { augment.ShearX(m, 0.5, 0) })
	// Output: [50 60 70] [90 100 0] [120 130 0]
}

func ExampleShearY() {
	show(func(m *dataset.Image) { augment.ShearY(m, 0.5, 0) })
	// Output: [50 90 100] [80 120 130] [110 0 0]
}

func ExampleTranslateX() {
	show(func(m *dataset.Image) { augment.TranslateX(m, 1, 0) })
	// Output: [60 70 0] [90 100 0] [120 130 0]
}

func ExampleTranslateY() {
	show(func(m *dataset.Image) { augment.TranslateY(m, -1, 0) })
	// Output: [0 0 0] [50 60 70] [80 90 100]
}

func ExampleRotate() {
	show(func(m *dataset.Image) { augment.Rotate(m, 90, 0) })
	// Output: [70 100 130] [60 90 120] [50 80 110]
}

// jumble is a transform of one's own, made of operations.
type jumble struct{}

func (jumble) Apply(m *dataset.Image, rng *rand.Rand) {
	augment.Rotate(m, 10*rng.Float64()-5, 128)
	augment.Brightness(m, 0.8+0.4*rng.Float64())
}

func ExampleTransform() {
	fmt.Println(augment.Validate(augment.Compose{jumble{}, augment.Flip{P: 0.5}}))
	// Output: <nil>
}
