package embedding_test

import (
	"context"
	"fmt"
	"log"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/embedding"
	"github.com/longtail-ml/longtail/hybrid"
)

// The training images nearest to a picture. hybrid.Open("model.safetensors") would give a trained network.
func Example() {
	images, _, err := dataset.Generate(dataset.GenerateSettings{Classes: 3, Size: 16, PerClass: 10, TestPerClass: 1})
	check(err)
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4})
	check(err)
	net, err := hybrid.NewNetwork(body, 3, hybrid.WithInput(16, 16, 3))
	check(err)
	predictor, err := net.Freeze()
	check(err)
	set, err := embedding.Of(context.Background(), predictor, images, embedding.Settings{})
	check(err)
	index, err := embedding.NewIndex(set)
	check(err)

	near, err := index.Nearest(context.Background(), set.Vectors.Rows(12, 13), 3)
	check(err)
	fmt.Println(index.Name(near[0][0].Row), len(near[0]))
	// Output: image 12 3
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
