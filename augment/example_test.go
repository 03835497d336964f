package augment_test

import (
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
)

func small() *dataset.Image {
	return &dataset.Image{Width: 2, Height: 1, Channels: 3, Pix: []uint8{255, 0, 0, 0, 0, 255}}
}

// One worker's inner loop: one generator, put at the start of each view's own random values.
func Example() {
	recipe := augment.CIFAR()
	table, err := augment.CIFARNormalize().Table()
	if err != nil {
		log.Fatal(err)
	}
	pcg := new(rand.PCG)
	rng := rand.New(pcg)
	row := make([]float32, 6)
	for view := range 2 {
		img := small()
		augment.Key{Seed: 1, Epoch: 3, Position: 14, View: view}.Reseed(pcg)
		recipe.Apply(img, rng)
		if err := table.Write(row, img); err != nil {
			log.Fatal(err)
		}
	}
	fmt.Println(len(row))
	// Output: 6
}

func ExampleFlip() {
	img := small()
	augment.Flip{P: 1}.Apply(img, augment.Key{}.Rand())
	fmt.Println(img.Pix)
	// Output: [0 0 255 255 0 0]
}

func ExampleGrayscale() {
	img := small()
	augment.Grayscale{P: 1}.Apply(img, augment.Key{}.Rand())
	fmt.Println(img.Pix)
	// Output: [76 76 76 29 29 29]
}

func ExampleCrop() {
	img := small()
	augment.Crop{Padding: 1}.Apply(img, augment.Key{Seed: 1}.Rand())
	fmt.Println(img.Shape())
	// Output: 1×2×3
}

func ExampleCompose() {
	both := augment.Compose{augment.Flip{P: 1}, augment.Grayscale{P: 1}}
	img := small()
	both.Apply(img, augment.Key{}.Rand())
	fmt.Println(img.Pix)
	// Output: [29 29 29 76 76 76]
}

func ExampleValidate() {
	fmt.Println(augment.Validate(augment.Compose{augment.Crop{Padding: 4}, augment.Flip{P: 50}}))
	// Output: augment: transform 1 of a Compose of 2: augment: Flip.P is 50: a probability must be at least 0 and at most 1
}

func ExampleKey() {
	a := augment.Key{Seed: 1, Epoch: 3, Position: 14}
	b := augment.Key{Seed: 1, Epoch: 3, Position: 14, View: 1}
	fmt.Println(a.Rand().Uint64() == a.Rand().Uint64(), a.Rand().Uint64() == b.Rand().Uint64())
	// Output: true false
}

func ExampleNormalize() {
	table, err := augment.Normalize{Mean: []float64{0.5, 0.5, 0.5}, Std: []float64{0.5, 0.5, 0.5}}.Table()
	if err != nil {
		log.Fatal(err)
	}
	row := make([]float32, 6)
	fmt.Println(table.Write(row, small()), row)
	// Output: <nil> [1 -1 -1 -1 -1 1]
}
