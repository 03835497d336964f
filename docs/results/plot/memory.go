package main

import (
	"encoding/json"
	"fmt"
	"image/color"
	"os"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// curves are those in the picture, in the order of its legend.
var curves = []struct {
	loss    string
	classes int
	title   string
	color   color.Color
	shape   draw.GlyphDrawer
}{
	{"SC, similarities held", 10, "SC, similarities held", color.RGBA{0x80, 0x80, 0x80, 255}, draw.BoxGlyph{}},
	{"PSC", 8142, "PSC, 8,142 classes", color.RGBA{0x00, 0x72, 0xb2, 255}, draw.PyramidGlyph{}},
	{"PSC", 1000, "PSC, 1,000 classes", color.RGBA{0x56, 0xb4, 0xe9, 255}, draw.PyramidGlyph{}},
	{"SC, in tiles", 10, "SC, in tiles", color.RGBA{0xd5, 0x5e, 0x00, 255}, draw.CircleGlyph{}},
	{"PSC", 100, "PSC, 100 classes", color.RGBA{0x00, 0x9e, 0x73, 255}, draw.CrossGlyph{}},
	{"PSC", 10, "PSC, 10 classes", color.RGBA{0xcc, 0x79, 0xa7, 255}, draw.PlusGlyph{}},
}

// memory draws what losses take over the batch, both by doublings.
func memory(from, to string) error {
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var all struct {
		Points []struct {
			Loss           string
			Batch, Classes int
			MB             float64
		}
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	p := empty()
	p.X.Label.Text, p.Y.Label.Text = "images in the batch, of two views each", "memory of the loss (MB)"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = ticks(256, 1024, 4096, 16384), ticks(1, 10, 100, 1000, 10000)
	p.Y.Min, p.Y.Max = 1, 10000 // with room for the legend
	p.Legend.Top, p.Legend.YOffs = true, vg.Points(-6)
	for _, c := range curves {
		var points plotter.XYs
		for _, m := range all.Points {
			if m.Loss == c.loss && m.Classes == c.classes {
				points = append(points, plotter.XY{X: float64(m.Batch), Y: m.MB})
			}
		}
		line, marks, err := plotter.NewLinePoints(points)
		if err != nil {
			return fmt.Errorf("%s, %s of %d classes: %w", from, c.loss, c.classes, err)
		}
		line.Color, line.Width = c.color, vg.Points(1.5)
		marks.Color, marks.Shape, marks.Radius = c.color, c.shape, vg.Points(3)
		p.Add(line, marks)
		p.Legend.Add(c.title, line, marks)
	}
	return p.Save(16*vg.Centimeter, 10*vg.Centimeter, to)
}

// ticks are numbers with commas between thousands.
func ticks(at ...float64) (all plot.ConstantTicks) {
	for _, v := range at {
		text := fmt.Sprintf("%.0f", v)
		if len(text) > 3 {
			text = strings.Join([]string{text[:len(text)-3], text[len(text)-3:]}, ",")
		}
		all = append(all, plot.Tick{Value: v, Label: text})
	}
	return all
}
