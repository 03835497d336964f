package experiment

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/nn"
)

// Evaluation is how well a model does on a set of images, as fractions.
type Evaluation struct {
	Images      int           `json:"images"`
	Top1        metrics.Rate  `json:"top1"`
	Balanced    metrics.Rate  `json:"balanced_accuracy"` // mean over the classes that have images
	MacroF1     metrics.Rate  `json:"macro_f1"`
	Many        metrics.Rate  `json:"many"` // by the training images that the model was made from; null if it does not say
	Medium      metrics.Rate  `json:"medium"`
	Few         metrics.Rate  `json:"few"`
	Classes     []ClassFigure `json:"classes"`
	ECE         metrics.Rate  `json:"ece"` // expected calibration error, in 15 bins
	NLL         float64       `json:"nll"` // mean negative log-likelihood, in nats; an image counts at most 103.28, that of the least float32
	Reliability []metrics.Bin `json:"reliability"`
	Experts     []float64     `json:"experts,omitempty"` // how much each counts, of EvaluateSettings.Aggregate
	Prior       *UnderPrior   `json:"prior,omitempty"`   // of EvaluateSettings.Prior, by which all other figures are; null: none
}

// ClassFigure is a class of an Evaluation.
type ClassFigure struct {
	Name     string       `json:"name"`
	Train    *int         `json:"train_images"` // null if the model does not say
	Images   int          `json:"images"`
	Accuracy metrics.Rate `json:"accuracy"`
	Prior    *float64     `json:"prior,omitempty"` // its share in UnderPrior.Target
}

// EvaluateSettings say how EvaluateWith tests.
type EvaluateSettings struct {
	Groups metrics.Grouping // of classes; nil is metrics.Groups{}
	TTA    hybrid.TTA       // views of an image whose probabilities are averaged
	Prior  *PriorSettings   // adjusts the probabilities to a distribution of the classes; nil: they stay
	// Aggregate weighs the experts of the model by the images, without their labels, see method.Aggregate.
	Aggregate bool
}

// Evaluate tests a model on images, whose classes are the model's by name, in any order, or some of them; a model without
// names takes them by label. about is what hybrid.Open returned with the network. g groups classes; nil is metrics.Groups{}.
func Evaluate(ctx context.Context, n *hybrid.Network, about hybrid.About, images dataset.Dataset, g metrics.Grouping) (*Evaluation, error) {
	return EvaluateWith(ctx, n, about, images, EvaluateSettings{Groups: g})
}

// EvaluateWith is Evaluate with more settings.
func EvaluateWith(ctx context.Context, n *hybrid.Network, about hybrid.About, images dataset.Dataset, s EvaluateSettings) (*Evaluation, error) {
	images, err := relabel(images, n, about)
	if err != nil {
		return nil, err
	}
	var experts []float64
	if s.Aggregate {
		weighed := *n // the caller's stays as it is
		if experts, weighed.Classifier, err = aggregate(ctx, n, images); err != nil {
			return nil, err
		}
		n = &weighed
	}
	each := func(do func(i int, p []float32) error) error { // all of them may not fit into memory
		return (&hybrid.Evaluator{TTA: s.TTA}).EachProbabilities(ctx, n, images, do)
	}
	f, err := newFigures(n.Classes())
	if err != nil {
		return nil, err
	}
	var under *UnderPrior
	if s.Prior == nil {
		err = each(func(i int, p []float32) error { return f.add(images.Label(i), p) })
	} else {
		under, err = s.Prior.evaluate(each, images, about, n.Classes(), f)
	}
	if err != nil {
		return nil, err
	}
	confusion := f.confusion
	e := &Evaluation{Images: images.Len(), Top1: confusion.Top1(), Balanced: metrics.Mean(confusion.PerClass()), MacroF1: confusion.MacroF1(),
		Many: metrics.Rate(math.NaN()), Medium: metrics.Rate(math.NaN()), Few: metrics.Rate(math.NaN()),
		Reliability: f.calibration.Bins(), NLL: f.nll / float64(images.Len()), Experts: experts, Prior: under}
	counts := dataset.Counts(images)
	for c, accuracy := range confusion.PerClass() {
		f := ClassFigure{Name: images.Classes()[c], Images: counts[c], Accuracy: accuracy}
		if about.Counts != nil {
			f.Train = &about.Counts[c]
		}
		if under != nil {
			f.Prior = &under.Target[c]
		}
		e.Classes = append(e.Classes, f)
	}
	if about.Counts != nil {
		report, err := confusion.Report(about.Counts, s.Groups)
		if err != nil {
			return nil, err
		}
		e.Many, e.Medium, e.Few = report.Many, report.Medium, report.Few
	}
	e.ECE = metrics.ECE(e.Reliability)
	return e, nil
}

// aggregate returns the weights of experts, and the classifier by them.
func aggregate(ctx context.Context, n *hybrid.Network, images dataset.Dataset) ([]float64, nn.Module, error) {
	weights, head, err := method.Aggregate(ctx, n, images, method.AggregateSettings{})
	return weights, head, err
}

// figures count predictions and their probabilities.
type figures struct {
	confusion   *metrics.Confusion
	calibration *metrics.Calibration
	nll         float64 // of all images
}

func newFigures(classes int) (f *figures, err error) {
	f = &figures{}
	if f.confusion, err = metrics.NewConfusion(classes); err != nil {
		return nil, err
	}
	f.calibration, err = metrics.NewCalibration(0)
	return f, err
}

func (f *figures) add(label int, p []float32) error {
	best := slices.Index(p, slices.Max(p))
	f.nll -= math.Log(max(float64(p[label]), math.SmallestNonzeroFloat32))
	return errors.Join(f.confusion.Add(label, best), f.calibration.Add(p[best], best == label))
}

// relabel gives images the labels of the model's classes.
func relabel(d dataset.Dataset, n *hybrid.Network, about hybrid.About) (dataset.Dataset, error) {
	if about.Classes == nil {
		if len(d.Classes()) != n.Classes() {
			return nil, fmt.Errorf("experiment: the images have %d classes, the model %d, without names", len(d.Classes()), n.Classes())
		}
		return d, nil
	}
	r := relabelled{Dataset: d, classes: about.Classes}
	var unknown []string
	for _, name := range d.Classes() {
		at := slices.Index(about.Classes, name)
		if at < 0 {
			unknown = append(unknown, name)
		}
		r.labels = append(r.labels, at)
	}
	if unknown != nil {
		return nil, fmt.Errorf("experiment: the model has no class %s: it has %s", few(unknown), few(about.Classes))
	}
	return r, nil
}

// few lists the first of many names.
func few(names []string) string {
	const most = 10
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}

type relabelled struct {
	dataset.Dataset
	classes []string
	labels  []int
}

func (r relabelled) Width() int { return dataset.WidthOf(r.Dataset) }

func (r relabelled) Vector(i int, dst []float32) error {
	return r.Dataset.(dataset.Features).Vector(i, dst)
}

func (r relabelled) Classes() []string { return r.classes }
func (r relabelled) Label(i int) int   { return r.labels[r.Dataset.Label(i)] }
