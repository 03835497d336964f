package dataset

import (
	"fmt"
	"image"
)

// FromImages returns a set of pictures that are in memory already, each brought to s by Convert. It is an error if there are
// not as many labels as pictures, if a picture is nil or empty, or if a label is not the index of a class.
func FromImages(pictures []image.Image, labels []int, classes []string, s Scale) (*Memory, error) {
	if len(pictures) != len(labels) {
		return nil, fmt.Errorf("dataset: %d pictures with %d labels: each must have one", len(pictures), len(labels))
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	m, err := NewMemory(Shape{s.Height, s.Width, 3}, classes)
	if err != nil {
		return nil, err
	}
	m.fit = s.Fit
	var img Image
	for i, p := range pictures {
		if err := Convert(p, s, &img); err != nil {
			return nil, fmt.Errorf("dataset: picture %d: %w", i, err)
		}
		if err := m.Append(labels[i], img.Pix); err != nil {
			return nil, err
		}
	}
	return m, nil
}
