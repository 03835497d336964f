package train_test

import (
	"context"
	"fmt"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

// BBN: each image of an epoch is mixed with one of a reversed sampler.
func ExamplePartner() {
	all, test, _ := dataset.Generate(dataset.GenerateSettings{Classes: 4, Size: 8, PerClass: 40, Seed: 1})
	trainSet, _ := dataset.LongTail(all, dataset.Exponential{Imbalance: 10}, dataset.LongTailSettings{Seed: 1})
	body, _ := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4, Branches: 2, Seed: 1})
	net, _ := hybrid.NewNetwork(body, 4, hybrid.WithInput(8, 8, 3), hybrid.WithoutProjection())
	streams := hybrid.CE().Augment(augment.Flip{P: 0.5})
	streams[0].Partner = &hybrid.Partner{Sampler: sampler.Reversed{}}
	trainer := train.Trainer{Streams: streams, Epochs: 8, Batch: 16, LearningRate: schedule.Constant(0.05)}
	result, err := trainer.Fit(context.Background(), net, trainSet, test)
	fmt.Println(trainSet.Len(), "images,", result.Images, "through the network; better than chance:", result.Last.Top1 > 0.35, err)
	// Output: 70 images, 1024 through the network; better than chance: true <nil>
}
