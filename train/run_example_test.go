package train_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/record"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

// A run that is cancelled, by Ctrl-C for one, goes on where it was when the same program runs again.
func ExampleCheckpoints() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	trainSet, test := exampleData()

	program := func(ctx context.Context, each func(train.StepReport) error) (*train.Result, error) {
		return train.Trainer{
			Streams: hybrid.SC(0.1), Epochs: 3, Batch: 16, LearningRate: schedule.Constant(0.05), OnStep: each,
			Checkpoints: train.Checkpoints{Dir: dir, Resume: true},
		}.Fit(ctx, exampleNetwork(), trainSet, test)
	}

	ctx, cancel := context.WithCancel(context.Background())
	result, err := program(ctx, func(s train.StepReport) error {
		if s.At.Epoch == 1 && s.At.Step == 4 {
			cancel()
		}
		return nil
	})
	fmt.Println(errors.Is(err, context.Canceled), filepath.Base(result.Checkpoint))

	steps := 0
	result, err = program(context.Background(), func(train.StepReport) error { steps++; return nil })
	fmt.Println(steps, "more steps,", len(result.Epochs), "epochs,", filepath.Base(result.Checkpoint), err)
	// Output:
	// true epoch-0001-step-000005
	// 13 more steps, 3 epochs, epoch-0003-step-000000 <nil>
}

// The epoch is chosen on a part held out of training, and the run ends when it gets no better. The test set has no say in it.
func ExampleTrainer_choosing() {
	all, test := exampleData()
	trainSet, held, err := dataset.Holdout(all, dataset.HoldoutSettings{Fraction: 0.2, Min: 1})
	if err != nil {
		log.Fatal(err)
	}
	net := exampleNetwork()
	trainer := train.Trainer{Streams: hybrid.CEBalanced(), Epochs: 50, Batch: 16, LearningRate: schedule.Constant(0.05),
		Validation: held, Patience: 3,
		Score: func(e train.EpochReport) float64 { return float64(e.Validation.Balanced) }} // nil: top-1
	result, err := trainer.Fit(context.Background(), net, trainSet, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("epochs after the best:", len(result.Epochs)-1-result.Best.Epoch, "chosen on the", result.Best.On)
	net.SetWeights(result.Best.Weights)
	confusion, err := net.Evaluate(context.Background(), test, 0) // the only look at it
	fmt.Println(confusion.Total(), "test images", err)
	// Output:
	// epochs after the best: 3 chosen on the validation set
	// 200 test images <nil>
}

// Progress and figures attach in a line.
func ExampleTrainer_observers() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	trainSet, test := exampleData()
	trainer := train.Trainer{Streams: hybrid.CE(), Epochs: 2, Batch: 16, LearningRate: schedule.Constant(0.05),
		Observers: []record.Observer{&record.Progress{W: os.Stderr}, &record.Files{Dir: dir}}}
	if _, err := trainer.Fit(context.Background(), exampleNetwork(), trainSet, test); err != nil {
		log.Fatal(err)
	}
	all, err := os.ReadDir(dir)
	for _, f := range all {
		fmt.Println(f.Name())
	}
	fmt.Println(err)
	// Output:
	// metrics.csv
	// steps.csv
	// tensorboard
	// <nil>
}

// The average of the weights over the last steps is evaluated beside them, and predicts by itself.
func ExampleEMA() {
	trainSet, test := exampleData()
	net := exampleNetwork()
	trainer := train.Trainer{Streams: hybrid.CE(), Epochs: 2, Batch: 16, LearningRate: schedule.Constant(0.05),
		EMA: train.EMA{Decay: 0.99, Warmup: true}}
	result, err := trainer.Fit(context.Background(), net, trainSet, test)
	if err != nil {
		log.Fatal(err)
	}
	predictor, err := net.FreezeWith(result.EMA)
	if err != nil {
		log.Fatal(err)
	}
	confusion, err := predictor.Evaluate(context.Background(), test, 0)
	fmt.Println(confusion.Top1() == result.LastEMA.Top1, err)
	// Output: true <nil>
}

// Network.With shows other weights as a network's: here they are saved in a file that loads into a network.
func ExampleNetwork_With() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	trainSet, _ := exampleData()
	net := exampleNetwork()
	trainer := train.Trainer{Streams: hybrid.CE(), Epochs: 1, Batch: 16, LearningRate: schedule.Constant(0.05), EMA: train.EMA{Decay: 0.9}}
	result, err := trainer.Fit(context.Background(), net, trainSet, nil)
	if err != nil {
		log.Fatal(err)
	}
	path := filepath.Join(dir, "average.safetensors")
	if err := safetensors.Save(path, net.With(result.EMA), nil); err != nil {
		log.Fatal(err)
	}
	_, err = safetensors.Load(path, exampleNetwork())
	fmt.Println(err)
	// Output: <nil>
}

// everyClass draws batches of four images, one of each class.
type everyClass struct{}

func (everyClass) Epoch(labels []int, p sampler.Plan) (order []int, err error) {
	of := make([]int, p.Classes) // an image of each class
	for i, label := range labels {
		of[label] = i
	}
	for range 5 {
		order = append(order, of...)
	}
	return order, nil
}

// Warnings tell what is likely a mistake: here a contrastive loss sees one view of batches in which no class is twice.
func ExampleWarning() {
	trainSet, _ := exampleData()
	streams := hybrid.SC(0.1)[:1]
	streams[0].Views = streams[0].Views[:1]
	streams[0].Sampler = everyClass{}
	trainer := train.Trainer{Streams: streams, Epochs: 1, Batch: 4, LearningRate: schedule.Constant(0.01), WarnAfter: 5,
		OnWarning: func(w train.Warning) error { fmt.Println(w); return nil }}
	if _, err := trainer.Fit(context.Background(), exampleNetwork(), trainSet, nil); err != nil {
		log.Fatal(err)
	}
	// Output: epoch 0, step 4: term "sc" had no valid anchor in the last 5 steps: give it a second view or larger batches
}

// A manifest says what a run was; with another it says how the two differ.
func ExampleTrainer_Manifest() {
	trainSet, test := exampleData()
	trainer := train.Trainer{Streams: hybrid.SC(0.1), Epochs: 1, Batch: 16, LearningRate: schedule.Constant(0.05),
		Notes: manifest.Notes{Data: "generated", Method: "hybrid-sc"}}
	net := exampleNetwork()
	first, err := trainer.Manifest(context.Background(), net, trainSet, test)
	if err != nil {
		log.Fatal(err)
	}
	result, err := trainer.Fit(context.Background(), net, trainSet, test)
	if err != nil {
		log.Fatal(err)
	}
	first.Training.ImagesSeen = int64(result.Images)

	trainer.Streams = hybrid.SC(0.2)
	second, err := trainer.Manifest(context.Background(), net, trainSet, test)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(first.Network.Backbone, "on", first.Data.TrainCounts)
	for _, d := range manifest.Diff(first, second) {
		fmt.Println(d)
	}
	// Output:
	// CIFAR ResNet-8, width 4 on [100 36 13 5]
	// training.streams[0].terms[0].settings.Temperature: "0.1", "0.2"
	// training.images_seen: 432, 0
}
