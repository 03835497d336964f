package loss_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/tensor"
)

func ExampleCrossEntropy() {
	tape := autograd.NewTape(autograd.Mode{Train: true})
	logits, _ := tensor.FromSlice([]float32{4, 0, 0, 0, 3, 0}, 2, 3)
	y, _ := (&loss.CrossEntropy{}).Forward(loss.Input{Logits: tape.Const(logits), Labels: []int{0, 1}, Views: 1})
	fmt.Printf("%.4f\n", y.Value().Item())
	// Output: 0.0654
}

func ExampleSupervisedContrastive() {
	// Two views of two samples, view by view: rows 0 and 2 are sample 0. Sample 1 is alone in its class, but its views
	// are each other's positives.
	tape := autograd.NewTape(autograd.Mode{Train: true})
	z, _ := tensor.FromSlice([]float32{1, 0, 0, 1, 0.8, 0.6, 0, 1}, 4, 2)
	l := &loss.SupervisedContrastive{Temperature: 0.5}
	y, stats := l.Forward(loss.Input{Embedding: tape.Const(z), Labels: []int{0, 7, 0, 7}, Views: 2})
	fmt.Printf("%.4f, %d anchors, %d skipped\n", y.Value().Item(), stats.Anchors, stats.Skipped)
	// Output: 0.5276, 4 anchors, 0 skipped
}

func ExamplePrototypicalContrastive() {
	bank, err := prototype.NewLearnable(10, 2, rand.New(rand.NewPCG(1, 1)))
	if err != nil {
		panic(err)
	}
	l := &loss.PrototypicalContrastive{Bank: bank, Temperature: 1}
	fmt.Println(l.Prepare(make([]int, 10)))
	fmt.Println((&loss.PrototypicalContrastive{Bank: bank}).Prepare(make([]int, 10)))
	// Output:
	// <nil>
	// loss: prototypical contrastive: temperature 0 must be finite and above 0 (the paper uses 1 on CIFAR-10, 0.1 on CIFAR-100)
}
