package report

import (
	"fmt"
	"math"

	"gonum.org/v1/plot/vg"
)

// byClass draws the accuracy of each class against its training images; nil where neither is known.
func (r *Run) byClass() *chart {
	counts, accuracy := r.counts(), r.accuracies()
	of, _ := r.groups()
	c := newChart("by-class", "Accuracy by class", "training images of the class", "accuracy of the class (%)")
	groups := make([]xys, len(groupNames))
	var all xys
	for i, a := range accuracy {
		if !math.IsNaN(a) && counts[i] > 0 {
			at := xy{X: float64(counts[i]), Y: 100 * a}
			groups[of[i]], all = append(groups[of[i]], at), append(all, at)
		}
	}
	if len(all) == 0 {
		return nil
	}
	radius := vg.Length(3.5)
	if len(all) > 300 {
		radius = 1.5
	}
	for g, points := range groups {
		c.points(groupNames[g], points, groupColor(g), radius)
	}
	trend := binned(all)
	if len(all) > 10 && len(trend) > 1 {
		c.line("mean of classes of like size", trend, ink, nil)
	}
	c.rates()
	c.logX()
	c.alt = fmt.Sprintf("A dot for each of %s classes.", count(len(all)))
	if len(trend) > 0 {
		first, last := trend[0], trend[len(trend)-1]
		c.alt += fmt.Sprintf(" Classes of about %s training images have %s%% in the mean, those of about %s have %s%%.", count(int(first.X+0.5)), percent(first.Y/100),
			count(int(last.X+0.5)), percent(last.Y/100))
	}
	return c
}

// binned is the mean of y over ranges of x, each of a factor of 1.6.
func binned(points xys) (means xys) {
	type sum struct{ x, y, n float64 }
	bins := map[int]*sum{}
	low, high := math.MaxInt, math.MinInt
	for _, p := range points {
		at := int(math.Floor(math.Log(p.X) / math.Log(1.6)))
		low, high = min(low, at), max(high, at)
		if bins[at] == nil {
			bins[at] = &sum{}
		}
		bins[at].x += math.Log(p.X)
		bins[at].y += p.Y
		bins[at].n++
	}
	for at := low; at <= high && len(points) > 0; at++ {
		if b := bins[at]; b != nil {
			means = append(means, xy{X: math.Exp(b.x / b.n), Y: b.y / b.n})
		}
	}
	return means
}
