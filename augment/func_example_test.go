package augment_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
)

// A random channel goes dark.
func ExampleFunc() {
	dark := augment.Func(func(img *dataset.Image, rng *rand.Rand) {
		for i := rng.IntN(img.Channels); i < len(img.Pix); i += img.Channels {
			img.Pix[i] = 0
		}
	})
	img := dataset.Image{Width: 1, Height: 1, Channels: 3, Pix: []uint8{9, 9, 9}}
	augment.Compose{augment.Flip{P: 0.5}, dark}.Apply(&img, augment.Key{Seed: 1}.Rand())
	fmt.Println(img.Pix)
	// Output: [0 9 9]
}
