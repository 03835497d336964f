package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/metrics"
)

// several is the page of runs side by side.
func several(runs []*Run) page {
	p := page{Title: plural(len(runs), "run", "runs") + " side by side"}
	for _, r := range runs {
		for _, n := range r.Notes {
			p.Notes = append(p.Notes, r.Name+": "+n)
		}
	}
	p.add(section{ID: "runs", Title: "Runs", Text: []string{"Intervals are of 95% (Wilson's), by the number of test images. They say nothing of what other seeds would give."}, Tables: []table{runTable(runs)}})
	drawn := runs
	if len(drawn) > mostDrawn {
		drawn = drawn[:mostDrawn]
		p.Notes = append(p.Notes, fmt.Sprintf("The plots are of the first %d of %d runs.", mostDrawn, len(runs)))
	}
	if charts := curvesOver(drawn); len(charts) > 0 {
		p.add(section{ID: "training", Title: "Training", Charts: charts})
	}
	if s, ok := classSection(runs, drawn); ok {
		p.add(s)
	}
	p.add(differences(runs))
	return p
}

// mostDrawn is how many runs a plot has lines of.
const mostDrawn = 12

// ofRun adds the line of the k-th of several runs.
func (c *chart) ofRun(k int, name string, points xys) {
	c.line(name, points, colors[k%len(colors)], dashes[k/len(colors)%len(dashes)])
}

func runTable(runs []*Run) table {
	t := table{ID: "runs-table", Caption: "Runs", Columns: []column{{"run", false}, {"method", false}, {"seed", true}, {"top-1 (%)", true}, {"interval", true}, {"many (%)", true},
		{"interval", true}, {"medium (%)", true}, {"interval", true}, {"few (%)", true}, {"interval", true}, {"images seen", true}, {"training (s)", true}}}
	for _, r := range runs {
		f := &r.Figures
		of, _ := r.groups()
		tests := r.testCounts()
		cells := []cell{words(r.Name), words(cmp.Or(f.Title, f.Method)), {fmt.Sprint(f.Seed), fmt.Sprint(f.Seed)}}
		cells = append(cells, figureCell(f.Top1), intervalCell(f.Top1, float64(total(tests))))
		for g, v := range []*float64{f.Many, f.Medium, f.Few} {
			cells = append(cells, figureCell(v), intervalCell(v, effective(of, tests, g)))
		}
		cells = append(cells, whole(int(f.Manifest.Training.ImagesSeen)), cell{fmt.Sprintf("%.0f", f.Seconds), fmt.Sprintf("%.3f", f.Seconds)})
		t.Rows = append(t.Rows, row{"", cells})
	}
	return t
}

// effective is how many images of one class leave its accuracy as uncertain as the mean over the classes of a group is at most.
func effective(of, tests []int, group int) float64 {
	classes, inverse := 0.0, 0.0
	for i, n := range tests {
		if of[i] == group && n > 0 {
			classes++
			inverse += 1 / float64(n)
		}
	}
	if inverse == 0 {
		return 0
	}
	return classes * classes / inverse
}

func figureCell(v *float64) cell {
	if v == nil {
		return cell{"n/a", "-1"}
	}
	return cell{fmt.Sprintf("%.2f", *v), fmt.Sprintf("%.4f", *v)}
}

func intervalCell(v *float64, images float64) cell {
	n := int(images)
	if v == nil || n == 0 {
		return cell{"n/a", "-1"}
	}
	i, err := metrics.Wilson(min(max(int(math.Round(*v/100*float64(n))), 0), n), n, 0)
	if err != nil {
		return cell{"n/a", "-1"}
	}
	return cell{percent(float64(i.Low)) + "–" + percent(float64(i.High)), fmt.Sprintf("%.4f", i.Low)}
}

// curvesOver draws the figures that runs have in common over each other.
func curvesOver(runs []*Run) (all []*chart) {
	for _, f := range []struct {
		figure, file, title, y string
		factor                 float64
	}{
		{"loss", "loss", "Loss by epoch", "loss (mean of the epoch)", 1}, {"lr", "rate", "Learning rate by epoch", "learning rate", 1},
		{"validation/top1", "heldout-top1", "Accuracy on held-out images by epoch", "top-1 (%)", 100},
		{"test/top1", "test-top1", "Accuracy on test images by epoch", "top-1 (%)", 100},
		{"test/few", "test-few", "Accuracy of few on test images by epoch", "mean of the classes (%)", 100},
		{"validation/few", "heldout-few", "Accuracy of few on held-out images by epoch", "mean of the classes (%)", 100},
	} {
		c := newChart(f.file, f.title, "epoch", f.y)
		for k, r := range runs {
			points := r.curves()[f.figure]
			c.ofRun(k, r.Name, epochs(points, f.factor))
			if len(points) > 0 {
				c.alt += ends(r.Name, points, f.factor, "") + " "
			}
		}
		if len(c.legend) == 0 {
			continue
		}
		if f.factor == 100 {
			c.rates()
		} else {
			c.fromZero()
		}
		c.plot.X.Ticks = wholeTicks{}
		all = append(all, c)
	}
	return all
}

// classSection has accuracy by class, if the runs have the same classes.
func classSection(runs, drawn []*Run) (section, bool) {
	first := runs[0]
	s := section{ID: "classes", Title: "Classes"}
	for _, r := range runs[1:] {
		if len(r.counts()) != len(first.counts()) || !slices.Equal(r.Classes, first.Classes) && r.Classes != nil && first.Classes != nil {
			s.Text = []string{fmt.Sprintf("%s and %s have other classes: they are not compared class by class.", first.Name, r.Name)}
			return s, true
		}
	}
	c := newChart("by-class", "Accuracy by class", "training images of the class", "mean accuracy (%)")
	d := newChart("difference", "Difference from "+first.Name, "training images of the class in "+first.Name, "mean difference (points)")
	base := first.accuracies()
	for k, r := range drawn {
		var own, difference xys
		for i, a := range r.accuracies() {
			if n := float64(r.counts()[i]); n > 0 && a == a {
				own = append(own, xy{X: n, Y: 100 * a})
			}
			if n, b := float64(first.counts()[i]), base[i]; n > 0 && a == a && b == b {
				difference = append(difference, xy{X: n, Y: 100 * (a - b)})
			}
		}
		c.ofRun(k, r.Name, binned(own))
		if k > 0 {
			d.ofRun(k, r.Name, binned(difference))
		}
	}
	for _, ch := range []*chart{c, d} {
		if len(ch.legend) > 0 {
			ch.logX()
			ch.alt = "A line for each run; the table has the figures."
			ch.caption = "Means over classes of like size."
			s.Charts = append(s.Charts, ch)
		}
	}
	if s.Charts == nil {
		return s, false
	}
	c.rates()
	d.within(min(d.plot.Y.Min, 0), max(d.plot.Y.Max, 0))
	s.Tables = []table{differenceTable(runs)}
	return s, true
}

// differenceTable has the accuracy of each class in the first run, and how the others differ from it.
func differenceTable(runs []*Run) table {
	first, images := runs[0], "training images"
	if slices.ContainsFunc(runs, func(r *Run) bool { return !slices.Equal(r.counts(), first.counts()) }) {
		images += " in " + first.Name
	}
	t := table{ID: "classes-table", Caption: "Accuracy by class", Search: true, Groups: true, Columns: []column{{"class", false}, {"group", false}, {images, true}, {first.Name + " (%)", true}}}
	var all [][]float64
	for k, r := range runs {
		if k > 0 {
			t.Columns = append(t.Columns, column{r.Name + " (difference)", true})
		}
		all = append(all, r.accuracies())
	}
	of, _ := first.groups()
	for _, class := range first.order() {
		cells := []cell{words(first.class(class)), {groupNames[of[class]], fmt.Sprint(of[class])}, whole(first.counts()[class]), rate(all[0][class])}
		for _, a := range all[1:] {
			if d := 100 * (a[class] - all[0][class]); d == d {
				cells = append(cells, cell{signed(d), fmt.Sprintf("%.4f", d)})
			} else {
				cells = append(cells, cell{"n/a", "-1000"})
			}
		}
		t.Rows = append(t.Rows, row{groupNames[of[class]], cells})
	}
	return t
}

// signed is a difference in points: +1.5 or −1.5.
func signed(d float64) string {
	if d < -0.05 {
		return fmt.Sprintf("−%.1f", -d)
	}
	return fmt.Sprintf("%+.1f", max(d, 0))
}

// differences lists the fields in which the manifests differ.
func differences(runs []*Run) section {
	t := table{ID: "manifest-table", Caption: "What differs between the manifests", Columns: []column{{"field", false}}}
	values, order := map[string][]string{}, []string(nil)
	for k, r := range runs {
		t.Columns = append(t.Columns, column{r.Name, false})
		for _, d := range manifest.Diff(runs[0].Figures.Manifest, r.Figures.Manifest) {
			if values[d.Field] == nil {
				order = append(order, d.Field)
				values[d.Field] = make([]string, len(runs))
				for i := range runs {
					values[d.Field][i] = d.A // of those that do not differ from the first
				}
			}
			values[d.Field][k] = d.B
		}
	}
	s := section{ID: "manifests", Title: "What differs between the manifests"}
	if len(order) == 0 {
		s.Text = []string{"Nothing."}
		return s
	}
	for _, field := range order {
		cells := []cell{words(field)}
		for _, v := range values[field] {
			cells = append(cells, words(short(cmp.Or(v, "none"), 160)))
		}
		t.Rows = append(t.Rows, row{"", cells})
	}
	s.Tables = []table{t}
	return s
}
