package report

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// dashes tell lines apart where colors do not.
var dashes = [][]vg.Length{nil, {6, 3}, {1.5, 3}, {8, 3, 1.5, 3}}

// line adds a line through the finite points, with dots on it where they are few, and an entry of the legend unless text is "".
func (c *chart) line(text string, points xys, col color.Color, dash []vg.Length) {
	points = finite(points)
	if len(points) == 0 {
		return
	}
	c.plot.add(&stroke{points, draw.LineStyle{Color: col, Width: 1.8, Dashes: dash}}, points...)
	if len(points) <= 15 {
		c.plot.add(&dots{points, col, 2.2})
	}
	if text != "" {
		c.legend = append(c.legend, key{text: text, color: col, dash: dash})
	}
}

// points adds dots, and an entry of the legend.
func (c *chart) points(text string, points xys, col color.Color, radius vg.Length) {
	if points = finite(points); len(points) > 0 {
		c.plot.add(&dots{points, col, radius}, points...)
		c.legend = append(c.legend, key{text: text, color: col, dot: true})
	}
}

func finite(points xys) (good xys) {
	for _, p := range points {
		if !math.IsNaN(p.X+p.Y) && !math.IsInf(p.X+p.Y, 0) {
			good = append(good, p)
		}
	}
	return good
}

// dots are points of one color. In an SVG they are one path of round ends of lines, a tenth of the bytes of circles.
type dots struct {
	at     xys
	color  color.Color
	radius vg.Length
}

func (d *dots) draw(c draw.Canvas, x, y func(float64) vg.Length) {
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

// stroke is a line through points.
type stroke struct {
	at    xys
	style draw.LineStyle
}

func (s *stroke) draw(c draw.Canvas, x, y func(float64) vg.Length) {
	line := make([]vg.Point, len(s.at))
	for i, at := range s.at {
		line[i] = vg.Point{X: x(at.X), Y: y(at.Y)}
	}
	c.StrokeLines(s.style, c.ClipLinesXY(line)...)
}

// within sets the range of the y axis.
func (c *chart) within(low, high float64) { c.plot.Y.Min, c.plot.Y.Max = low, high }

// rates lets the y axis, of percents, begin at 0 and end at a multiple of 10.
func (c *chart) rates() { c.within(0, min(100, max(10, 10*math.Ceil(1.02*c.plot.Y.Max/10)))) }

// fromZero lets the y axis begin at 0 or below, with some room above.
func (c *chart) fromZero() { c.within(min(c.plot.Y.Min, 0), c.plot.Y.Max+0.04*math.Abs(c.plot.Y.Max)) }

// logX makes the x axis logarithmic; what is plotted must be above 0. No dot lies on its edge.
func (c *chart) logX() {
	c.plot.X.Log, c.plot.X.Ticks = true, logTicks{}
	c.plot.X.Min, c.plot.X.Max = c.plot.X.Min/1.2, c.plot.X.Max*1.2
}

func (c *chart) logY() { c.plot.Y.Log, c.plot.Y.Ticks = true, logTicks{} }
