package loss_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/tensor"
)

// rows makes a matrix of the given width.
func rows(width int, v ...float32) *tensor.Tensor {
	x, err := tensor.FromSlice(v, len(v)/width, width)
	if err != nil {
		panic(err)
	}
	return x
}

// must panics on an error and hands v on.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func ExampleQueue() {
	q := must(loss.NewQueue(3, 2))
	q.Add(rows(2, 1, 0, 0, 1), []int{4, 7})
	fmt.Println(q.Len())
	q.Add(rows(2, -1, 0, 0, -1), []int{4, 4}) // the oldest row makes room
	fmt.Println(q.Len())
	// Output:
	// 2
	// 3
}

func ExampleKCL() {
	l := &loss.KCL{Queue: must(loss.NewQueue(1024, 2)), Temperature: 0.5}
	tape := autograd.NewTape(autograd.Mode{})
	for range 2 { // two steps of one batch
		tape.Reset(autograd.Mode{Train: true})
		in := loss.Input{
			Embedding: tape.Const(rows(2, 1, 0, 0, 1)), // the first view by the network
			Keys:      rows(2, 0.8, 0.6, 0, 1),         // the second by a momentum encoder
			Labels:    []int{0, 0}, Views: 1,
		}
		y, stats := l.Forward(in)
		fmt.Printf("%.4f, %d anchors, queue %d", y.Value().Item(), stats.Anchors, l.Queue.Len())
		tape.Commit() // once the step is kept
		fmt.Printf(" and then %d\n", l.Queue.Len())
	}
	// Output:
	// 0.0000, 2 anchors, queue 0 and then 2
	// 1.2426, 2 anchors, queue 2 and then 4
}

func ExampleTSC() {
	const classes, dim = 10, 128
	points := must(prototype.OnSphere(context.Background(), prototype.Sphere{Points: classes, Dim: dim, Seed: 1}))
	l := &loss.TSC{
		KCL:     loss.KCL{Queue: must(loss.NewQueue(4096, dim)), Temperature: 0.07},
		Targets: must(prototype.NewTargets(points)),
	}
	fmt.Println(l.Prepare(make([]int, classes)))
	for _, e := range nn.Entries(l) { // what a checkpoint holds
		fmt.Println(e.Path)
	}
	// Output:
	// <nil>
	// queue.keys
	// queue.ring
	// targets.vectors
	// targets.centroids
	// targets.due
}

func ExampleBalancedContrastive() {
	rng := rand.New(rand.NewPCG(1, 1))
	classifier := nn.NewLinear(nn.LinearSettings{In: 64, Out: 10, Rand: rng}) // hybrid.WithClassifier gives it to the network
	l := &loss.BalancedContrastive{Temperature: 0.1, Bank: &prototype.ClassifierRows{Weight: classifier.Weight, Head: nn.Sequential{
		nn.NewLinear(nn.LinearSettings{In: 64, Out: 512, Rand: rng}), nn.NewBatchNorm2d(512), nn.Func(nn.ReLU), nn.NewLinear(nn.LinearSettings{In: 512, Out: 128, Rand: rng})}}}
	fmt.Println(l.Prepare(make([]int, 10)))
	// Output: <nil>
}

func ExamplePaCo() {
	l := &loss.PaCo{Queue: must(loss.NewQueue(1024, 2)), Temperature: 0.05}
	if err := l.Prepare([]int{90, 10}); err != nil {
		panic(err)
	}
	tape := autograd.NewTape(autograd.Mode{Train: true})
	y, _ := l.Forward(loss.Input{
		Embedding: tape.Const(rows(2, 1, 0, 0, 1)), Keys: rows(2, 1, 0, 0, 1),
		Logits: tape.Const(rows(2, 0, 0, 0, 0)), Labels: []int{0, 1}, Views: 1,
	})
	fmt.Printf("%.4f\n", y.Value().Item())
	// Output: 20.9940
}

// GPaCo needs no momentum encoder: both views are rows.
func ExamplePaCo_gpaco() {
	l := &loss.PaCo{Temperature: 0.05, WithoutMomentum: true}
	if err := l.Prepare([]int{90, 10}); err != nil {
		panic(err)
	}
	fmt.Printf("%+v\n", l.Needs())
	// Output: {Embedding:true Logits:true Keys:false Experts:false Teacher:false}
}

func ExampleMultiPrototypicalContrastive() {
	const classes, each = 10, 3
	bank := must(prototype.NewLearnable(prototype.Settings{Classes: classes * each, Dim: 128, Seed: 1}))
	l := &loss.MultiPrototypicalContrastive{Bank: bank, PerClass: each, Temperature: 0.1}
	fmt.Println(l.Prepare(make([]int, classes)))
	// Output: <nil>
}

func ExampleProCo() {
	l := must(loss.NewProCo(loss.ProCoSettings{Classes: 2, Dim: 2}))
	if err := l.Prepare([]int{90, 10}); err != nil {
		panic(err)
	}
	tape := autograd.NewTape(autograd.Mode{})
	for range 2 {
		tape.Reset(autograd.Mode{Train: true})
		y, _ := l.Forward(loss.Input{Embedding: tape.Const(rows(2, 1, 0, 0.8, 0.6, 0, 1)), Labels: []int{0, 0, 1}, Views: 1})
		fmt.Printf("%.4f\n", y.Value().Item()) // at first the classes' shares alone tell them apart
		tape.Commit()
	}
	// Output:
	// 0.8378
	// 0.0206
}
