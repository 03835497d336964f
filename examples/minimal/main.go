// Minimal trains Hybrid-SC on long-tailed CIFAR-10.
package main

import (
	"context"
	"fmt"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/train"
)

func main() {
	all, test, err := dataset.CIFAR10("cifar-10-batches-bin")
	check(err)
	trainSet, err := dataset.LongTail(all, dataset.Exponential{Imbalance: 100}, dataset.LongTailSettings{})
	check(err)
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 32})
	check(err)
	net, err := hybrid.NewNetwork(body, 10, hybrid.WithNormalize(augment.CIFARNormalize()))
	check(err)
	result, err := train.Trainer{Streams: hybrid.SC(0.1)}.Fit(context.Background(), net, trainSet, test)
	check(err)
	fmt.Println(result.Last) // top-1 in all, and of classes with many, medium and few images
	check(hybrid.Save("hybrid-sc.safetensors", net, hybrid.AboutOf(trainSet)))
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
