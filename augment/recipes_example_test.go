package augment_test

import (
	"fmt"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
)

func square(side int) *dataset.Image {
	m := &dataset.Image{}
	m.Resize(dataset.Shape{Height: side, Width: side, Channels: 3})
	for i := range m.Pix {
		m.Pix[i] = uint8(100 + i%3)
	}
	return m
}

func ExampleColorJitter() {
	m := square(2)
	augment.ColorJitter{Brightness: 0.4, Contrast: 0.4, Saturation: 0.4, Hue: 0.1, P: 1}.Apply(m, augment.Key{}.Rand())
	fmt.Println(m.Shape())
	// Output: 2×2×3
}

func ExampleCutout() {
	m := square(32)
	augment.Cutout{Size: 16, Fill: 1}.Apply(m, augment.Key{Seed: 1}.Rand())
	n := 0
	for _, v := range m.Pix {
		if v == 1 {
			n++
		}
	}
	fmt.Println(n/3, "of 1024 pixels")
	// Output: 256 of 1024 pixels
}

func ExampleResizedCrop() {
	m := square(48)
	augment.ResizedCrop{MinScale: 0.2, Width: 32, Height: 32}.Apply(m, augment.Key{}.Rand())
	fmt.Println(m.Shape(), m.Pix[:3])
	// Output: 32×32×3 [100 101 102]
}

func ExampleGaussianBlur() {
	m := &dataset.Image{Width: 5, Height: 1, Channels: 1, Pix: []uint8{0, 0, 200, 0, 0}}
	augment.GaussianBlur{P: 1, MinSigma: 0.6, MaxSigma: 0.6}.Apply(m, augment.Key{}.Rand())
	fmt.Println(m.Pix)
	// Output: [1 33 133 33 1]
}

func ExampleAutoAugment() {
	m := square(32)
	augment.AutoAugment{Fill: 128}.Apply(m, augment.Key{}.Rand())
	fmt.Println(m.Shape())
	// Output: 32×32×3
}

func ExampleRandAugment() {
	fmt.Println(augment.Validate(augment.RandAugment{N: 2, M: 31}))
	// Output: augment: RandAugment.M is 31: it must be at least 0 and at most 30
}

// What contrastive learning needs: two views of one image, each with random values of its own.
func ExampleSimAugment() {
	recipe := augment.SimAugment(32)
	for view := range 2 {
		m := square(32)
		recipe.Apply(m, augment.Key{Seed: 1, View: view}.Rand())
		fmt.Println(m.Shape())
	}
	// Output:
	// 32×32×3
	// 32×32×3
}

func ExampleCIFARStrong() {
	fmt.Println(augment.CIFARStrong())
	// Output: [{4} {0.5} {128} {16 0}]
}

func ExampleMixup() {
	b := augment.Batch{Values: []float32{0, 0, 10, 10}, Images: 2, Height: 1, Width: 2, Channels: 1}
	partner, weight, err := augment.Mixup{Alpha: 1}.Blend(b, augment.Key{Seed: 1}.Rand())
	fmt.Printf("%v %.3f %v %.2f\n", partner, weight, err, b.Values)
	// Output: [1 0] 0.356 <nil> [6.44 6.44 3.56 3.56]
}

func ExampleCutMix() {
	b := augment.Batch{Values: make([]float32, 2*6*6), Images: 2, Height: 6, Width: 6, Channels: 1}
	for i := range 36 {
		b.Values[36+i] = 1
	}
	partner, weight, err := augment.CutMix{Alpha: 1, P: 1}.Blend(b, augment.Key{Seed: 1}.Rand())
	fmt.Printf("%v %.3f %v\n", partner, weight, err)
	for y := range 6 {
		fmt.Println(b.Values[6*y : 6*y+6])
	}
	// Output:
	// [1 0] 0.889 <nil>
	// [0 0 0 0 0 0]
	// [0 0 0 0 0 0]
	// [0 0 0 0 0 0]
	// [0 0 0 0 0 0]
	// [0 0 0 0 1 1]
	// [0 0 0 0 1 1]
}
