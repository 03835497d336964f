package report

import (
	"context"
	"errors"
	"slices"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/tensor"
)

// Sets are the images of a run. Held may be nil, and Train too, without which there are no neighbors.
type Sets struct{ Train, Held, Test dataset.Dataset }

// Test is what a model says of test images.
type Test struct {
	Outcomes    []Outcome // of each image, in the order of the set
	Confusion   *metrics.Confusion
	Calibration Calibration

	Map        *Map         // nil where embeddings do not span two dimensions
	Compared   string       // which training images were looked at; "": none
	Voted      []Voted      // what the nearest of them say
	Prototypes []Prototypes // of the classes
	Surest     []Mistake    // the images that are wrong and most sure
	Rare       []Mistake    // mistakes of the classes with the fewest training images, with what is near them
	Duplicates []Duplicate
	Hashed     bool // duplicates were looked for
}

// Outcome is what a model says of one image.
type Outcome struct {
	Label, Predicted int
	Confidence       float32 // the probability of Predicted
	Own              float32 // the probability of Label
}

// Evaluate tests a network on the images of its run. Memory is for features of all images, and not for probabilities of all
// classes. Notes say in sentences what could not be looked at.
func Evaluate(ctx context.Context, n *hybrid.Network, sets Sets, s Settings) (t *Test, notes []string, err error) {
	if sets.Test == nil {
		return nil, nil, errors.New("report: Sets.Test is nil: give the images to test on")
	}
	look := &look{network: n, sets: sets, settings: s}
	if look.test, look.labels, err = look.evaluator.Features(ctx, n, sets.Test); err != nil {
		return nil, nil, err
	}
	t = &Test{}
	if t.Confusion, err = metrics.NewConfusion(n.Classes()); err != nil {
		return nil, nil, err
	}
	if err := look.calibrate(ctx, &t.Calibration); err != nil {
		return nil, nil, err
	}
	err = look.logits(look.test, func(from int, logits *tensor.Tensor) error {
		probs, err := metrics.Softmax(logits.Data(), n.Classes(), 1)
		if err != nil {
			return err
		}
		for i := range logits.Dim(0) {
			row, y := probs[i*n.Classes():(i+1)*n.Classes()], look.labels[from+i]
			o := Outcome{Label: y, Confidence: slices.Max(row), Own: row[y]}
			o.Predicted = slices.Index(row, o.Confidence)
			t.Outcomes = append(t.Outcomes, o)
			if err := t.Confusion.Add(y, o.Predicted); err != nil {
				return err
			}
		}
		return t.Calibration.add(from, logits, look.labels[from:from+logits.Dim(0)])
	})
	if err == nil {
		err = look.images(ctx, t)
	}
	return t, look.notes, err
}

// images looks at embeddings and at the images themselves.
func (l *look) images(ctx context.Context, t *Test) error {
	embeddings, err := l.embed(l.test)
	if err != nil {
		return err
	}
	if t.Map, err = l.drawMap(ctx, embeddings); err != nil {
		return err
	}
	if err := l.surest(ctx, t); err != nil {
		return err
	}
	if err := l.neighbors(ctx, t, embeddings); err != nil {
		return err
	}
	return l.duplicates(ctx, t)
}
