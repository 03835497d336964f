package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/longtail-ml/longtail/metrics"
)

// single is the page of one run.
func single(r *Run) page {
	f := &r.Figures
	p := page{Title: strings.TrimSpace(fmt.Sprintf("%s: %s", r.Name, f.Title)), Notes: r.Notes}
	p.Summary = r.summary()
	_, groups := r.groups()
	p.add(section{ID: "tail", Title: "Classes", Text: []string{"In this page, " + groups + "."}, Charts: []*chart{r.tail()}})
	last := &p.Sections[0]
	if c := r.byClass(); c != nil {
		last.Charts = append(last.Charts, c)
	}
	last.Tables = []table{r.classTable()}
	if all := r.curveCharts(); len(all) > 0 {
		p.add(section{ID: "training", Title: "Training", Charts: all})
	}
	if r.Test != nil {
		p.add(r.confusionSection())
	}
	if r.Test != nil && r.Test.Calibration.Before != nil {
		p.add(section{ID: "calibration", Title: "Calibration", Text: []string{r.Test.Calibration.fitted()}, Charts: []*chart{r.Test.Calibration.reliability()}})
	}
	if t := r.Test; t != nil {
		r.addEmbeddings(&p)
		r.addImages(&p)
	}
	if text, err := f.Manifest.Encode(); err == nil && f.Manifest.Version > 0 {
		p.add(section{ID: "manifest", Title: "Manifest", Text: []string{"What the run was, as its folder has it."}, Pre: string(text)})
	}
	return p
}

func (p *page) add(s section) { p.Sections = append(p.Sections, s) }

// summary are the figures at the top.
func (r *Run) summary() (all []fact) {
	f := &r.Figures
	add := func(name string, v *float64, more string) {
		if v != nil {
			all = append(all, fact{name, fmt.Sprintf("%.2f%%", *v), more})
		}
	}
	interval := ""
	if n := total(r.testCounts()); n > 0 && f.Top1 != nil {
		if i, err := metrics.Wilson(int(math.Round(*f.Top1/100*float64(n))), n, 0); err == nil {
			interval = fmt.Sprintf("95%%: %v on %s images", i, count(n))
		}
	}
	add("top-1", f.Top1, interval)
	of, _ := r.groups()
	for g, v := range []*float64{f.Many, f.Medium, f.Few} {
		n := 0
		for _, k := range of {
			if k == g {
				n++
			}
		}
		add(groupNames[g], v, "mean of "+plural(n, "class", "classes"))
	}
	counts := r.counts()
	all = append(all, fact{"training images", count(total(counts)), "in " + plural(len(counts), "class", "classes")})
	if m := f.Manifest.Network; m.Backbone != "" {
		all = append(all, fact{"network", m.Backbone, count(m.Parameters) + " parameters"})
	}
	if f.Seconds > 0 {
		all = append(all, fact{"training", duration(f.Seconds), count(int(math.Round(f.ImagesPerSecond))) + " images/s"})
	}
	return all
}

func total(counts []int) (sum int) {
	for _, n := range counts {
		sum += n
	}
	return sum
}

func plural(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + more
}

// duration is seconds in words.
func duration(s float64) string {
	switch {
	case s < 100:
		return fmt.Sprintf("%.1f s", s)
	case s < 6000:
		return fmt.Sprintf("%.0f min", s/60)
	}
	return fmt.Sprintf("%.1f h", s/3600)
}

// classTable has a row for each class, with what it is mostly taken for.
func (r *Run) classTable() table {
	t := table{ID: "classes", Caption: "Classes", Search: true, Groups: true,
		Columns: []column{{"class", false}, {"group", false}, {"training images", true}, {"test images", true}, {"accuracy (%)", true}, {"95% interval", true}}}
	counts, tests, accuracy, taken := r.counts(), r.testCounts(), r.accuracies(), r.takenFor()
	if taken != nil {
		t.Columns = append(t.Columns, column{"most often taken for", false})
	}
	of, _ := r.groups()
	for _, class := range r.order() {
		cells := []cell{words(r.class(class)), {groupNames[of[class]], fmt.Sprint(of[class])}, whole(counts[class])}
		n, interval := 0, cell{"n/a", "-1"}
		if tests != nil {
			n = tests[class]
			cells = append(cells, whole(n))
		} else {
			cells = append(cells, cell{"n/a", "-1"})
		}
		if a := accuracy[class]; n > 0 && a == a {
			if i, err := metrics.Wilson(int(math.Round(a*float64(n))), n, 0); err == nil {
				interval = cell{percent(float64(i.Low)) + "–" + percent(float64(i.High)), fmt.Sprintf("%.4f", i.Low)}
			}
		}
		cells = append(cells, rate(accuracy[class]), interval)
		if taken != nil {
			cells = append(cells, words(taken[class]))
		}
		t.Rows = append(t.Rows, row{groupNames[of[class]], cells})
	}
	return t
}

// takenFor names for each class the other that it is mostly taken for; nil: not known.
func (r *Run) takenFor() []string {
	if r.Test == nil {
		return nil
	}
	all := make([]string, len(r.counts()))
	for _, p := range pairs(r.Test.Outcomes, r.Test.Confusion, math.MaxInt) {
		if all[p.label] == "" {
			all[p.label] = fmt.Sprintf("%s (%d)", r.class(p.predicted), p.images)
		}
	}
	return all
}

// confusionSection has the heat map and the pairs.
func (r *Run) confusionSection() section {
	of, _ := r.groups()
	t := table{ID: "pairs", Caption: "Classes confused most", Columns: []column{{"true class", false}, {"group", false}, {"taken for", false}, {"group", false},
		{"images", true}, {"of the class (%)", true}, {"the other way round", true}}}
	for _, p := range pairs(r.Test.Outcomes, r.Test.Confusion, 50) {
		t.Rows = append(t.Rows, row{"", []cell{words(r.class(p.label)), words(groupNames[of[p.label]]), words(r.class(p.predicted)), words(groupNames[of[p.predicted]]),
			whole(p.images), rate(p.share), whole(p.back)}})
	}
	s := section{ID: "confusion", Title: "Confusion", Charts: []*chart{r.confusionChart()}}
	if n := len(r.counts()); n > mostCells {
		s.Text = []string{fmt.Sprintf("Of %s classes, about %d share a row: neighbors in the order of their training images.", count(n), (n+mostCells-1)/mostCells)}
	}
	if len(t.Rows) > 0 {
		s.Tables = []table{t}
	}
	return s
}
