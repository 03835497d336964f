package prototype_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/tensor"
)

func ExampleLearnable() {
	bank, err := prototype.NewLearnable(prototype.Settings{Classes: 10, Dim: 128, Seed: 1})
	if err != nil {
		panic(err)
	}
	fmt.Println(bank.Vectors(autograd.NewTape(autograd.Mode{})).Shape())
	// Output: [10 128]
}

// show prints a bank's prototypes.
func show(b prototype.Bank) {
	v := b.Vectors(autograd.NewTape(autograd.Mode{}))
	for r := range v.Dim(0) {
		fmt.Printf("class %d %.2f\n", r, v.Value().Rows(r, r+1).Data())
	}
}

func ExampleMovingAverage() {
	bank, err := prototype.NewMovingAverage(prototype.MovingAverageSettings{Settings: prototype.Settings{Classes: 2, Dim: 2, Seed: 1}, Momentum: 0.9})
	if err != nil {
		panic(err)
	}
	z, _ := tensor.FromSlice([]float32{0.8, 0.6, 0.6, 0.8}, 2, 2)
	for range 100 { // losses do this after each step
		bank.Observe(z, []int{0, 1}, false)
	}
	show(bank)
	// Output:
	// class 0 [0.80 0.60]
	// class 1 [0.60 0.80]
}

func ExampleClassMean() {
	bank, err := prototype.NewClassMean(prototype.Settings{Classes: 2, Dim: 2, Seed: 1})
	if err != nil {
		panic(err)
	}
	z, _ := tensor.FromSlice([]float32{1, 0, 0.6, 0.8, 0, 1}, 3, 2)
	bank.Observe(z, []int{0, 0, 1}, true) // the only step of an epoch
	show(bank)
	// Output:
	// class 0 [0.89 0.45]
	// class 1 [0.00 1.00]
}

func ExampleOnSphere() {
	points, err := prototype.OnSphere(context.Background(), prototype.Sphere{Points: 10, Dim: 64, Seed: 1})
	if err != nil {
		panic(err)
	}
	bank, err := prototype.NewFixed(points)
	if err != nil {
		panic(err)
	}
	v := bank.Vectors(autograd.NewTape(autograd.Mode{}))
	fmt.Printf("%.4f\n", autograd.MatMulT(v, v).Data()[1]) // the cosine of two of ten corners of a simplex
	// Output: -0.1111
}

func ExampleNewFixed() {
	points, _ := tensor.FromSlice([]float32{3, 4, 0, -2}, 2, 2)
	bank, err := prototype.NewFixed(points)
	if err != nil {
		panic(err)
	}
	show(bank)
	// Output:
	// class 0 [0.60 0.80]
	// class 1 [0.00 -1.00]
}

func ExampleTargets() {
	points, _ := tensor.FromSlice([]float32{1, 0, -1, 0}, 2, 2)
	bank, err := prototype.NewTargets(points)
	if err != nil {
		panic(err)
	}
	z, _ := tensor.FromSlice([]float32{-0.6, 0.8, 0.6, 0.8}, 2, 2)
	bank.Observe(z, []int{0, 1}, false) // class 0 lies to the left
	show(bank)
	// Output:
	// class 0 [-1.00 0.00]
	// class 1 [1.00 0.00]
}

func ExampleClassifierRows() {
	rng := rand.New(rand.NewPCG(1, 1))
	classifier := nn.NewLinear(nn.LinearSettings{In: 64, Out: 10, Rand: rng})
	centers := &prototype.ClassifierRows{Weight: classifier.Weight, Head: nn.Sequential{
		nn.NewLinear(nn.LinearSettings{In: 64, Out: 512, Rand: rng}), nn.NewBatchNorm2d(512), nn.Func(nn.ReLU), nn.NewLinear(nn.LinearSettings{In: 512, Out: 128, Rand: rng})}}
	fmt.Println(centers.Vectors(autograd.NewTape(autograd.Mode{Train: true})).Shape())
	// Output: [10 128]
}
