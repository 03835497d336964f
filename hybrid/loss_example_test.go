package hybrid_test

import (
	"context"
	"fmt"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

// A loss is a term of a stream; it may be one of your own.
func ExampleTerm() {
	all, test, _ := dataset.Generate(dataset.GenerateSettings{Classes: 4, Size: 8, PerClass: 40, Seed: 1})
	trainSet, _ := dataset.LongTail(all, dataset.Exponential{Imbalance: 10}, dataset.LongTailSettings{Seed: 1})
	body, _ := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4, Seed: 1})
	net, _ := hybrid.NewNetwork(body, 4, hybrid.WithInput(8, 8, 3), hybrid.WithoutProjection())

	own := hybrid.Stream{Sampler: sampler.Instance{}, Views: []augment.Transform{augment.Flip{P: 0.5}},
		Terms: []hybrid.Term{{Name: "vs", Loss: &loss.VectorScaling{Gamma: 0.2, Tau: 1}}}}
	trainer := train.Trainer{Streams: []hybrid.Stream{own}, Epochs: 8, Batch: 16, LearningRate: schedule.Constant(0.05)}
	result, err := trainer.Fit(context.Background(), net, trainSet, test)
	fmt.Println("better than chance:", result.Last.Top1 > 0.35, err)
	// Output: better than chance: true <nil>
}
