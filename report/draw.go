package report

import (
	"image/color"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// dashes tell lines apart where colors do not.
var dashes = [][]vg.Length{nil, {6, 3}, {1.5, 3}, {8, 3, 1.5, 3}}

// line adds a line through the finite points, with dots on it where they are few, and an entry of the legend unless text is "".
func (c *chart) line(text string, points plotter.XYs, col color.Color, dash []vg.Length) {
	points = finite(points)
	if len(points) == 0 {
		return
	}
	if l, err := plotter.NewLine(points); err == nil {
		l.Color, l.Width, l.Dashes = col, 1.8, dash
		c.plot.Add(l)
	}
	if len(points) <= 15 {
		c.plot.Add(&dots{points, col, 2.2})
	}
	if text != "" {
		c.legend = append(c.legend, key{text: text, color: col, dash: dash})
	}
}

// points adds dots, and an entry of the legend.
func (c *chart) points(text string, points plotter.XYs, col color.Color, radius vg.Length) {
	if points = finite(points); len(points) > 0 {
		c.plot.Add(&dots{points, col, radius})
		c.legend = append(c.legend, key{text: text, color: col, dot: true})
	}
}

func finite(points plotter.XYs) (good plotter.XYs) {
	for _, p := range points {
		if !math.IsNaN(p.X+p.Y) && !math.IsInf(p.X+p.Y, 0) {
			good = append(good, p)
		}
	}
	return good
}

// dots are points of one color. In an SVG they are one path of round ends of lines, a tenth of the bytes of circles.
type dots struct {
	at     plotter.XYs
	color  color.Color
	radius vg.Length
}

// Plot draws them.
func (d *dots) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	_, small := c.Canvas.(*vgsvg.Canvas)
	var path vg.Path
	for _, at := range d.at {
		pt := vg.Point{X: x(at.X), Y: y(at.Y)}
		switch {
		case !c.Contains(pt):
		case small:
			pt = vg.Point{X: round(pt.X), Y: round(pt.Y)}
			path.Move(pt)
			path.Line(pt)
		default:
			c.DrawGlyph(draw.GlyphStyle{Color: d.color, Radius: d.radius, Shape: draw.CircleGlyph{}}, pt)
		}
	}
	if len(path) > 0 {
		c.SetLineStyle(draw.LineStyle{Color: d.color, Width: 2 * d.radius})
		c.Stroke(path)
	}
}

func round(x vg.Length) vg.Length { return vg.Length(math.Round(float64(x)*10) / 10) }

// DataRange is what they span.
func (d *dots) DataRange() (xmin, xmax, ymin, ymax float64) { return plotter.XYRange(d.at) }

// within sets the range of the y axis.
func (c *chart) within(low, high float64) { c.plot.Y.Min, c.plot.Y.Max = low, high }

// rates lets the y axis, of percents, begin at 0 and end at a multiple of 10.
func (c *chart) rates() { c.within(0, min(100, max(10, 10*math.Ceil(1.02*c.plot.Y.Max/10)))) }

// fromZero lets the y axis begin at 0 or below, with some room above.
func (c *chart) fromZero() { c.within(min(c.plot.Y.Min, 0), c.plot.Y.Max+0.04*math.Abs(c.plot.Y.Max)) }

// logX makes the x axis logarithmic; what is plotted must be above 0.
func (c *chart) logX() {
	c.plot.X.Scale, c.plot.X.Tick.Marker = plot.LogScale{}, logTicks{}
	c.plot.X.Min, c.plot.X.Max = c.plot.X.Min/1.2, c.plot.X.Max*1.2 // no dot lies on the edge
}

func (c *chart) logY() {
	c.plot.Y.Scale, c.plot.Y.Tick.Marker = plot.LogScale{}, logTicks{}
	if c.plot.Y.Min == c.plot.Y.Max {
		c.plot.Y.Min, c.plot.Y.Max = c.plot.Y.Min/2, c.plot.Y.Max*2
	}
}
