package embedding

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
)

// Settings are those of Of.
type Settings struct {
	Thumbnails int // height and width of a small picture of each image; 0: none
}

// Of embeds every image of data. Files are opened once more for thumbnails, at that size; other images are cut out of what the
// network sees.
func Of(ctx context.Context, p *hybrid.Predictor, data dataset.Dataset, s Settings) (*Set, error) {
	if s.Thumbnails < 0 || s.Thumbnails > maxThumbnail {
		return nil, fmt.Errorf("embedding: Settings.Thumbnails is %d: it must be from 0 to %d", s.Thumbnails, maxThumbnail)
	}
	vectors, err := p.EmbedAll(ctx, data)
	if err != nil {
		return nil, err
	}
	e := &Set{Vectors: vectors, Labels: dataset.Labels(data), Classes: data.Classes()}
	for i := range data.Len() {
		path := dataset.PathOf(data, i)
		if path == "" {
			e.Names = nil
			break
		}
		e.Names = append(e.Names, path)
	}
	if p.Input().Features == 0 {
		if e.Probe, err = ProbeOf(p); err != nil {
			return nil, err
		}
	}
	if s.Thumbnails > 0 && p.Input().Features == 0 {
		if e.Thumbnails, err = thumbnails(ctx, data, s.Thumbnails); err != nil {
			return nil, err
		}
	}
	return e, e.Check()
}

// ProbeOf is the vector of a picture that is the same for all networks.
func ProbeOf(p *hybrid.Predictor) ([]float32, error) {
	m := image.NewNRGBA(image.Rect(0, 0, 96, 64))
	for y := range 64 {
		for x := range 96 {
			m.SetNRGBA(x, y, color.NRGBA{uint8(2 * x), uint8(3 * y), uint8(x*y/8 + 64*(x/32)), 255})
		}
	}
	plain, err := p.WithTTA(hybrid.NoTTA)
	if err != nil {
		return nil, err
	}
	x, err := plain.Prepare(m)
	if err != nil {
		return nil, err
	}
	v, err := plain.EmbedPrepared(x)
	if err != nil {
		return nil, err
	}
	return v.Data(), nil
}

// CheckModel says that another network than p made the vectors, as far as can be told. Processors may round otherwise, so it
// leaves some room.
func (s *Set) CheckModel(p *hybrid.Predictor) error {
	if p.EmbeddingDim() != s.Dim() {
		return fmt.Errorf("embedding: the vectors have %d values, the model's %d: embed the images with this model", s.Dim(), p.EmbeddingDim())
	}
	if s.Probe == nil {
		return nil
	}
	is, err := ProbeOf(p)
	if err == nil && !s.probed(is) {
		err = fmt.Errorf("embedding: the vectors are of another model, or of one that was trained on since: embed the images with this model")
	}
	return err
}

// CheckSet says that other has vectors of another network, as far as can be told, or images of classes that s has not. to gives the
// labels of other's classes in s.
func (s *Set) CheckSet(other *Set) (to []int, err error) {
	if s.Dim() != other.Dim() {
		return nil, fmt.Errorf("embedding: vectors of %d and of %d values: embed the images of both with one model", s.Dim(), other.Dim())
	}
	if s.Probe != nil && other.Probe != nil && !s.probed(other.Probe) {
		return nil, fmt.Errorf("embedding: the vectors are of different models: embed the images of both with one")
	}
	to = make([]int, len(other.Classes))
	for c, name := range other.Classes {
		to[c] = slices.Index(s.Classes, name)
	}
	for _, y := range other.Labels {
		if to[y] < 0 {
			return nil, fmt.Errorf("embedding: the class %s is not one of the other set's %d", other.Classes[y], len(s.Classes))
		}
	}
	return to, nil
}

// probed tells whether the probe of a network is that of s.
func (s *Set) probed(probe []float32) bool {
	for i, v := range probe {
		if !(math.Abs(float64(v-s.Probe[i])) < 1e-2) {
			return false
		}
	}
	return true
}
