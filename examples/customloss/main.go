// Customloss trains with a loss, prototypes and an augmentation of its own: balanced contrastive learning (arXiv
// 2207.09052) with mixup, written against the library without changing it.
//
//	go run ./examples/customloss
package main

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

func main() {
	balanced, test, err := dataset.Generate(dataset.GenerateSettings{Seed: 1})
	check(err)
	trainSet, err := dataset.LongTail(balanced, dataset.Exponential{Imbalance: 50}, dataset.LongTailSettings{Seed: 1})
	check(err)
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 8, Seed: 1})
	check(err)
	pixels, err := augment.NormalizeOf(context.Background(), trainSet)
	check(err)
	rng := rand.New(rand.NewPCG(1, 2))
	classifier := nn.NewLinear(nn.LinearSettings{In: body.OutDim(), Out: 10, Rand: rng})
	net, err := hybrid.NewNetwork(body, 10, hybrid.WithInput(16, 16, 3), hybrid.WithNormalize(pixels), hybrid.WithProjection(0, 32),
		hybrid.WithClassifier(classifier))
	check(err)

	centers := &Centers{Classifier: classifier, MLP: nn.Sequential{
		nn.NewLinear(nn.LinearSettings{In: body.OutDim(), Out: 64, Rand: rng}), nn.NewBatchNorm2d(64), nn.Func(nn.ReLU),
		nn.NewLinear(nn.LinearSettings{In: 64, Out: 32, Rand: rng})}}
	view := augment.Compose{augment.Crop{Padding: 2}, augment.Flip{P: 0.5}}
	trainer := train.Trainer{
		Streams: []hybrid.Stream{{
			Sampler: sampler.Instance{},
			Views:   []augment.Transform{view, view, view}, // the first for the classifier, two to contrast
			Mixer:   Mixup{},
			Terms: []hybrid.Term{
				{Name: "ce", Loss: &loss.CrossEntropy{}, Weight: schedule.Constant(2), Views: []int{0}},
				{Name: "bcl", Loss: &Balanced{Bank: centers, Temperature: 0.1}, Weight: schedule.Constant(0.6), Views: []int{1, 2}},
			},
		}},
		Epochs: 8, Batch: 32, LearningRate: schedule.Cosine{Base: 0.05}, EvalEvery: 8,
		OnEpoch: func(e train.EpochReport) error {
			fmt.Printf("epoch %d  ce %.3f  bcl %.3f\n", e.Epoch+1, e.Losses[0].Value, e.Losses[1].Value)
			return nil
		},
	}
	result, err := trainer.Fit(context.Background(), net, trainSet, test)
	check(err)
	fmt.Println(result.Last)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
