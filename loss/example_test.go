package loss_test

import (
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/schedule"
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
	bank, err := prototype.NewLearnable(prototype.Settings{Classes: 10, Dim: 2, Seed: 1})
	if err != nil {
		panic(err)
	}
	l := &loss.PrototypicalContrastive{Bank: bank, Temperature: 1}
	fmt.Println(l.Prepare(make([]int, 10)))
	fmt.Println((&loss.PrototypicalContrastive{Bank: bank}).Prepare(make([]int, 9)))
	// Output:
	// <nil>
	// loss: prototypical contrastive: Bank has 10 prototypes, 9 classes take 9
}

// value of a loss whose logits are given, row by row.
func value(l loss.Loss, at schedule.Progress, labels []int, logits ...float32) float32 {
	tape := autograd.NewTape(autograd.Mode{Train: true})
	x, err := tensor.FromSlice(logits, len(labels), len(logits)/len(labels))
	if err != nil {
		panic(err)
	}
	y, _ := l.Forward(loss.Input{Logits: tape.Const(x), Labels: labels, Views: 1, At: at})
	return y.Value().Item()
}

func ExampleFocal() {
	l := &loss.Focal{Gamma: 2}
	fmt.Printf("unsure %.4f, sure %.6f\n", value(l, schedule.Progress{}, []int{0}, 0, 0), value(l, schedule.Progress{}, []int{0}, 5, 0))
	// Output: unsure 0.1733, sure 0.000000
}

func ExampleClassBalancedWeights() {
	w, err := loss.ClassBalancedWeights([]int{5000, 500, 50}, 0.9999)
	fmt.Printf("%.3f %v\n", w, err)
	_, err = loss.ClassBalancedWeights([]int{5000, 0}, 0.9999)
	fmt.Println(err)
	// Output:
	// [0.034 0.275 2.691] <nil>
	// loss: class-balanced weights: class 1 has 0 training images: leave it out, or use a loss that does not divide by the counts
}

func ExampleClassBalanced() {
	l := &loss.ClassBalanced{}
	if err := l.Prepare([]int{5000, 50}); err != nil {
		panic(err)
	}
	fmt.Printf("head %.4f, tail %.4f\n", value(l, schedule.Progress{}, []int{0}, 0, 0), value(l, schedule.Progress{}, []int{1}, 0, 0))
	// Output: head 0.0174, tail 1.3689
}

func ExampleLDAM() {
	l := &loss.LDAM{}
	if err := l.Prepare([]int{5000, 50}); err != nil {
		panic(err)
	}
	// A cosine above the other by 0.3 is within the tail's margin of 0.5, not within the head's of 0.16.
	fmt.Printf("head %.3f, tail %.3f\n", value(l, schedule.Progress{}, []int{0}, 0.5, 0.2), value(l, schedule.Progress{}, []int{1}, 0.2, 0.5))
	// Output: head 0.014, tail 6.002
}

func ExampleDRW() {
	l := &loss.DRW{Before: &loss.LDAM{}, After: &loss.LDAM{Reweight: true}}
	if err := l.Prepare([]int{5000, 50}); err != nil {
		panic(err)
	}
	for _, epoch := range []int{159, 160} {
		at := schedule.Progress{Epoch: epoch, Epochs: 200}
		fmt.Printf("epoch %d: %.3f\n", epoch, value(l, at, []int{0, 1}, 0.5, 0.2, 0.2, 0.5))
	}
	// Output:
	// epoch 159: 3.008
	// epoch 160: 5.928
}

func ExampleLogitAdjusted() {
	l := &loss.LogitAdjusted{} // balanced softmax
	if err := l.Prepare([]int{99, 1}); err != nil {
		panic(err)
	}
	fmt.Printf("head %.4f, tail %.4f\n", value(l, schedule.Progress{}, []int{0}, 0, 0), value(l, schedule.Progress{}, []int{1}, 0, 0))
	// Output: head 0.0101, tail 4.6052
}
