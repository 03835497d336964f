package report

import (
	"cmp"
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"

	"github.com/longtail-ml/longtail/metrics"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// mostCells is how many classes a heat map has a row for; of more, neighbors in the order of the tail share one.
const mostCells = 120

// matrix is values by row and column, for a heat map whose first row is on top.
type matrix struct {
	n      int
	values []float64
}

func (m *matrix) add(i, j int, v float64) { m.values[i*m.n+j] += v }

// cells is how many rows a heat map of so many classes has, and the row of the class at a place of the order.
func cells(classes int) (n int, row func(at int) int) {
	n = min(classes, mostCells)
	return n, func(at int) int { return at * n / classes }
}

// heat is a matrix drawn in colors, those from low to high; what is no number is shaded.
type heat struct {
	matrix
	colors    []color.Color
	low, high float64
}

func (h *heat) draw(c draw.Canvas, _, _ func(float64) vg.Length) {
	img := image.NewRGBA(image.Rect(0, 0, h.n, h.n))
	for at, v := range h.values {
		col := color.Color(shaded)
		if !math.IsNaN(v) {
			where := (min(max(v, h.low), h.high) - h.low) / (h.high - h.low)
			col = h.colors[int(where*float64(len(h.colors)-1)+0.5)]
		}
		img.Set(at%h.n, at/h.n, col)
	}
	c.DrawImage(c.Rectangle, img)
}

// heatMap draws a matrix of classes in the order of the tail.
func heatMap(file, title, x, y string, h *heat) *chart {
	c := newChart(file, title, x, y)
	c.height = 400
	c.plot.add(h, xy{0, 0}, xy{float64(h.n), float64(h.n)})
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
	c := heatMap("confusion", "True and predicted classes", "predicted class, by training images", "true class, by training images", &heat{m, sequential(), 0, 100})
	c.axisOfClasses(r, order, n)
	c.legend = []key{{text: "0 to 100% of the images of the class (row)", ramp: sequential()}}
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
