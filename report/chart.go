package report

import (
	"bytes"
	"fmt"
	"html/template"
	"image/color"
	"image/png"
	"io"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// chart is a plot with a legend above it.
type chart struct {
	file    string // name of a PNG file, without its ending
	title   string
	alt     string // what a reader who cannot see it should know
	plot    *frame
	legend  []key
	caption string
	height  vg.Length // 0 means 260
}

// key is an entry of a legend.
type key struct {
	text  string
	color color.Color
	dash  []vg.Length // of a line
	dot   bool        // the entry is of points
	ramp  []color.Color
}

const chartWidth = 400

// newChart makes an empty plot. Axis labels name the units.
func newChart(file, title, x, y string) *chart {
	p := newFrame()
	p.X.Label, p.Y.Label = x, y
	return &chart{file: file, title: title, plot: p}
}

// draw draws legend and plot.
func (c *chart) draw(to draw.Canvas) {
	const row, swatch = 15, 18
	text := label(10)
	x, y := to.Min.X+4, to.Max.Y-row/2
	for _, k := range c.legend {
		mark := vg.Length(swatch)
		if k.ramp != nil {
			mark = 80
		}
		wide := mark + 5 + 1.15*text.Width(k.text) + 10 // readers have wider fonts
		if x > to.Min.X+4 && x+wide > to.Max.X {
			x, y = to.Min.X+4, y-row
		}
		k.mark(&to, x, y, mark)
		to.FillText(text, vg.Point{X: x + mark + 5, Y: y}, k.text)
		x += wide
	}
	used := vg.Length(4)
	if len(c.legend) > 0 {
		used = to.Max.Y - y + row/2 + 4
	}
	c.plot.draw(draw.Crop(to, 0, -10, 0, -used))
}

// mark draws what the entry stands for.
func (k key) mark(to *draw.Canvas, x, y, wide vg.Length) {
	switch {
	case k.ramp != nil:
		for i, c := range k.ramp {
			left := x + wide*vg.Length(i)/vg.Length(len(k.ramp))
			to.FillPolygon(c, []vg.Point{{X: left, Y: y - 4}, {X: x + wide, Y: y - 4}, {X: x + wide, Y: y + 4}, {X: left, Y: y + 4}})
		}
	case k.dot:
		to.DrawGlyphNoClip(draw.GlyphStyle{Color: k.color, Radius: 4, Shape: draw.CircleGlyph{}}, vg.Point{X: x + wide/2, Y: y})
	default:
		to.StrokeLine2(draw.LineStyle{Color: k.color, Width: 2, Dashes: k.dash}, x, y, x+wide, y)
	}
}

func (c *chart) size() (w, h vg.Length) {
	if c.height == 0 {
		return chartWidth, 260
	}
	return chartWidth, c.height
}

// noStyle drops what an SVG says of text that the page says once for all.
var noStyle = strings.NewReplacer("font-family:Liberation Sans;font-variant:normal;font-weight:normal;font-style:normal;", "",
	"font-family:Liberation Sans;font-variant:none;font-weight:normal;font-style:normal;", "", "data:image/jpg", "data:image/png", "xlink:href", "href")

// svg returns the chart as a part of a page, in the page's colors.
func (c *chart) svg() (template.HTML, error) {
	w, h := c.size()
	canvas := vgsvg.NewWith(vgsvg.UseWH(w, h))
	c.draw(draw.New(canvas))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return "", fmt.Errorf("report: %s: %w", c.title, err)
	}
	text := b.String()
	_, text, found := strings.Cut(text, "<svg")
	if found {
		_, text, found = strings.Cut(text, ">")
	}
	if !found {
		return "", fmt.Errorf("report: %s: no SVG was drawn", c.title)
	}
	head := fmt.Sprintf(`<svg viewBox="0 0 %g %g" role="img" aria-label="%s">`, float64(w), float64(h), template.HTMLEscapeString(c.title+". "+c.alt))
	return template.HTML(head + themed.Replace(noStyle.Replace(text))), nil
}

// png writes the chart as a file, on white.
func (c *chart) png(to io.Writer) error {
	w, h := c.size()
	canvas := vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(2*vgimg.DefaultDPI), vgimg.UseBackgroundColor(color.White))
	c.draw(draw.New(canvas))
	return png.Encode(to, canvas.Image())
}
