package sampler_test

import (
	"fmt"
	"slices"

	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
)

func ExampleInstance() {
	labels := []int{0, 0, 0, 0, 0, 1}
	indices, err := sampler.Instance{}.Epoch(labels, sampler.Plan{Seed: 1})
	fmt.Println(len(indices), slices.Max(indices), err)
	// Output: 6 5 <nil>
}

func ExampleClassBalanced() {
	labels := append(make([]int, 9900), slices.Repeat([]int{1}, 100)...)
	indices, err := sampler.ClassBalanced{}.Epoch(labels, sampler.Plan{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	tail := 0
	for _, i := range indices {
		tail += labels[i]
	}
	fmt.Printf("1%% of the images, %.0f%% of the draws\n", 100*float64(tail)/float64(len(indices)))
	// Output: 1% of the images, 50% of the draws
}

func ExampleClassAware() {
	labels := []int{0, 0, 0, 0, 0, 0, 1, 1, 1, 2}
	indices, err := sampler.ClassAware{}.Epoch(labels, sampler.Plan{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	var classes []int
	for _, i := range indices {
		classes = append(classes, labels[i])
	}
	slices.Sort(indices)
	fmt.Println(classes)
	fmt.Println(indices)
	// Output:
	// [2 0 1 1 0 2 0 2 1 1 2 0 0 1 2 2 1 0]
	// [0 1 2 3 4 5 6 6 7 7 8 8 9 9 9 9 9 9]
}

// rotated is a sampler of one's own: file order, beginning one image later in each epoch.
type rotated struct{}

func (rotated) Epoch(labels []int, p sampler.Plan) ([]int, error) {
	indices := make([]int, len(labels))
	for i := range indices {
		indices[i] = (i + p.At.Epoch) % len(labels)
	}
	return indices, nil
}

func ExampleSampler() {
	var s sampler.Sampler = rotated{}
	fmt.Println(s.Epoch(make([]int, 4), sampler.Plan{At: schedule.Progress{Epoch: 1}}))
	// Output: [1 2 3 0] <nil>
}

func ExamplePlan() {
	_, err := sampler.Instance{}.Epoch(make([]int, 300), sampler.Plan{Batch: 512})
	fmt.Println(err)
	// Output: sampler: batch of 512 is larger than the 300 images: choose a batch of at most 300
}

// shares prints how often a sampler draws each class of sizes 9000, 900 and 100.
func shares(s sampler.Sampler, at schedule.Progress) {
	labels := slices.Concat(make([]int, 9000), slices.Repeat([]int{1}, 900), slices.Repeat([]int{2}, 100))
	indices, err := s.Epoch(labels, sampler.Plan{Seed: 1, At: at})
	if err != nil {
		fmt.Println(err)
		return
	}
	counts := make([]float64, 3)
	for _, i := range indices {
		counts[labels[i]]++
	}
	fmt.Printf("%.0f%% %.0f%% %.0f%%\n", counts[0]/100, counts[1]/100, counts[2]/100)
}

func ExampleSquareRoot() {
	shares(sampler.SquareRoot{}, schedule.Progress{})
	// Output: 71% 21% 8%
}

func ExampleReversed() {
	shares(sampler.Reversed{}, schedule.Progress{})
	// Output: 1% 10% 89%
}

func ExampleProgressive() {
	shares(sampler.Progressive{}, schedule.Progress{Epoch: 0, Epochs: 200})
	shares(sampler.Progressive{}, schedule.Progress{Epoch: 199, Epochs: 200})
	// Output:
	// 90% 9% 1%
	// 34% 32% 34%
}

func ExampleDeferred() {
	shares(sampler.Deferred{}, schedule.Progress{Epoch: 159, Epochs: 200})
	shares(sampler.Deferred{}, schedule.Progress{Epoch: 160, Epochs: 200})
	// Output:
	// 90% 9% 1%
	// 33% 34% 33%
}
