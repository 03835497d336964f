package report

import (
	"math"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// xy is a point of data.
type xy struct{ X, Y float64 }

type xys []xy

// tick is a mark of an axis. One without a label has no line across the plot.
type tick struct {
	Value float64
	Label string
}

// ticker puts ticks on an axis.
type ticker interface {
	Ticks(low, high float64) []tick
}

// fixedTicks are where they are.
type fixedTicks []tick

// Ticks returns them.
func (f fixedTicks) Ticks(float64, float64) []tick { return f }

// axis is one of a plot.
type axis struct {
	Label    string
	Min, Max float64
	Log      bool
	Ticks    ticker
	Rotate   bool // labels of ticks go upward
}

// norm is where a value lies on the axis, from 0 to 1.
func (a *axis) norm(v float64) float64 {
	if a.Log {
		return math.Log(v/a.Min) / math.Log(a.Max/a.Min)
	}
	return (v - a.Min) / (a.Max - a.Min)
}

// ticks are those within the axis.
func (a *axis) ticks() (all []tick) {
	for _, t := range a.Ticks.Ticks(a.Min, a.Max) {
		if t.Value >= a.Min && t.Value <= a.Max {
			all = append(all, t)
		}
	}
	return all
}

// shape is what is drawn in a plot.
type shape interface {
	draw(c draw.Canvas, x, y func(float64) vg.Length)
}

// frame is the axes of a plot and what is in it.
type frame struct {
	X, Y   axis
	shapes []shape
}

func newFrame() *frame {
	a := axis{Min: math.Inf(1), Max: math.Inf(-1), Ticks: ticks{}}
	return &frame{X: a, Y: a}
}

// add adds a shape, and makes room for points.
func (f *frame) add(s shape, points ...xy) {
	f.shapes = append(f.shapes, s)
	for _, p := range points {
		f.X.Min, f.X.Max, f.Y.Min, f.Y.Max = min(f.X.Min, p.X), max(f.X.Max, p.X), min(f.Y.Min, p.Y), max(f.Y.Max, p.Y)
	}
}

// draw draws axes, grid and shapes.
func (f *frame) draw(c draw.Canvas) {
	for _, a := range []*axis{&f.X, &f.Y} {
		switch {
		case a.Min > a.Max: // nothing is there
			a.Min, a.Max = 0, 1
		case a.Min == a.Max:
			a.Min, a.Max = a.Min-1, a.Max+1
		}
	}
	const mark, gap = 6, 4
	name, small := label(11), label(10)
	left, bottom := vg.Length(mark+2*gap), vg.Length(mark+2*gap)
	for _, t := range f.Y.ticks() {
		left = max(left, mark+2*gap+small.Width(t.Label))
	}
	for _, t := range f.X.ticks() {
		if f.X.Rotate {
			bottom = max(bottom, mark+2*gap+small.Width(t.Label))
		} else {
			bottom = max(bottom, mark+2*gap+small.Height(t.Label))
		}
	}
	above := left // of the label of the y axis
	if f.Y.Label != "" {
		left += 14
	}
	if f.X.Label != "" {
		bottom += 14
	}
	in := draw.Crop(c, left, -6, bottom, -6)
	x := func(v float64) vg.Length { return in.X(f.X.norm(v)) }
	y := func(v float64) vg.Length { return in.Y(f.Y.norm(v)) }
	line, lines := draw.LineStyle{Color: ink, Width: 0.5}, draw.LineStyle{Color: faint, Width: 0.5}
	for _, t := range f.X.ticks() {
		at := x(t.Value)
		c.StrokeLine2(lines, at, in.Min.Y, at, in.Max.Y)
		c.StrokeLine2(line, at, in.Min.Y-gap-mark, at, in.Min.Y-gap)
		s := small
		s.XAlign, s.YAlign = text.XCenter, text.YTop
		if f.X.Rotate {
			s.Rotation, s.XAlign, s.YAlign = math.Pi/2, text.XRight, text.YCenter
		}
		c.FillText(s, vg.Point{X: at, Y: in.Min.Y - gap - mark - 1}, t.Label)
	}
	for _, t := range f.Y.ticks() {
		at := y(t.Value)
		c.StrokeLine2(lines, in.Min.X, at, in.Max.X, at)
		c.StrokeLine2(line, in.Min.X-gap-mark, at, in.Min.X-gap, at)
		s := small
		s.XAlign = text.XRight
		c.FillText(s, vg.Point{X: in.Min.X - gap - mark - 2, Y: at}, t.Label)
	}
	c.StrokeLine2(line, in.Min.X, in.Min.Y-gap, in.Max.X, in.Min.Y-gap)
	c.StrokeLine2(line, in.Min.X-gap, in.Min.Y, in.Min.X-gap, in.Max.Y)
	name.XAlign = text.XCenter
	if f.X.Label != "" {
		c.FillText(name, vg.Point{X: (in.Min.X + in.Max.X) / 2, Y: c.Min.Y + 8}, f.X.Label)
	}
	if name.Rotation = math.Pi / 2; f.Y.Label != "" {
		c.FillText(name, vg.Point{X: in.Min.X - above - 6, Y: (in.Min.Y + in.Max.Y) / 2}, f.Y.Label)
	}
	for _, s := range f.shapes {
		s.draw(in, x, y)
	}
}
