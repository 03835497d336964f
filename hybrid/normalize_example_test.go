package hybrid_test

import (
	"context"
	"fmt"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
)

// Pixels are normalized by the training images' own mean and deviation.
func ExampleWithNormalize() {
	trainSet, _, err := dataset.Generate(dataset.GenerateSettings{Classes: 4, Size: 8, PerClass: 10})
	if err != nil {
		panic(err)
	}
	pixels, err := augment.NormalizeOf(context.Background(), trainSet)
	if err != nil {
		panic(err)
	}
	body, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{8 * 8 * 3, 16}})
	if err != nil {
		panic(err)
	}
	net, err := hybrid.NewNetwork(body, 4, hybrid.WithInput(8, 8, 3), hybrid.WithNormalize(pixels))
	if err != nil {
		panic(err)
	}
	fmt.Println(net.Normalize().Mean)
	// Output: [0.3816 0.383 0.3756]
}
