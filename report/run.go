package report

import (
	"math"
	"slices"

	"github.com/longtail-ml/longtail/experiment"
)

// Run is what a page shows of a run. Open makes one of a folder; of a run that is kept elsewhere, fill in what there is.
type Run struct {
	Name    string            // what the page calls it
	Figures experiment.Report // with its manifest
	Classes []string          // names by label; nil: the page has numbers
	Curves  Curves            // figures by epoch; nil: those of Figures.History
	Test    *Test             // what the model says of the test images; nil: not looked at
	Notes   []string          // what the page cannot show, and why, in sentences
}

// curves returns the run's figures by epoch.
func (r *Run) curves() Curves {
	if r.Curves != nil {
		return r.Curves
	}
	c := Curves{}
	for _, e := range r.Figures.History {
		add := func(name string, v float64) { c[name] = append(c[name], Point{e.Epoch, v}) }
		add("loss", e.Loss)
		add("lr", e.LR)
		for name, v := range e.Losses {
			add("loss/"+name, v)
		}
		for name, v := range e.Weights {
			add("weight/"+name, v)
		}
		if e.Top1 != nil {
			on := "test/"
			if r.Figures.HistoryOf == "held-out" {
				on = "validation/"
			}
			add(on+"top1", *e.Top1/100)
		}
	}
	return c
}

// class is the name of a class.
func (r *Run) class(i int) string {
	if i < len(r.Classes) {
		return r.Classes[i]
	}
	return "class " + count(i)
}

// counts are the training images of each class.
func (r *Run) counts() []int {
	if r.Figures.TrainCounts != nil {
		return r.Figures.TrainCounts
	}
	return r.Figures.Manifest.Data.TrainCounts
}

// testCounts are the test images of each class; nil: not known.
func (r *Run) testCounts() []int {
	if all := r.Figures.Manifest.Data.TestCounts; len(all) == len(r.counts()) {
		return all
	}
	return nil
}

// accuracies are those of each class as fractions, NaN where there is none.
func (r *Run) accuracies() []float64 {
	all := make([]float64, len(r.counts()))
	for i := range all {
		all[i] = math.NaN()
		if p := r.Figures.PerClass; i < len(p) && p[i] != nil {
			all[i] = *p[i] / 100
		} else if r.Test != nil && len(p) == 0 {
			all[i] = float64(r.Test.Confusion.PerClass()[i])
		}
	}
	return all
}

// The groups of classes.
const (
	many = iota
	medium
	few
)

var groupNames = []string{"many", "medium", "few"}

// groups is the group of each class, and what they are in words.
func (r *Run) groups() (of []int, words string) {
	counts := r.counts()
	g, words := groupingOf(r.Figures.Manifest.Training.Groups)
	of = make([]int, len(counts))
	for i := range of {
		of[i] = medium
	}
	first, _, last, err := g.Split(counts)
	if err != nil {
		return of, "the classes are in no groups: " + err.Error()
	}
	for _, c := range first {
		of[c] = many
	}
	for _, c := range last {
		of[c] = few
	}
	return of, words
}

// order lists the classes from the one with the most training images to that with the fewest.
func (r *Run) order() []int {
	counts := r.counts()
	all := make([]int, len(counts))
	for i := range all {
		all[i] = i
	}
	slices.SortStableFunc(all, func(a, b int) int { return counts[b] - counts[a] })
	return all
}
