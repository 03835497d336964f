package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/longtail-ml/longtail/metrics"
	"gonum.org/v1/plot/plotter"
)

// mostCells is how many classes a heat map has a row for; of more, neighbors in the order of the tail share one.
const mostCells = 120

// matrix is values by row and column, for a heat map whose first row is on top.
type matrix struct {
	n      int
	values []float64
}

func (m matrix) Dims() (c, r int)         { return m.n, m.n }
func (m matrix) Z(c, r int) float64       { return m.values[(m.n-1-r)*m.n+c] }
func (m matrix) X(c int) float64          { return float64(c) + 0.5 }
func (m matrix) Y(r int) float64          { return float64(r) + 0.5 }
func (m *matrix) add(i, j int, v float64) { m.values[i*m.n+j] += v }

// cells is how many rows a heat map of so many classes has, and the row of the class at a place of the order.
func cells(classes int) (n int, row func(at int) int) {
	n = min(classes, mostCells)
	return n, func(at int) int { return at * n / classes }
}

// heatMap draws a matrix of classes in the order of the tail.
func heatMap(file, title, x, y string, m matrix, h *plotter.HeatMap) *chart {
	c := newChart(file, title, x, y)
	c.height = 400
	h.Rasterized = true
	c.plot.Add(h)
	c.plot.X.Padding, c.plot.Y.Padding = 0, 0
	c.plot.X.Min, c.plot.X.Max, c.plot.Y.Min, c.plot.Y.Max = 0, float64(m.n), 0, float64(m.n)
	return c
}

// confusionChart draws which classes are taken for which.
func (r *Run) confusionChart() *chart {
	order, t := r.order(), r.Test.Confusion
	n, row := cells(len(order))
	place := make([]int, len(order))
	for at, class := range order {
		place[class] = row(at)
	}
	m, rows := matrix{n, make([]float64, n*n)}, make([]float64, n)
	for _, o := range r.Test.Outcomes {
		m.add(place[o.Label], place[o.Predicted], 1)
		rows[place[o.Label]]++
	}
	for i := range n {
		for j := range n {
			if rows[i] > 0 {
				m.values[i*n+j] *= 100 / rows[i]
			} else {
				m.values[i*n+j] = math.NaN()
			}
		}
	}
	h := plotter.NewHeatMap(m, sequential())
	h.Min, h.Max, h.NaN = 0, 100, shaded
	c := heatMap("confusion", "Confusion", "predicted class, by training images", "true class, by training images", m, h)
	c.axisOfClasses(r, order, n)
	c.legend = []key{{text: "0 to 100% of the images of the class (row)", ramp: sequential().Colors()}}
	c.alt = fmt.Sprintf("Each row is a class, or several, and the classes go from the most training images to the fewest. %s%% of %s test images are on the diagonal.", t.Top1(), count(t.Total()))
	return c
}

// Pair is two classes of which the one is taken for the other.
type pair struct {
	label, predicted, images int
	share                    float64 // of the images of label
	back                     int     // images of predicted taken for label
}

// pairs lists the classes confused most, by images.
func pairs(outcomes []Outcome, c *metrics.Confusion, most int) []pair {
	of := map[[2]int]int{}
	images := make([]int, c.Classes())
	for _, o := range outcomes {
		images[o.Label]++
		if o.Label != o.Predicted {
			of[[2]int{o.Label, o.Predicted}]++
		}
	}
	var all []pair
	for k, n := range of {
		all = append(all, pair{k[0], k[1], n, float64(n) / float64(images[k[0]]), c.At(k[1], k[0])})
	}
	slices.SortFunc(all, func(a, b pair) int {
		return cmp.Or(b.images-a.images, cmp.Compare(b.share, a.share), a.label-b.label, a.predicted-b.predicted)
	})
	return all[:min(most, len(all))]
}
