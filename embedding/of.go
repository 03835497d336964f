package embedding

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"math"

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
	if err != nil {
		return err
	}
	for i, v := range is {
		if !(math.Abs(float64(v-s.Probe[i])) < 1e-2) {
			return fmt.Errorf("embedding: the vectors are of another model, or of one that was trained on since: embed the images with this model")
		}
	}
	return nil
}
