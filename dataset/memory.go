package dataset

import (
	"fmt"
	"slices"
)

// maxImage is the most values an image in memory may have.
const maxImage = 1 << 30

// Memory is a Dataset of images of one shape, kept as bytes in one slab. Append must not run beside readers.
type Memory struct {
	shape     Shape
	classes   []string
	labels    []int
	pix       []uint8
	fit       Fit
	mean, std []float64 // usual for the images; nil: not known
	indices   []int     // in the set that Load read it from, see Indices; nil: those of this one
	sources   []Source  // of the set that Load read it from; nil: its images come from no file
}

// NewMemory returns an empty set of images of the given shape.
func NewMemory(s Shape, classes []string) (*Memory, error) {
	return FromPixels(s, classes, nil, nil)
}

// FromPixels returns a set over pix, the pixels of all images one after the other in HWC order. It keeps pix and labels,
// which the caller must not change afterwards. It is an error if an extent is not positive, if there is no class, if pix
// does not hold one image for each label, or if a label is not the index of a class.
func FromPixels(s Shape, classes []string, pix []uint8, labels []int) (*Memory, error) {
	if s.Height <= 0 || s.Width <= 0 || s.Channels <= 0 {
		return nil, fmt.Errorf("dataset: images of %v: height, width and channels must be positive", s)
	}
	if s.Height > maxImage || s.Width > maxImage/s.Height || s.Channels > maxImage/s.Height/s.Width {
		return nil, fmt.Errorf("dataset: images of %v: more values than one image can have here (%d)", s, maxImage)
	}
	if len(classes) == 0 {
		return nil, fmt.Errorf("dataset: no class names given: a set needs at least one class")
	}
	size := s.Len()
	if len(pix) != len(labels)*size {
		return nil, fmt.Errorf("dataset: %d labels with %d bytes of pixels: images of %s take %d bytes each, %d in all",
			len(labels), len(pix), s, size, len(labels)*size)
	}
	for i, label := range labels {
		if err := checkLabel(i, label, len(classes)); err != nil {
			return nil, err
		}
	}
	return &Memory{shape: s, classes: slices.Clone(classes), labels: labels, pix: pix}, nil
}

// Append copies an image of the set's shape to its end. It is an error if the label is not the index of a class or if
// pix has another length.
func (m *Memory) Append(label int, pix []uint8) error {
	if err := checkLabel(len(m.labels), label, len(m.classes)); err != nil {
		return err
	}
	if size := m.shape.Len(); len(pix) != size {
		return fmt.Errorf("dataset: image %d has %d bytes: images of %s take %d", len(m.labels), len(pix),
			m.shape, size)
	}
	m.indices, m.sources = nil, nil // it is another set now
	m.labels = append(m.labels, label)
	m.pix = append(m.pix, pix...)
	return nil
}

func checkLabel(i, label, classes int) error {
	if label < 0 || label >= classes {
		return fmt.Errorf("dataset: image %d has label %d: with %d classes it must be at least 0 and less than %d",
			i, label, classes, classes)
	}
	return nil
}

// Shape returns the extents that all images share.
func (m *Memory) Shape() Shape { return m.shape }

// Len is the number of images.
func (m *Memory) Len() int { return len(m.labels) }

// Label is the class of image i.
func (m *Memory) Label(i int) int { return m.labels[i] }

// Fit is that of the set that Load read, else CenterCrop.
func (m *Memory) Fit() Fit { return m.fit }

// Normalization is what is usual for the images that CIFAR10 or CIFAR100 read, or that of the set that Load read, see
// NormalizationOf.
func (m *Memory) Normalization() (mean, std []float64) { return m.mean, m.std }

// Source is where Load read image i from.
func (m *Memory) Source(i int) (Source, error) {
	if m.sources == nil {
		return Source{}, nil
	}
	return m.sources[i], nil
}

// Classes are the names of the classes.
func (m *Memory) Classes() []string { return m.classes }

// Image copies image i to dst.
func (m *Memory) Image(i int, dst *Image) error {
	if err := checkIndex(i, len(m.labels)); err != nil {
		return err
	}
	dst.Resize(m.shape)
	size := m.shape.Len()
	copy(dst.Pix, m.pix[i*size:(i+1)*size])
	return nil
}
