package main

import (
	"fmt"
	"slices"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
)

// row is a line of the sheet: the image as it is, and what became of it.
type row struct {
	name   string
	images []*dataset.Image
}

// allRows applies everything there is.
func allRows(s settings, images []*dataset.Image) ([]row, error) {
	original := images[0]
	var rows []row
	for _, t := range []struct {
		name string
		augment.Transform
	}{
		{"CIFAR", augment.CIFAR()},
		{"CIFARStrong", augment.CIFARStrong()},
		{"SimAugment", augment.SimAugment(original.Width)},
		{"AutoAugment", augment.AutoAugment{Fill: 128}},
		{"RandAugment 2 9", augment.RandAugment{N: 2, M: 9, Fill: 128}},
		{"RandAugment 2 30", augment.RandAugment{N: 2, M: 30, Fill: 128}},
		{"ColorJitter", augment.ColorJitter{Brightness: 0.4, Contrast: 0.4, Saturation: 0.4, Hue: 0.1, P: 1}},
		{"ResizedCrop", augment.ResizedCrop{MinScale: 0.2}},
		{"Crop", augment.Crop{Padding: original.Width / 8}},
		{"Flip", augment.Flip{P: 0.5}},
		{"Grayscale", augment.Grayscale{P: 0.2}},
		{"Cutout", augment.Cutout{Size: original.Width / 2}},
		{"GaussianBlur", augment.GaussianBlur{P: 1}},
	} {
		r := row{t.name, []*dataset.Image{original}}
		for draw := range s.draws {
			m := clone(original)
			t.Apply(m, augment.Key{Seed: s.seed, View: draw}.Rand())
			r.images = append(r.images, m)
		}
		rows = append(rows, r)
	}
	for _, b := range []struct {
		name string
		augment.Blender
	}{{"Mixup", augment.Mixup{Alpha: 1}}, {"CutMix", augment.CutMix{Alpha: 1, P: 1}}} {
		r := row{b.name, []*dataset.Image{original}}
		for draw := range s.draws {
			m, err := blended(b, images, augment.Key{Seed: s.seed, View: draw})
			if err != nil {
				return nil, err
			}
			r.images = append(r.images, m)
		}
		rows = append(rows, r)
	}
	return append(rows, operationRows(s, original)...), nil
}

// operationRows goes through the range of each operation.
func operationRows(s settings, original *dataset.Image) []row {
	var rows []row
	for _, o := range []struct {
		name     string
		from, to float64
		apply    func(m *dataset.Image, v float64)
	}{
		{"Brightness", 0.1, 1.9, augment.Brightness},
		{"Contrast", 0.1, 1.9, augment.Contrast},
		{"Color", 0.1, 1.9, augment.Color},
		{"Sharpness", 0.1, 1.9, augment.Sharpness},
		{"Hue", -0.5, 0.5, augment.Hue},
		{"Posterize", 8, 1, func(m *dataset.Image, v float64) { augment.Posterize(m, int(v)) }},
		{"Solarize", 256, 0, func(m *dataset.Image, v float64) { augment.Solarize(m, int(v)) }},
		{"AutoContrast", 0, 0, func(m *dataset.Image, _ float64) { augment.AutoContrast(m) }},
		{"Equalize", 0, 0, func(m *dataset.Image, _ float64) { augment.Equalize(m) }},
		{"Invert", 0, 0, func(m *dataset.Image, _ float64) { augment.Invert(m) }},
		{"ShearX", -0.3, 0.3, func(m *dataset.Image, v float64) { augment.ShearX(m, v, 128) }},
		{"ShearY", -0.3, 0.3, func(m *dataset.Image, v float64) { augment.ShearY(m, v, 128) }},
		{"TranslateX", -0.45, 0.45, func(m *dataset.Image, v float64) { augment.TranslateX(m, int(v*float64(m.Width)), 128) }},
		{"TranslateY", -0.45, 0.45, func(m *dataset.Image, v float64) { augment.TranslateY(m, int(v*float64(m.Height)), 128) }},
		{"Rotate", -30, 30, func(m *dataset.Image, v float64) { augment.Rotate(m, v, 128) }},
	} {
		r := row{o.name, []*dataset.Image{original}}
		columns := s.draws
		if o.from == o.to {
			columns = 1
		} else {
			r.name = fmt.Sprintf("%s %g..%g", o.name, o.from, o.to)
		}
		for column := range columns {
			m := clone(original)
			o.apply(m, o.from+(o.to-o.from)*float64(column)/float64(max(columns-1, 1)))
			r.images = append(r.images, m)
		}
		rows = append(rows, r)
	}
	return rows
}

// blended returns what becomes of the first image in a batch of all.
func blended(by augment.Blender, images []*dataset.Image, key augment.Key) (*dataset.Image, error) {
	m := clone(images[0])
	b := augment.Batch{Images: len(images), Height: m.Height, Width: m.Width, Channels: m.Channels}
	for _, image := range images {
		for _, v := range image.Pix {
			b.Values = append(b.Values, float32(v))
		}
	}
	if _, _, err := by.Blend(b, key.Rand()); err != nil {
		return nil, err
	}
	for i := range m.Pix {
		m.Pix[i] = uint8(b.Values[i] + 0.5)
	}
	return m, nil
}

func clone(m *dataset.Image) *dataset.Image {
	c := *m
	c.Pix = slices.Clone(m.Pix)
	return &c
}
