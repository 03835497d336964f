package posthoc

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/internal/cause"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/tensor"
)

// Set is what a frozen backbone makes of a data set, or what another program's model made of it (SetOf).
type Set struct {
	Features *tensor.Tensor // [N, D], a row for each image
	Labels   []int          // of the N rows
	Classes  int
}

// SetOf reads a data set of features that another model made (dataset.Features); of images hybrid.Network.FeaturesOf makes
// them. Values stay as they are.
func SetOf(ctx context.Context, d dataset.Dataset) (Set, error) {
	width := dataset.WidthOf(d)
	if width == 0 {
		return Set{}, errors.New("posthoc: the data are images, not features: hybrid.Network.FeaturesOf makes features of them")
	}
	s := Set{Features: tensor.New(d.Len(), width), Labels: dataset.Labels(d), Classes: len(d.Classes())}
	for i := range d.Len() {
		if err := cause.Err(ctx); err != nil {
			return Set{}, err
		}
		if err := d.(dataset.Features).Vector(i, s.Features.Rows(i, i+1).Data()); err != nil {
			return Set{}, fmt.Errorf("posthoc: sample %d: %w", i, err)
		}
	}
	return s, s.check()
}

// Counts returns the number of rows of each class; labels must be in range.
func (s Set) Counts() []int {
	counts := make([]int, s.Classes)
	for _, y := range s.Labels {
		counts[y]++
	}
	return counts
}

// check reports a set that cannot be learnt from.
func (s Set) check() error {
	if err := checkMatrix("features", s.Features); err != nil {
		return err
	}
	if s.Features.Dim(0) == 0 {
		return errors.New("posthoc: no features: the set holds no images")
	}
	if err := checkLabels(s.Labels, s.Features.Dim(0), s.Classes); err != nil {
		return err
	}
	rows, dim := s.Features.Dim(0), s.Features.Dim(1)
	if float64(s.Classes)*float64(max(rows, dim)) > mostValues {
		return fmt.Errorf("posthoc: %d classes for %d rows of width %d: more values than are computed here (%d)", s.Classes, rows, dim, mostValues)
	}
	return nil
}

// mostValues is what scores or means may have, 4 GiB.
const mostValues = 1 << 30

// checkMatrix reports what is no matrix of finite values.
func checkMatrix(name string, x *tensor.Tensor) error {
	if x == nil || len(x.Shape()) != 2 {
		shape := "none"
		if x != nil {
			shape = fmt.Sprint(x.Shape())
		}
		return fmt.Errorf("posthoc: %s of shape %s: they must be a matrix with a row for each image", name, shape)
	}
	for i, v := range x.Data() {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return fmt.Errorf("posthoc: %s of row %d have the value %v at position %d: they must be finite",
				name, i/x.Dim(1), v, i%x.Dim(1))
		}
	}
	return nil
}

func checkLabels(labels []int, rows, classes int) error {
	if classes < 1 {
		return fmt.Errorf("posthoc: %d classes: there must be at least 1", classes)
	}
	if len(labels) != rows {
		return fmt.Errorf("posthoc: %d labels for %d rows: give one for each", len(labels), rows)
	}
	for i, y := range labels {
		if y < 0 || y >= classes {
			return fmt.Errorf("posthoc: label of row %d is %d, not one of %d classes", i, y, classes)
		}
	}
	return nil
}

// Judge counts the predictions of scores, [N, C]: the class of the largest score of each row, the first of equals. A score
// may be −Inf, for a class that is never predicted; NaN is an error.
func Judge(scores *tensor.Tensor, labels []int) (*metrics.Confusion, error) {
	if scores == nil || len(scores.Shape()) != 2 {
		return nil, errors.New("posthoc: scores must be a matrix with a row for each image and a column for each class")
	}
	rows, classes := scores.Dim(0), scores.Dim(1)
	if err := checkLabels(labels, rows, classes); err != nil {
		return nil, err
	}
	c, err := metrics.NewConfusion(classes)
	if err != nil {
		return nil, err
	}
	for i, y := range labels {
		best, row := 0, scores.Data()[i*classes:(i+1)*classes]
		for k, v := range row {
			if v != v {
				return nil, fmt.Errorf("posthoc: the score of row %d, class %d is NaN", i, k)
			}
			if v > row[best] {
				best = k
			}
		}
		if err := c.Add(y, best); err != nil {
			return nil, err
		}
	}
	return c, nil
}
