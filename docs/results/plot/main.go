// Command plot draws docs/results/by-class.svg, accuracy by class against the images of the class, from the figures of
// docs/results/methods/cifar10-lt.json, and docs/results/memory.svg, what losses take over the batch, from those of
// docs/results/memory/losses.json:
//
//	go run ./docs/results/plot
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"image/color"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// drawn are the methods in the picture, in the order of its legend, in colors that color-blind people tell apart.
var drawn = []struct {
	method string
	color  color.Color
	shape  draw.GlyphDrawer
}{
	{"ce", color.RGBA{0x80, 0x80, 0x80, 255}, draw.BoxGlyph{}},
	{"hybrid-sc", color.RGBA{0xd5, 0x5e, 0x00, 255}, draw.CircleGlyph{}},
	{"bcl", color.RGBA{0x00, 0x72, 0xb2, 255}, draw.PyramidGlyph{}},
}

// results is what is read of a comparison's JSON.
type results struct {
	Runs []struct {
		Method   string
		Title    string
		PerClass []float64 `json:"per_class"`
		Manifest struct {
			Data struct {
				TrainCounts []int `json:"train_counts"`
			}
		}
	}
}

func main() {
	if err := errors.Join(byClass("docs/results/methods/cifar10-lt.json", "docs/results/by-class.svg"),
		memory("docs/results/memory/losses.json", "docs/results/memory.svg")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func byClass(from, to string) error {
	raw, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var all results
	if err := json.Unmarshal(raw, &all); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	p := axes()
	for _, d := range drawn {
		for _, r := range all.Runs {
			if r.Method != d.method {
				continue
			}
			points := make(plotter.XYs, len(r.PerClass))
			for class, accuracy := range r.PerClass {
				points[class] = plotter.XY{X: float64(r.Manifest.Data.TrainCounts[class]), Y: accuracy}
			}
			line, marks, err := plotter.NewLinePoints(points)
			if err != nil {
				return err
			}
			line.Color, line.Width = d.color, vg.Points(1.5)
			marks.Color, marks.Shape, marks.Radius = d.color, d.shape, vg.Points(3)
			p.Add(line, marks)
			p.Legend.Add(r.Title, line, marks)
		}
	}
	return p.Save(16*vg.Centimeter, 8*vg.Centimeter, to)
}

// empty is a plot without anything, in the font of all.
func empty() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.White
	sans := font.Font{Typeface: "Liberation", Variant: "Sans"}
	for _, f := range []*font.Font{&p.X.Label.TextStyle.Font, &p.Y.Label.TextStyle.Font, &p.X.Tick.Label.Font, &p.Y.Tick.Label.Font, &p.Legend.TextStyle.Font} {
		f.Typeface, f.Variant = sans.Typeface, sans.Variant
	}
	p.X.Padding, p.Y.Padding = vg.Points(5), vg.Points(5)
	p.Add(plotter.NewGrid())
	p.Legend.Padding, p.Legend.XOffs, p.Legend.YOffs = vg.Points(2), vg.Points(10), vg.Points(6)
	p.Legend.Left = true
	return p
}

// axes is an empty plot: images of a class, many to few, against top-1 of the class.
func axes() *plot.Plot {
	p := empty()
	p.X.Label.Text, p.Y.Label.Text = "training images of the class", "top-1 of the class (%)"
	p.X.Scale = plot.InvertedScale{Normalizer: plot.LogScale{}}
	p.X.Tick.Marker = plot.ConstantTicks{
		{Value: 5000, Label: "5,000"}, {Value: 2000, Label: "2,000"}, {Value: 1000, Label: "1,000"}, {Value: 500, Label: "500"},
		{Value: 200, Label: "200"}, {Value: 100, Label: "100"}, {Value: 50, Label: "50"},
	}
	p.Y.Min, p.Y.Max = 0, 100
	return p
}
