package embedding

import (
	"fmt"

	"github.com/longtail-ml/longtail/tensor"
)

// Set is the embeddings of images.
type Set struct {
	Vectors *tensor.Tensor // [N, D]
	Labels  []int
	Classes []string // names by label
	Names   []string // of the images, such as their paths; nil: they have none
	// Thumbnails are small JPEGs of the images; nil: there are none.
	Thumbnails [][]byte
	// Probe is the vector of a picture that is the same for all networks. A network with another made other vectors. nil: it
	// is not known.
	Probe []float32
}

// Len is the number of images.
func (s *Set) Len() int { return s.Vectors.Dim(0) }

// Dim is the width of a vector.
func (s *Set) Dim() int { return s.Vectors.Dim(1) }

// Class is the name of the class of image i.
func (s *Set) Class(i int) string { return s.Classes[s.Labels[i]] }

// Name is that of image i, or "image 17" if they have none.
func (s *Set) Name(i int) string {
	if s.Names == nil {
		return fmt.Sprintf("image %d", i)
	}
	return s.Names[i]
}

// Check says what is wrong with s.
func (s *Set) Check() error {
	if s.Vectors == nil || len(s.Vectors.Shape()) != 2 || s.Dim() < 1 {
		return fmt.Errorf("embedding: the vectors are not of shape [N, D]")
	}
	n := s.Len()
	switch {
	case len(s.Labels) != n:
		return fmt.Errorf("embedding: %d labels for %d vectors", len(s.Labels), n)
	case s.Names != nil && len(s.Names) != n:
		return fmt.Errorf("embedding: %d names for %d vectors", len(s.Names), n)
	case s.Thumbnails != nil && len(s.Thumbnails) != n:
		return fmt.Errorf("embedding: %d thumbnails for %d vectors", len(s.Thumbnails), n)
	case s.Probe != nil && len(s.Probe) != s.Dim():
		return fmt.Errorf("embedding: the probe has %d values, vectors have %d", len(s.Probe), s.Dim())
	}
	for i, y := range s.Labels {
		if y < 0 || y >= len(s.Classes) {
			return fmt.Errorf("embedding: image %d has label %d, not one of %d classes", i, y, len(s.Classes))
		}
	}
	for i, v := range s.Vectors.Data() {
		if v-v != 0 {
			return fmt.Errorf("embedding: vector %d has the value %v at position %d: it must be finite", i/s.Dim(), v, i%s.Dim())
		}
	}
	return nil
}
