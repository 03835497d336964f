package main

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/source"
	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/metrics"
)

type evaluateCmd struct {
	Model string `arg:"" help:"Folder of a run, a model file, or a checkpoint."`
	Data  string `arg:"" optional:"" help:"Folder with a folder test (or val), or with a folder of images for each class, or CIFAR's or MNIST's files, or tar archives, or a table, a list or JSON. Left out: the test set of the run."`
	Split string `help:"Part of DATA to test on (default: test, else val, else DATA itself)." placeholder:"NAME"`
	reading
	Groups string     `help:"Many, medium and few by counts (above 100, below 20) or rank (first and last 3 classes)." enum:"counts,rank" default:"counts" placeholder:"HOW"`
	TTA    hybrid.TTA `name:"tta" help:"Test-time augmentation: average over an image and its mirror image (flip), or over crops of its corners and middle and theirs (ten-crop)." enum:"none,flip,ten-crop" default:"none" placeholder:"WHICH"`
	underPrior
	Aggregate bool `help:"Weigh the experts of a model (sade, balpoe) by how much they agree with themselves on two views of each image, without looking at labels."`
	JSON      bool `name:"json" help:"Write JSON, with the bins of a reliability diagram. Rates are fractions."`
}

func (evaluateCmd) Help() string {
	return `Classes are the model's by name; a part of them will do. Many, medium and few go by the training images that the model was made from.

With --prior all figures are of probabilities that were adjusted to another distribution of the classes: that where the model will be
used, if it is known, or the one that makes the images most likely (Saerens, Latinne and Decaestecker, 2002).

` + example("longtail evaluate runs/first", "longtail evaluate runs/first photos", "longtail evaluate runs/first/model.safetensors photos --split val", "longtail evaluate runs/first photos/test --json", "longtail evaluate runs/first inat/val2018.json",
		"longtail evaluate runs/first photos --prior estimate")
}

// Run evaluates.
func (e *evaluateCmd) Run(ctx context.Context, c *console) error {
	net, about, err := hybrid.Open(e.Model)
	if err != nil {
		return err
	}
	images, where, err := e.open(ctx, net, about)
	if err != nil {
		return err
	}
	var groups metrics.Grouping
	if e.Groups == "rank" {
		groups = metrics.ByRank{}
	}
	prior, err := e.underPrior.settings(about, images)
	if err != nil {
		return err
	}
	r, err := experiment.EvaluateWith(ctx, net, about, images, experiment.EvaluateSettings{Groups: groups, TTA: e.TTA, Prior: prior, Aggregate: e.Aggregate})
	if err != nil {
		return listing(err, e.Data)
	}
	if e.JSON {
		return writeJSON(c, r)
	}
	return printEvaluation(c, r, where)
}

// open finds the images, and brings them to size as the model's were.
func (e *evaluateCmd) open(ctx context.Context, net *hybrid.Network, about hybrid.About) (images dataset.Dataset, where string, err error) {
	if images, where, err := e.ofRun(ctx); images != nil || err != nil {
		return images, where, err
	}
	if net.Input().Features > 0 {
		return featuresOf(e.Data, e.Split, "test")
	}
	to := net.Scale(about.Fit)
	how, err := e.reading.settings()
	if err != nil {
		return nil, "", err
	}
	s, err := how.Settings()
	if err != nil {
		return nil, "", err
	}
	s.Width, s.Height, s.Fit, s.SplitSettings.Index = to.Width, to.Height, to.Fit, dataset.IndexFile
	images, where, err = source.OpenPart(ctx, e.Data, e.Split, s)
	if err != nil {
		return nil, "", listing(err, e.Data)
	}
	return images, where, nil
}

// featuresOf opens features, for a model of such: a part of them, or that called otherwise, which a set without parts need not have.
func featuresOf(data, part, otherwise string) (set dataset.Dataset, where string, err error) {
	s, err := experiment.OpenFeatures(data)
	if err != nil {
		return nil, "", err
	}
	if s.Test == nil {
		if part != "" {
			return nil, "", misused("--split=%s: %s is one set", part, data)
		}
		return s.Train, "the features of " + data, nil
	}
	switch cmp.Or(part, otherwise) {
	case "train", "training":
		set, where = s.Train, "the training set of "
	case "test", "testing":
		set, where = s.Test, "the test set of "
	case "val", "valid", "validation":
		set, where = s.Validation, "the validation set of "
	}
	if set == nil {
		return nil, "", misused("--split=%s: %s has no such part", part, data)
	}
	return set, where + data, nil
}

// ofRun opens the test set of the run, if it is what was asked for: a fifth of class folders alone is one, and the rest of
// them was trained on. nil: it is not.
func (e *evaluateCmd) ofRun(ctx context.Context) (images dataset.Dataset, where string, err error) {
	var b begun
	known := readSettings(e.Model, &b)
	if e.Data == "" && e.Split != "" {
		return nil, "", misused("--split=%s names a folder in DATA: name that too", e.Split)
	}
	if e.Data == "" && e.reading != (reading{}) {
		return nil, "", misused("the options of data are for DATA: name that too")
	}
	if e.Data == "" && known != nil {
		return nil, "", misused("name the folder of images: %s is not the folder of a run that longtail train began", e.Model)
	}
	if e.Data != "" {
		whole, err := filepath.Abs(e.Data)
		if err != nil {
			return nil, "", err
		}
		if known != nil || e.Split != "" || e.reading != (reading{}) || whole != b.Settings.Data {
			return nil, "", nil
		}
	}
	b.Settings.Read.Cache = indices()
	d, err := b.Settings.Open(ctx, b.Seed)
	if err != nil {
		return nil, "", listing(err, b.Settings.Data)
	}
	if err := d.CheckTest(e.Model); err != nil {
		return nil, "", err
	}
	return d.Test, "the run's test set", nil
}

func printEvaluation(c *console, r *experiment.Evaluation, where string) error {
	fmt.Fprintf(c.out, "%s: %d images\n\n", where, r.Images)
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "top-1 (%%)\t%s\n", r.Top1)
	fmt.Fprintf(w, "many / medium / few (%%)\t%s / %s / %s\n", r.Many, r.Medium, r.Few)
	fmt.Fprintf(w, "balanced accuracy (%%)\t%s\n", r.Balanced)
	fmt.Fprintf(w, "macro F1 (%%)\t%s\n", r.MacroF1)
	fmt.Fprintf(w, "calibration error, ECE (%%)\t%s\n", r.ECE)
	fmt.Fprintf(w, "negative log-likelihood\t%.3f\n", r.NLL)
	if r.Experts != nil {
		fmt.Fprintf(w, "weights of the experts\t%.3f\n", r.Experts)
	}
	if r.Prior != nil {
		printPrior(w, r)
	}
	fmt.Fprintln(w, "\t")
	heads := "class\ttraining images\ttest images\taccuracy (%)"
	if r.Prior != nil {
		heads += "\tprior (%)"
	}
	fmt.Fprintln(w, heads)
	classes := r.Classes
	if len(classes) > bars {
		classes = spaced(classes)
	}
	for _, k := range classes {
		train := "n/a"
		if k.Train != nil {
			train = fmt.Sprint(*k.Train)
		}
		fmt.Fprintf(w, "%s\t%s\t%d\t%s", k.Name, train, k.Images, k.Accuracy)
		if k.Prior != nil {
			fmt.Fprintf(w, "\t%.2f", 100**k.Prior)
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil || len(r.Classes) <= bars {
		return err
	}
	_, err := fmt.Fprintf(c.out, "(%d of %d classes, evenly spaced by training images; --json has all)\n", len(classes), len(r.Classes))
	return err
}

// spaced returns so many of the classes as are shown, from the one with the most training images to that with the fewest.
func spaced(all []experiment.ClassFigure) (some []experiment.ClassFigure) {
	size := func(k experiment.ClassFigure) int {
		if k.Train == nil {
			return 0
		}
		return *k.Train
	}
	all = slices.Clone(all)
	slices.SortStableFunc(all, func(a, b experiment.ClassFigure) int { return size(b) - size(a) })
	for k := range bars {
		some = append(some, all[k*(len(all)-1)/(bars-1)])
	}
	return some
}
