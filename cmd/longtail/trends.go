package main

import (
	"fmt"
	"strings"

	"github.com/longtail-ml/longtail/record"
	"github.com/longtail-ml/longtail/report"
)

// trends draws the figures of the last epochs in a line for each group of them: losses, and accuracies on each set.
type trends struct {
	curves  report.Curves
	painter painter
	columns int // of the terminal
}

// add takes the figures of an epoch.
func (t *trends) add(e record.Epoch) {
	if t.curves == nil {
		t.curves = report.Curves{}
	}
	add := func(name string, v float64) {
		t.curves[name] = append(t.curves[name], report.Point{At: e.Epoch, Value: v})
	}
	add("loss", e.Loss)
	for _, l := range e.Losses {
		add("loss/"+l.Name, l.Value)
	}
	for _, f := range e.Figures {
		add(f.Name, f.Value)
	}
}

// trend is one figure of a line.
type trend struct {
	label, figure string
	factor        float64
	color         int
}

// lines draws what there is of at least two epochs.
func (t *trends) lines() (all []string) {
	losses := []trend{{"", "loss", 1, 0}}
	if names := t.terms(); len(names) > 1 {
		for _, name := range names {
			losses = append(losses, trend{name, "loss/" + name, 1, 0})
		}
	}
	all = t.line(all, "loss", "%.3f", losses)
	for _, on := range []struct{ name, prefix string }{{"held-out", "validation/"}, {"test", "test/"}} {
		all = t.line(all, on.name, "%.1f%%", []trend{{"", on.prefix + "top1", 100, 0}, {"many", on.prefix + "many", 100, blue},
			{"medium", on.prefix + "medium", 100, yellow}, {"few", on.prefix + "few", 100, magenta}})
	}
	return all
}

func (t *trends) line(all []string, name, format string, figures []trend) []string {
	wide := min(max((t.columns-10)/max(len(figures), 1)-16, 4), 24)
	text, drawn := fmt.Sprintf("  %-9s", name), false
	for _, f := range figures {
		points := t.curves[f.figure]
		if len(points) < 2 {
			continue
		}
		var values []float64
		for _, p := range points {
			values = append(values, f.factor*p.Value)
		}
		label := f.label
		if label != "" {
			label += " "
		}
		text += label + fmt.Sprintf(format, values[len(values)-1]) + " " + t.painter.paint(f.color, spark(values, wide)) + "  "
		drawn = true
	}
	if !drawn {
		return all
	}
	return append(all, strings.TrimRight(text, " "))
}

// terms are the names of the losses.
func (t *trends) terms() (names []string) {
	for _, name := range sortedKeys(t.curves) {
		if rest, ok := strings.CutPrefix(name, "loss/"); ok {
			names = append(names, rest)
		}
	}
	return names
}
