package report

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// epochs turns figures by epoch into points, epochs from 1.
func epochs(all []Point, factor float64) xys {
	points := make(xys, len(all))
	for i, p := range all {
		points[i] = xy{X: float64(p.At + 1), Y: factor * p.Value}
	}
	return finite(points)
}

// curveCharts draw how training went.
func (r *Run) curveCharts() (all []*chart) {
	c := r.curves()
	losses := newChart("loss", "Loss by epoch", "epoch", "loss (mean of the epoch)")
	names := c.with("loss/")
	if len(names) != 1 {
		losses.line("weighted sum", epochs(c["loss"], 1), ink, nil)
	}
	for i, name := range names {
		losses.line(name, epochs(c["loss/"+name], 1), colors[i%len(colors)], dashes[i%len(dashes)])
	}
	losses.alt = ends("The loss", c["loss"], 1, "")
	weights := newChart("alpha", "Weights of the losses (α) by epoch", "epoch", "weight")
	varies := len(names) > 1
	for i, name := range names {
		weights.line(name, epochs(c["weight/"+name], 1), colors[i%len(colors)], dashes[i%len(dashes)])
		weights.alt += ends("The weight of "+name, c["weight/"+name], 1, "") + " "
	}
	rate := newChart("rate", "Learning rate by epoch", "epoch", "learning rate")
	rate.line("", epochs(c["lr"], 1), colors[0], nil)
	rate.alt = ends("The learning rate", c["lr"], 1, "")
	for _, ch := range []*chart{losses, weights, rate} {
		if ch == weights && !varies || len(c["loss"]) == 0 {
			continue
		}
		ch.fromZero()
		ch.plot.X.Ticks = wholeTicks{}
		all = append(all, ch)
	}
	for _, on := range []struct{ prefix, name string }{{"validation/", "held-out images"}, {"test/", "test images"}} {
		if len(c[on.prefix+"top1"]) > 0 {
			all = append(all, accuracyChart(c, on.prefix, on.name))
		}
	}
	return all
}

// accuracyChart draws top-1 and that of the groups.
func accuracyChart(c Curves, prefix, name string) *chart {
	ch := newChart("accuracy-"+strings.TrimSuffix(prefix, "/"), "Accuracy on "+name+" by epoch", "epoch", "accuracy (%)")
	ch.line("all images", epochs(c[prefix+"top1"], 100), ink, nil)
	for g, group := range groupNames {
		ch.line(group, epochs(c[prefix+group], 100), groupColor(g), dashes[g+1])
	}
	ch.rates()
	ch.plot.X.Ticks = wholeTicks{}
	ch.alt = ends("The accuracy", c[prefix+"top1"], 100, "%")
	return ch
}

// with lists the figures whose names begin with prefix, by the rest of the name.
func (c Curves) with(prefix string) (names []string) {
	for _, name := range slices.Sorted(maps.Keys(c)) {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			names = append(names, rest)
		}
	}
	return names
}

// ends says in words where a figure began and ended.
func ends(what string, all []Point, factor float64, unit string) string {
	if len(all) == 0 {
		return what + " was not recorded."
	}
	first, last := all[0], all[len(all)-1]
	short := func(v float64) string { return number(math.Round(1e4*factor*v)/1e4) + unit }
	return fmt.Sprintf("%s goes from %s in epoch %d to %s in epoch %d.", what, short(first.Value), first.At+1, short(last.Value), last.At+1)
}
