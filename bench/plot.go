package main

import (
	"fmt"
	"image/color"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// curve is how well ranks are used, from 0 to 1, by their number.
type curve struct {
	name       string
	efficiency []float64 // of rankCounts
	dashed     bool
}

// plotColors are of networks, told apart by color-blind people.
var plotColors = []color.Color{color.RGBA{0xd5, 0x5e, 0x00, 255}, color.RGBA{0x00, 0x72, 0xb2, 255}}

// drawScale draws curves, two of each network, to a file: .svg, .png or another that gonum.org/v1/plot knows.
func drawScale(file, title string, curves []curve) error {
	p := plot.New()
	p.BackgroundColor = color.White
	p.Title.Text = title
	p.X.Label.Text, p.Y.Label.Text = "ranks", "efficiency"
	for _, style := range []*string{(*string)(&p.Title.TextStyle.Font.Typeface), (*string)(&p.X.Label.TextStyle.Font.Typeface)} {
		*style = "Liberation"
	}
	p.X.Scale = plot.LogScale{}
	var ticks plot.ConstantTicks
	for _, n := range rankCounts {
		ticks = append(ticks, plot.Tick{Value: float64(n), Label: fmt.Sprint(n)})
	}
	p.X.Tick.Marker = ticks
	p.Y.Min, p.Y.Max = 0, 1.05
	p.Legend.Left, p.Legend.XOffs, p.Legend.YOffs = true, vg.Points(10), vg.Points(6)
	p.Add(plotter.NewGrid())
	for i, c := range curves {
		points := make(plotter.XYs, len(c.efficiency))
		for k, e := range c.efficiency {
			points[k] = plotter.XY{X: float64(rankCounts[k]), Y: e}
		}
		line, marks, err := plotter.NewLinePoints(points)
		if err != nil {
			return fmt.Errorf("-plot %s: %s: %w", file, c.name, err)
		}
		line.Color, line.Width = plotColors[i/2%len(plotColors)], vg.Points(1.5)
		marks.Color, marks.Shape, marks.Radius = line.Color, draw.CircleGlyph{}, vg.Points(2.5)
		if c.dashed {
			line.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
		}
		p.Add(line, marks)
		p.Legend.Add(c.name, line)
	}
	return p.Save(16*vg.Centimeter, 9*vg.Centimeter, file)
}

// scalePlot measures what one rank of ResNet-32 and of ResNet-50 takes, and draws how their ranks scale over the link.
func scalePlot(s settings) (result, error) {
	l := link{latency: s.latency / 1e3, rate: s.gbits * 1e9 / 8}
	var curves []curve
	r := result{}
	for _, net := range []string{"resnet32", "resnet50"} {
		s.net = net
		b := or(s.batch, s.ownBatch())
		p, err := measurePieces(s, b)
		if err != nil {
			return nil, err
		}
		r[net] = map[string]any{"batch": b, "compute_ms": round(1e3 * p.compute), "contrast_ms": round(1e3 * p.contrast), "mb": round(float64(4*p.params) / 1e6)}
		curves = append(curves, p.curves(fmt.Sprintf("%s, %d samples a rank", strings.Replace(net, "resnet", "ResNet-", 1), b), l)...)
	}
	r["latency_ms"], r["gbits"] = s.latency, s.gbits
	return r, drawScale(s.plot, fmt.Sprintf("Hybrid-SC, threads a rank: %d, %g Gbit/s", s.threads, s.gbits), curves)
}

// curves are the efficiency with sums beside the backward pass, and after it.
func (p pieces) curves(name string, l link) []curve {
	beside, after := curve{name: name}, curve{name: name + ", sums after the pass", dashed: true}
	alone := p.on(1, l, 4).total()
	for _, n := range rankCounts {
		t := p.on(n, l, 4)
		beside.efficiency = append(beside.efficiency, alone/t.total())
		after.efficiency = append(after.efficiency, alone/(t.total()+t.hidden))
	}
	return []curve{beside, after}
}
