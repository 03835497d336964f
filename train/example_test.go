package train_test

import (
	"context"
	"fmt"
	"log"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

// exampleNetwork takes the 16×16 images of dataset.Generate.
func exampleNetwork() *hybrid.Network {
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	net, err := hybrid.NewNetwork(body, 4, hybrid.WithInput(16, 16, 3), hybrid.WithProjection(0, 32))
	if err != nil {
		log.Fatal(err)
	}
	return net
}

// exampleData is a long tail of four classes.
func exampleData() (trainSet, test dataset.Dataset) {
	balanced, test, err := dataset.Generate(dataset.GenerateSettings{Classes: 4, PerClass: 100, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	trainSet, err = dataset.LongTail(balanced, dataset.Exponential{Imbalance: 20}, dataset.LongTailSettings{})
	if err != nil {
		log.Fatal(err)
	}
	return trainSet, test
}

func ExampleNewNetwork() {
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 32, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	net, err := hybrid.NewNetwork(body, 10) // for 32×32 colour images
	if err != nil {
		log.Fatal(err)
	}
	summary, err := net.Summary()
	fmt.Println(summary, err)
	fmt.Println("embeddings of", net.EmbeddingDim())

	_, err = hybrid.NewNetwork(body, 1)
	fmt.Println(err)
	// Output:
	// 476634 parameters, 68.9 million multiply-adds an image, output [10] <nil>
	// embeddings of 128
	// hybrid: a classifier needs at least two classes, not 1
}

// Hybrid-SC on a long tail, from data to a table by group of classes.
func ExampleTrainer() {
	balanced, test, err := dataset.Generate(dataset.GenerateSettings{Classes: 4, PerClass: 100, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	trainSet, err := dataset.LongTail(balanced, dataset.Exponential{Imbalance: 20}, dataset.LongTailSettings{})
	if err != nil {
		log.Fatal(err)
	}
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	net, err := hybrid.NewNetwork(body, 4, hybrid.WithInput(16, 16, 3))
	if err != nil {
		log.Fatal(err)
	}

	trainer := train.Trainer{
		Streams:      hybrid.SC(0.1),
		Epochs:       4,
		Batch:        32,
		LearningRate: schedule.Warmup{Epochs: 1, Then: schedule.Cosine{Base: 0.1}},
		EvalEvery:    4,
		OnEpoch: func(e train.EpochReport) error {
			sc, ce := e.Losses[0], e.Losses[1]
			fmt.Printf("epoch %d: %d images, weights %s %.4f, %s %.4f\n", e.Epoch, e.Images, sc.Name, sc.Weight, ce.Name, ce.Weight)
			return nil
		},
	}
	result, err := trainer.Fit(context.Background(), net, trainSet, test)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(dataset.Counts(trainSet), "training images a class,", result.Confusion.Total(), "test images")
	// result.Last has the accuracy of all, many, medium and few.
	// Output:
	// epoch 0: 480 images, weights sc 1.0000, ce 0.0000
	// epoch 1: 480 images, weights sc 0.9375, ce 0.0625
	// epoch 2: 480 images, weights sc 0.7500, ce 0.2500
	// epoch 3: 480 images, weights sc 0.4375, ce 0.5625
	// [100 36 13 5] training images a class, 200 test images
}

// Cross-entropy, the baseline: one stream, every image once an epoch.
func ExampleCE() {
	trainSet, _ := exampleData()
	trainer := train.Trainer{Streams: hybrid.CE(), Epochs: 3, Batch: 16, LearningRate: schedule.Constant(0.1)}
	result, err := trainer.Fit(context.Background(), exampleNetwork(), trainSet, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.Images, "images")
	fmt.Println("the loss fell:", result.Epochs[2].Total < result.Epochs[0].Total)
	// Output:
	// 432 images
	// the loss fell: true
}

// Streams are plain data: look at what a method is made of, or change a part of it.
func ExampleSC() {
	streams := hybrid.SC(0.1)
	for _, s := range streams {
		fmt.Printf("%s: %T, %d view(s), loss %s\n", s.Name, s.Sampler, len(s.Views), s.Terms[0].Name)
	}
	curriculum := schedule.Curriculum{Curve: schedule.LinearDecay}
	streams = streams.Curriculum(curriculum) // of the contrastive term; the classifier's is 1 − α
	fmt.Println(streams[1].Terms[0].Weight.At(schedule.Progress{Epoch: 50, Epochs: 200}))
	// Output:
	// feature: sampler.Instance, 2 view(s), loss sc
	// classifier: sampler.ClassBalanced, 1 view(s), loss ce
	// 0.25
}

// The prototypes of Hybrid-PSC are made when training begins and train with the network.
func ExamplePSC() {
	net := exampleNetwork()
	streams := hybrid.PSC(1)
	trainSet, test := exampleData()
	trainer := train.Trainer{Streams: streams, Epochs: 2, Batch: 32, LearningRate: schedule.Constant(0.05)}
	result, err := trainer.Fit(context.Background(), net, trainSet, test)
	if err != nil {
		log.Fatal(err)
	}
	psc := result.Epochs[1].Losses[0]
	fmt.Printf("%s: weight %.2f, %d anchors\n", psc.Name, psc.Weight, psc.Anchors)
	// Output: psc: weight 0.75, 256 anchors
}

// One stream of three views: the first for the classifier, the other two to contrast.
func ExampleStream() {
	view := augment.Compose{augment.Crop{Padding: 2}, augment.Flip{P: 0.5}}
	streams := []hybrid.Stream{{
		Sampler: sampler.ClassBalanced{},
		Views:   []augment.Transform{augment.Identity{}, view, view},
		Terms: []hybrid.Term{
			{Name: "ce", Loss: &loss.CrossEntropy{Smoothing: 0.1}, Views: []int{0}},
			{Name: "sc", Loss: &loss.SupervisedContrastive{Temperature: 0.1}, Views: []int{1, 2}, Weight: schedule.Constant(0.5)},
		},
	}}
	trainSet, _ := exampleData()
	trainer := train.Trainer{
		Streams: streams, Epochs: 1, Batch: 16, LimitSteps: 2, LearningRate: schedule.Constant(0.05),
		OnStep: func(s train.StepReport) error {
			fmt.Printf("step %d of %d: %d images, anchors %d and %d\n", s.At.Step+1, s.At.Steps, s.Images, s.Losses[0].Anchors, s.Losses[1].Anchors)
			return nil
		},
	}
	if _, err := trainer.Fit(context.Background(), exampleNetwork(), trainSet, nil); err != nil {
		log.Fatal(err)
	}
	// Output:
	// step 1 of 2: 48 images, anchors 16 and 32
	// step 2 of 2: 48 images, anchors 16 and 32
}

func ExamplePredictor() {
	net := exampleNetwork()
	trainSet, test := exampleData()
	trainer := train.Trainer{Streams: hybrid.CEBalanced(), Epochs: 1, Batch: 32, LearningRate: schedule.Constant(0.05)}
	if _, err := trainer.Fit(context.Background(), net, trainSet, nil); err != nil {
		log.Fatal(err)
	}
	predictor, err := net.Freeze() // training on does not change it, and many goroutines may use it
	if err != nil {
		log.Fatal(err)
	}
	var img dataset.Image
	if err := test.Image(0, &img); err != nil {
		log.Fatal(err)
	}
	predictions, err := predictor.Predict(&img)
	if err != nil {
		log.Fatal(err)
	}
	p := predictions[0]
	fmt.Println(len(p.Probabilities), "probabilities, that of the predicted class:", p.Probability == p.Probabilities[p.Class])
	embedding, err := predictor.Embed(&img)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("embedding", embedding.Shape())
	// Output:
	// 4 probabilities, that of the predicted class: true
	// embedding [1 32]
}

// Ctrl-C or a deadline ends training after the step in hand; what was reached is in the result.
func ExampleTrainer_Fit_cancel() {
	trainSet, _ := exampleData()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	trainer := train.Trainer{Streams: hybrid.CE(), Batch: 16, LearningRate: schedule.Constant(0.05),
		OnStep: func(s train.StepReport) error {
			if s.At.Step == 2 {
				cancel()
			}
			return nil
		}}
	result, err := trainer.Fit(ctx, exampleNetwork(), trainSet, nil)
	fmt.Println(err)
	fmt.Println(result.Epochs[0].Steps, "steps,", result.Images, "images")
	// Output:
	// train: stopped in epoch 0 at step 3: context canceled
	// 3 steps, 48 images
}

// Small images would lose too much to the padding of 4 that CIFAR's augmentation crops from.
func ExampleStreams_Augment() {
	streams := hybrid.CE().Augment(augment.Compose{augment.Crop{Padding: 1}, augment.Flip{P: 0.5}})
	fmt.Println(streams[0].Views)
	// Output: [[{1} {0.5}]]
}
