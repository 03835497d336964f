package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/method"
)

// methods compares whole training steps, without second stages, with what their arithmetic foretells.
func methods(s settings) (result, error) {
	chosen, err := chooseMethods(s.methods)
	if err != nil {
		return nil, err
	}
	if s.views != "cifar" && s.views != "paper" {
		return nil, fmt.Errorf("-views %s: there are cifar and paper", s.views)
	}
	s.batch = or(s.batch, 384)
	data, err := longTailed(s.largest)
	if err != nil {
		return nil, err
	}
	var all []methodSpeed
	fmt.Fprintf(os.Stderr, "%-16s %8s %9s %7s  by round\n", "method", "images/s", "predicted", "ratio")
	for _, m := range chosen {
		speed, err := timeMethod(s, m, methodBackbone, data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", m.Name, err)
		}
		all = append(all, speed)
		fmt.Fprintf(os.Stderr, "%-16s %8.0f %9.0f %7.2f  %.2f\n", m.Name, speed.ImagesPerSecond, speed.Predicted, speed.Ratio, speed.Ratios)
		if err := s.profile.print(os.Stderr, s.threads); err != nil {
			return nil, err
		}
	}
	return result{"batch": s.batch, "views": s.views, "images": data.Len(), "methods": all}, nil
}

func chooseMethods(names string) ([]method.Method, error) {
	if names == "" {
		return method.All(), nil
	}
	var chosen []method.Method
	for _, name := range strings.Split(names, ",") {
		m, err := method.ByName(name)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, m)
	}
	return chosen, nil
}

// methodBackbone is the backbone a method is timed with: ResNet-32, with the branches that it needs.
func methodBackbone(branches int) (backbone.Backbone, error) {
	return backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 32, Branches: branches})
}

// longTailed has ten classes with imbalance 100 and so many images of the largest class, 5,000 being the counts of
// CIFAR-10-LT: how long queues are depends on them. The images are 40 of each class, over and over.
func longTailed(largest int) (dataset.Dataset, error) {
	const drawn, classes = 40, 10
	data, _, err := dataset.Generate(dataset.GenerateSettings{Classes: classes, Size: 32, PerClass: drawn, TestPerClass: 1})
	if err != nil {
		return nil, err
	}
	counts, err := dataset.Exponential{Imbalance: 100}.Counts(slices.Repeat([]int{largest}, classes))
	if err != nil {
		return nil, err
	}
	var indices []int
	for class, n := range counts {
		for i := range n {
			indices = append(indices, class*drawn+i%drawn)
		}
	}
	return dataset.Subset(data, indices)
}
