package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/smallfile"
)

// underPrior are options of evaluate.
type underPrior struct {
	Prior      string `help:"Adjust to images whose classes are distributed like this: uniform, train, a file with JSON such as {\"cat\": 3, \"dog\": 1}, or estimate, from the images without their labels." placeholder:"HOW" group:"Prior"`
	ModelPrior string `help:"Distribution under which the model's own probabilities are right: train, uniform or a file (default: train for ce, focal, sam and imbsam; demanded for remix, cmo, ride, tau-norm and ncm; uniform for methods that serve all classes alike)." placeholder:"HOW" group:"Prior"`
}

// settings reads them; nil for none.
func (u underPrior) settings(about hybrid.About, images dataset.Dataset) (*experiment.PriorSettings, error) {
	if u.Prior == "" {
		if u.ModelPrior != "" {
			return nil, misused("--model-prior is of --prior: give that too")
		}
		return nil, nil
	}
	classes := about.Classes
	if classes == nil {
		classes = images.Classes()
	}
	s := &experiment.PriorSettings{}
	var err error
	if u.Prior != "estimate" {
		if s.Target, err = weights("prior", u.Prior, about, classes); err != nil {
			return nil, err
		}
	}
	if u.ModelPrior != "" {
		if s.Model, err = weights("model-prior", u.ModelPrior, about, classes); err != nil {
			return nil, err
		}
	} else if _, _, err := experiment.OwnPrior(about, len(classes)); err != nil {
		return nil, misused("%w (--model-prior says it)", err)
	}
	return s, nil
}

// weights are those of an option, one for each class.
func weights(option, how string, about hybrid.About, classes []string) ([]float64, error) {
	switch how {
	case "uniform":
		return slices.Repeat([]float64{1}, len(classes)), nil
	case "train":
		if about.Counts == nil {
			return nil, misused("--%s=train: the model does not say on how many images of each class it was trained: name a file", option)
		}
		return experiment.TrainingPrior(about), nil
	}
	const mostBytes = 1 << 24
	text, err := smallfile.Read(how, mostBytes)
	if err != nil {
		words := "none of uniform, train and estimate"
		if option == "model-prior" {
			words = "neither uniform nor train"
		}
		return nil, misused("--%s=%s is %s, and no file that can be read: %w", option, how, words, err)
	}
	var list []float64
	if json.Unmarshal(text, &list) == nil {
		if len(list) != len(classes) {
			return nil, fmt.Errorf("--%s: %s has %d weights for %d classes: give one for each, or an object of names", option, how, len(list), len(classes))
		}
		return list, nil
	}
	var named map[string]float64
	if err := json.Unmarshal(text, &named); err != nil {
		return nil, fmt.Errorf(`--%s: %s has neither a list of weights nor an object such as {"cat": 3, "dog": 1}: %w`, option, how, err)
	}
	all, unknown := make([]float64, len(classes)), []string{}
	for name, w := range named {
		if at := slices.Index(classes, name); at >= 0 {
			all[at] = w
		} else {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		slices.Sort(unknown)
		return nil, fmt.Errorf("--%s: %s has the class %q, and the model does not: classes that are left out have no weight", option, how, unknown[0])
	}
	return all, nil
}

// printPrior writes what an adjustment was.
func printPrior(w io.Writer, e *experiment.Evaluation) {
	u := e.Prior
	how := "given"
	if u.Estimated {
		how = fmt.Sprintf("estimated from these images, without their labels, in %d rounds", u.Rounds)
		if !u.Converged {
			how += ", which did not settle"
		}
	}
	fmt.Fprintf(w, "adjusted to a prior\t%s\n", how)
	fmt.Fprintf(w, "the model's own prior\t%s\n", cmp.Or(u.ModelIs, "given"))
	fmt.Fprintf(w, "top-1 on images by the prior (%%)\t%s\n", u.Top1Under)
	fmt.Fprintf(w, "without the adjustment\ttop-1 %s, by the prior %s, balanced %s, ECE %s, NLL %.3f\n", u.Without.Top1, u.Without.Top1Under, u.Without.Balanced, u.Without.ECE, u.Without.NLL)
}
