package hybrid_test

import (
	"context"
	"fmt"
	"log"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

// The features of a trained backbone, once computed, serve all that package posthoc does with them.
func ExampleNetwork_FeaturesOf() {
	net := exampleNetwork()
	trainSet, _ := exampleData()
	features, labels, err := net.FeaturesOf(context.Background(), trainSet, 0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(features.Shape(), len(labels)) // posthoc.Set{Features: features, Labels: labels, Classes: net.Classes()}
	// Output: [154 16] 154
}

// A classifier trained on mixup.
func ExampleMixing() {
	streams := hybrid.CE()
	streams[0].Mixer = hybrid.Mixing{Blender: augment.Mixup{Alpha: 1}}
	trainSet, _ := exampleData()
	trainer := train.Trainer{Streams: streams, Epochs: 1, Batch: 32, LearningRate: schedule.Constant(0.05)}
	result, err := trainer.Fit(context.Background(), exampleNetwork(), trainSet, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Images, "images")
	// Output: 128 images
}

// A contrast of one view with keys of the other, as KCL does: the network sees the first view alone, a momentum encoder the
// second.
func ExampleTerm_keys() {
	net := exampleNetwork()
	queue, err := loss.NewQueue(100, net.EmbeddingDim())
	if err != nil {
		log.Fatal(err)
	}
	view := augment.Compose{augment.Crop{Padding: 2}, augment.Flip{P: 0.5}}
	streams := []hybrid.Stream{{
		Sampler: sampler.Instance{},
		Views:   []augment.Transform{view, view},
		Terms: []hybrid.Term{{Name: "kcl", Loss: &loss.KCL{Queue: queue, Temperature: 0.1},
			Views: []int{0}, KeyViews: []int{1}}},
	}}
	trainSet, _ := exampleData()
	trainer := train.Trainer{Streams: streams, Epochs: 1, Batch: 32, KeyDecay: 0.99, LearningRate: schedule.Constant(0.05)}
	result, err := trainer.Fit(context.Background(), net, trainSet, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Images, "images,", result.Epochs[0].Losses[0].Anchors, "anchors,", queue.Len(), "keys in the queue")
	// Output: 256 images, 128 anchors, 100 keys in the queue
}
