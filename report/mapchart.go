package report

import (
	"fmt"

	"gonum.org/v1/plot/vg"
)

// mapSection draws the maps, by group and by class.
func (r *Run) mapSection() section {
	m, t := r.Test.Map, r.Test
	of, _ := r.groups()
	s := section{ID: "embeddings", Title: "Embeddings", Text: []string{fmt.Sprintf("%s of %s test images in two dimensions: %s.", count(len(m.Images)), count(len(t.Outcomes)), m.Of)}}
	shown, rest := r.shownClasses()
	if rest > 0 {
		s.Text = append(s.Text, fmt.Sprintf("Colors tell only a few classes apart: %d, from the one with the most training images to that with the fewest, and the other %s are gray.", len(shown), count(rest)))
	}
	for _, of2 := range []struct {
		file, title, x, y string
		at                [][2]float64
	}{
		{"pca", "Principal components", fmt.Sprintf("first component (%s%% of the variance)", percent(m.Variance[0])), fmt.Sprintf("second (%s%%)", percent(m.Variance[1])), m.PCA},
		{"neighbors", "Neighbors (axes have no unit)", "", "", m.Neighbors},
	} {
		byGroup := r.mapChart(of2.file+"-by-group", of2.title+", by group", of2.x, of2.y)
		byClass := r.mapChart(of2.file+"-by-class", of2.title+", by class", of2.x, of2.y)
		groups, classes := make([]xys, len(groupNames)), map[int]xys{}
		for k, i := range m.Images {
			at, label := xy{X: of2.at[k][0], Y: of2.at[k][1]}, t.Outcomes[i].Label
			groups[of[label]] = append(groups[of[label]], at)
			class := -1
			for _, c := range shown {
				if c == label {
					class = c
				}
			}
			classes[class] = append(classes[class], at)
		}
		radius := vg.Length(2.2)
		if len(m.Images) > 1500 {
			radius = 1.3
		}
		for g, points := range groups {
			byGroup.points(groupNames[g], points, groupColor(g), radius)
		}
		if rest > 0 {
			byClass.points("other classes", classes[-1], shaded, radius*0.7)
		}
		for k, class := range shown {
			byClass.points(short(r.class(class), 20), classes[class], colors[k], radius)
		}
		byGroup.alt = "Each dot is a test image, in the color of its class's group."
		byClass.alt = "Each dot is a test image, in the color of its class."
		for _, c := range []*chart{byGroup, byClass} { // no dot lies on the edge
			x, y := &c.plot.X, &c.plot.Y
			x.Min, x.Max, y.Min, y.Max = x.Min-0.03*(x.Max-x.Min), x.Max+0.03*(x.Max-x.Min), y.Min-0.03*(y.Max-y.Min), y.Max+0.03*(y.Max-y.Min)
		}
		s.Charts = append(s.Charts, byGroup, byClass)
	}
	return s
}

func (r *Run) mapChart(file, title, x, y string) *chart {
	c := newChart(file, title, x, y)
	c.height = 340
	if x == "" {
		c.plot.X.Ticks, c.plot.Y.Ticks = fixedTicks{}, fixedTicks{}
	}
	return c
}

// shownClasses are those that have a color: all, or as many as there are colors, evenly spaced along the tail, and how many are left.
func (r *Run) shownClasses() (shown []int, rest int) {
	order := r.order()
	if len(order) <= len(colors) {
		return order, 0
	}
	for k := range colors {
		shown = append(shown, order[k*(len(order)-1)/(len(colors)-1)])
	}
	return shown, len(order) - len(shown)
}
