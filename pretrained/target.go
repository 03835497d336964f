package pretrained

import (
	"fmt"
	"slices"
	"strings"

	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/longtail-ml/longtail/tensor"
)

// heads are what classifiers are called.
var heads = []string{"fc", "head", "classifier", "linear", "last_linear"}

// target is what is filled.
type target struct {
	entries  []nn.Entry              // parameters and buffers
	shapes   map[string]tensor.Shape // in files, by path
	parts    []string                // "", and first names, with a dot, that the backbone may lie under
	head     string                  // what the classifier is called; empty: there is none
	backbone bool                    // there is a part of that name
}

func newTarget(m nn.Visitable) (*target, error) {
	t := &target{shapes: map[string]tensor.Shape{}, parts: []string{""}}
	under := map[string]int{}
	for _, e := range nn.Entries(m) {
		if e.State != nil {
			continue
		}
		shape, err := safetensors.FileShape(e)
		if err != nil {
			return nil, err
		}
		t.entries, t.shapes[e.Path] = append(t.entries, e), shape
		first := firstName(e.Path)
		under[first]++
		t.backbone = t.backbone || first == "backbone"
		if t.head == "" && slices.Contains(heads, first) {
			t.head = first
		}
	}
	for first, n := range under {
		if 2*n > len(t.entries) || first == "backbone" {
			t.parts = append(t.parts, first+".")
		}
	}
	if len(t.entries) == 0 {
		return nil, fmt.Errorf("the network has no parameters")
	}
	return t, nil
}

// isBackbone reports whether the path is of what must be loaded in whole.
func (t *target) isBackbone(path string, p place) bool {
	switch {
	case p.part != "":
		return strings.HasPrefix(path, p.part)
	case t.backbone:
		return strings.HasPrefix(path, "backbone.")
	}
	return firstName(path) != t.head
}

func firstName(path string) string {
	first, _, _ := strings.Cut(path, ".")
	return first
}

// isCounter reports whether x counts the batches that a batch norm of PyTorch has seen, which has no use here. A network that
// was converted to another type has counters of that type.
func isCounter(x safetensors.Tensor) bool {
	return x.Shape.Len() == 1 && (x.Name == "num_batches_tracked" || strings.HasSuffix(x.Name, ".num_batches_tracked"))
}
