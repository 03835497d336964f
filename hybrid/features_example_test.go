package hybrid_test

import (
	"context"
	"fmt"
	"log"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/schedule"
)

// The features of a trained backbone, once computed, serve all that package posthoc does with them.
func ExampleNetwork_FeaturesOf() {
	net := exampleNetwork()
	train, _ := exampleData()
	features, labels, err := net.FeaturesOf(context.Background(), train, 0)
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
	train, _ := exampleData()
	trainer := hybrid.Trainer{Streams: streams, Epochs: 1, Batch: 32, LearningRate: schedule.Constant(0.05)}
	result, err := trainer.Fit(context.Background(), exampleNetwork(), train, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Images, "images")
	// Output: 128 images
}
