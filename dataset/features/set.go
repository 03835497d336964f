package features

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/longtail-ml/longtail/dataset"
)

// Set is a dataset.Features in memory.
type Set struct {
	width   int
	classes []string
	labels  []int
	values  []float32
}

// New returns the set of values, the features of all samples one after the other, each of the given width, with a label
// each. It keeps values and labels, which the caller must not change afterwards. Without class names, classes are called by
// their labels, from 0 to the largest one. It is an error if lengths do not fit, if a label is not the index of a class, or
// if a value is not finite.
func New(width int, values []float32, labels []int, classes []string) (*Set, error) {
	if width < 1 {
		return nil, fmt.Errorf("features: a width of %d: samples must have at least one value", width)
	}
	if len(values)/width != len(labels) || len(values)%width != 0 {
		return nil, fmt.Errorf("features: %d values and %d labels: features of width %d need %d values for a label each", len(values), len(labels), width, width)
	}
	for i, v := range values {
		if v-v != 0 {
			return nil, fmt.Errorf("features: sample %d has the value %v at position %d: features must be finite", i/width, v, i%width)
		}
	}
	if classes == nil {
		classes = names(labels)
	}
	if len(classes) == 0 {
		return nil, fmt.Errorf("features: no samples and no class names: a set needs at least one class")
	}
	for i, y := range labels {
		if y < 0 || y >= len(classes) {
			return nil, fmt.Errorf("features: sample %d has label %d: with %d classes it must be at least 0 and less than %d", i, y, len(classes), len(classes))
		}
	}
	return &Set{width: width, classes: slices.Clone(classes), labels: labels, values: values}, nil
}

// mostClasses is how many classes labels alone make: a larger label is a mistake, and its names would fill the memory.
const mostClasses = 1 << 20

// names calls the classes by their labels.
func names(labels []int) (all []string) {
	most := -1
	for _, y := range labels {
		most = max(most, y)
	}
	for i := range min(most, mostClasses-1) + 1 {
		all = append(all, strconv.Itoa(i))
	}
	return all
}

// FromRows is New for a slice of rows, which it copies. All must have the length of the first.
func FromRows(rows [][]float32, labels []int, classes []string) (*Set, error) {
	if len(rows) == 0 {
		return nil, fmt.Errorf("features: no rows: a set needs at least one, for its width")
	}
	width := len(rows[0])
	if width > 0 && len(rows) > math.MaxInt/width/4 {
		return nil, fmt.Errorf("features: %d rows of width %d do not fit into memory", len(rows), width)
	}
	values := make([]float32, 0, len(rows)*width)
	for i, row := range rows {
		if len(row) != width {
			return nil, fmt.Errorf("features: row %d has %d values, row 0 has %d: all must have the same", i, len(row), width)
		}
		values = append(values, row...)
	}
	return New(width, values, labels, classes)
}

// Read reads features of any kind into memory.
func Read(f dataset.Features) (*Set, error) {
	width := f.Width()
	if width < 1 {
		return nil, fmt.Errorf("features: the set has images, not features: hybrid.Network.FeaturesOf makes features of them")
	}
	values := make([]float32, f.Len()*width)
	for i := range f.Len() {
		if err := f.Vector(i, values[i*width:(i+1)*width]); err != nil {
			return nil, fmt.Errorf("features: sample %d: %w", i, err)
		}
	}
	return New(width, values, dataset.Labels(f), f.Classes())
}

// Len is the number of samples.
func (s *Set) Len() int { return len(s.labels) }

// Label is the class of sample i.
func (s *Set) Label(i int) int { return s.labels[i] }

// Classes are the names of the classes.
func (s *Set) Classes() []string { return s.classes }

// Width is the number of values of a sample.
func (s *Set) Width() int { return s.width }

// Source is zero: the features are in memory.
func (s *Set) Source(int) (dataset.Source, error) { return dataset.Source{}, nil }

// Image reports that there are no images.
func (s *Set) Image(int, *dataset.Image) error { return dataset.ErrNoImage(s.width) }

// Vector copies sample i to dst.
func (s *Set) Vector(i int, dst []float32) error {
	if i < 0 || i >= len(s.labels) {
		return fmt.Errorf("features: sample %d asked of a set of %d: the index must be at least 0 and less than %d", i, len(s.labels), len(s.labels))
	}
	if len(dst) != s.width {
		return fmt.Errorf("features: room for %d values: a sample has %d", len(dst), s.width)
	}
	copy(dst, s.values[i*s.width:])
	return nil
}
