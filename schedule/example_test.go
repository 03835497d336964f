package schedule_test

import (
	"fmt"

	"github.com/longtail-ml/longtail/schedule"
)

func ExampleMultiStep() {
	rate := schedule.MultiStep{Base: 0.5, Milestones: []int{120, 160}}
	for _, e := range []int{0, 119, 120, 160} {
		fmt.Printf("epoch %d: %.3g\n", e, rate.At(schedule.Progress{Epoch: e, Epochs: 200}))
	}
	// Output:
	// epoch 0: 0.5
	// epoch 119: 0.5
	// epoch 120: 0.05
	// epoch 160: 0.005
}

func ExampleCosine() {
	rate := schedule.Cosine{Base: 0.1, ByStep: true}
	fmt.Printf("%.4f\n", rate.At(schedule.Progress{Epoch: 1, Epochs: 4, Step: 50, Steps: 100}))
	// Output: 0.0691
}

func ExampleWarmup() {
	rate := schedule.Warmup{Epochs: 5, Then: schedule.MultiStep{Base: 0.1, Milestones: []int{160, 180}, Gamma: 0.01}}
	for _, e := range []int{0, 1, 4, 5, 160} {
		fmt.Printf("epoch %d: %.3g\n", e, rate.At(schedule.Progress{Epoch: e, Epochs: 200}))
	}
	// Output:
	// epoch 0: 0.02
	// epoch 1: 0.04
	// epoch 4: 0.1
	// epoch 5: 0.1
	// epoch 160: 0.001
}

func ExampleCurriculum() {
	feature := schedule.Curriculum{} // 1 − (T/Tmax)²
	classifier := schedule.Complement(feature)
	for _, e := range []int{0, 10, 19} {
		p := schedule.Progress{Epoch: e, Epochs: 20}
		fmt.Printf("epoch %d: %.4f feature, %.4f classifier\n", e, feature.At(p), classifier.At(p))
	}
	// Output:
	// epoch 0: 1.0000 feature, 0.0000 classifier
	// epoch 10: 0.7500 feature, 0.2500 classifier
	// epoch 19: 0.0975 feature, 0.9025 classifier
}

func ExampleCurve() {
	cubic := func(t float64) float64 { return 1 - t*t*t }
	alpha := schedule.Curriculum{Curve: cubic}
	fmt.Println(schedule.Validate(alpha), alpha.At(schedule.Progress{Epoch: 5, Epochs: 10}))
	// Output: <nil> 0.875
}

func ExampleStepDecay() {
	alpha := schedule.Curriculum{Curve: schedule.StepDecay(0.5)}
	fmt.Println(alpha.At(schedule.Progress{Epoch: 99, Epochs: 200}), alpha.At(schedule.Progress{Epoch: 100, Epochs: 200}))
	// Output: 1 0
}

func ExampleSwitch() {
	plain := schedule.Switch{Epoch: 160, Before: schedule.Constant(1), Then: schedule.Constant(0)}
	reweighted := schedule.Complement(plain)
	for _, e := range []int{159, 160} {
		p := schedule.Progress{Epoch: e, Epochs: 200}
		fmt.Println(plain.At(p), reweighted.At(p))
	}
	// Output:
	// 1 0
	// 0 1
}

func ExampleFunc() {
	inverse := schedule.Func(func(p schedule.Progress) float64 { return 0.1 / float64(1+p.Epoch) })
	fmt.Println(inverse.At(schedule.Progress{Epoch: 1, Epochs: 10}))
	// Output: 0.05
}

func ExampleValidate() {
	fmt.Println(schedule.Validate(schedule.MultiStep{Base: 0.5, Milestones: []int{160, 120}}))
	// Output: schedule: MultiStep.Milestones[1] is 120, after 160: list each epoch once, in ascending order
}
