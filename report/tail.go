package report

import (
	"fmt"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"image/color"
)

// groupColor is the color of many, medium and few.
func groupColor(g int) color.RGBA { return colors[[]int{0, 1, 3}[g]] }

// tail draws the training images of each class, the largest first.
func (r *Run) tail() *chart {
	counts, order := r.counts(), r.order()
	of, _ := r.groups()
	c := newChart("tail", "The long tail", "class, by training images", "training images")
	most, least := counts[order[0]], counts[order[len(order)-1]]
	low := 0.0
	if least > 0 && most > 20*least {
		low = 0.8 * float64(least)
	}
	for g, name := range groupNames {
		b := &bars{color: groupColor(g), low: low}
		for at, class := range order {
			if of[class] == g {
				b.at = append(b.at, xy{X: float64(at + 1), Y: float64(counts[class])})
			}
		}
		if len(b.at) > 0 {
			c.plot.add(b)
			c.legend = append(c.legend, key{text: fmt.Sprintf("%s (%s classes)", name, count(len(b.at))), color: b.color, dot: true})
		}
	}
	c.plot.X.Min, c.plot.X.Max = 0.5, float64(len(order))+0.5
	c.plot.X.Ticks = wholeTicks{}
	c.plot.Y.Min, c.plot.Y.Max = low, max(1.05*float64(most), low+1)
	if low > 0 {
		c.logY()
	}
	sum := 0
	for _, n := range counts {
		sum += n
	}
	c.alt = fmt.Sprintf("%s training images in %s classes, from %s images in the largest to %s in the smallest.", count(sum), count(len(counts)), count(most), count(least))
	return c
}

// bars are columns one unit wide, neighbors as one shape.
type bars struct {
	at    xys
	low   float64
	color color.Color
}

func (b *bars) draw(c draw.Canvas, x, y func(float64) vg.Length) {
	var outline []vg.Point
	end := func() {
		if outline != nil {
			c.FillPolygon(b.color, append(outline, vg.Point{X: outline[len(outline)-1].X, Y: y(b.low)}))
			outline = nil
		}
	}
	gap := vg.Length(0) // between columns that are wide enough
	if wide := x(2) - x(1); wide > 4 {
		gap = wide / 10
	}
	for i, at := range b.at {
		if i > 0 && (b.at[i-1].X != at.X-1 || gap > 0) {
			end()
		}
		left, right, top := x(at.X-0.5)+gap, x(at.X+0.5)-gap, y(max(at.Y, b.low))
		if outline == nil {
			outline = []vg.Point{{X: left, Y: y(b.low)}}
		}
		if n := len(outline); n > 1 && outline[n-1].Y == top { // longer, not more
			outline[n-1].X = right
			continue
		}
		outline = append(outline, vg.Point{X: left, Y: top}, vg.Point{X: right, Y: top})
	}
	end()
}

// wholeTicks are ticks at whole numbers, beginning with 1.
type wholeTicks struct{}

// Ticks returns them.
func (wholeTicks) Ticks(low, high float64) []tick {
	all := slices.DeleteFunc(ticks{}.Ticks(low, high), func(t tick) bool { return t.Value != float64(int(t.Value)) || t.Value < 1 })
	if len(all) == 0 || all[0].Value > 1 && low <= 1 {
		all = append([]tick{{Value: 1, Label: "1"}}, all...)
	}
	return all
}
