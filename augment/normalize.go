package augment

import (
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/dataset"
)

// Normalize says how bytes become numbers: channel c of a pixel with byte v becomes (v/255 − Mean[c])/Std[c]. Both have
// one entry a channel; the zero value is not valid. Value c of a feature vector becomes (v − Mean[c])/Std[c].
type Normalize struct {
	Mean, Std []float64
}

// CIFARNormalize returns the channel means and standard deviations usual for CIFAR-10.
func CIFARNormalize() Normalize {
	return Normalize{Mean: []float64{0.4914, 0.4822, 0.4465}, Std: []float64{0.2023, 0.1994, 0.2010}}
}

// ImageNetNormalize is the usual normalisation of photographs, by the means and deviations of ImageNet's channels: what
// torchvision's weights were trained with.
func ImageNetNormalize() Normalize {
	return Normalize{Mean: []float64{0.485, 0.456, 0.406}, Std: []float64{0.229, 0.224, 0.225}}
}

// Validate reports lengths that differ or are 0, values that are not finite, and standard deviations that are not
// positive.
func (n Normalize) Validate() error {
	if len(n.Mean) == 0 || len(n.Mean) != len(n.Std) {
		return fmt.Errorf("augment: Normalize has %d means and %d standard deviations: it must have one of each for every "+
			"channel", len(n.Mean), len(n.Std))
	}
	for c := range n.Mean {
		if math.IsNaN(n.Mean[c]) || math.IsInf(n.Mean[c], 0) {
			return fmt.Errorf("augment: Normalize.Mean[%d] is %g: it must be finite", c, n.Mean[c])
		}
		if !(n.Std[c] > 0) || math.IsInf(n.Std[c], 1) {
			return fmt.Errorf("augment: Normalize.Std[%d] is %g: it must be positive and finite", c, n.Std[c])
		}
	}
	return nil
}

// Table returns the numbers of all 256 bytes worked out beforehand, or the error of Validate.
func (n Normalize) Table() (*Table, error) {
	if err := n.Validate(); err != nil {
		return nil, err
	}
	t := &Table{values: make([][256]float32, len(n.Mean))}
	for c := range t.values {
		for v := range 256 {
			t.values[c][v] = float32((float64(v)/255 - n.Mean[c]) / n.Std[c])
		}
	}
	return t, nil
}

// Table is a Normalize made ready for use. It does not change and may be used by many goroutines.
type Table struct {
	values [][256]float32 // by channel
}

// Channels is the number of channels an image must have.
func (t *Table) Channels() int { return len(t.values) }

// Write puts the numbers of img into dst in HWC order. The image must have the table's number of channels and dst the
// length of img.Pix.
func (t *Table) Write(dst []float32, img *dataset.Image) error {
	if img.Channels != len(t.values) {
		return fmt.Errorf("augment: an image of %s to be normalised for %d channels: give Mean and Std for each of its "+
			"channels", img.Shape(), len(t.values))
	}
	if len(dst) != len(img.Pix) {
		return fmt.Errorf("augment: an image of %s has %d values: the destination has room for %d",
			img.Shape(), len(img.Pix), len(dst))
	}
	if len(t.values) == 3 {
		t.write3(dst, img.Pix)
		return nil
	}
	for c := range t.values {
		for i := c; i < len(dst); i += len(t.values) {
			dst[i] = t.values[c][img.Pix[i]]
		}
	}
	return nil
}

// write3 does colour images in one pass, the case that training spends its time on.
func (t *Table) write3(dst []float32, pix []uint8) {
	r, g, b := &t.values[0], &t.values[1], &t.values[2]
	for len(dst) >= 3 && len(pix) >= 3 {
		dst[0], dst[1], dst[2] = r[pix[0]], g[pix[1]], b[pix[2]]
		dst, pix = dst[3:], pix[3:]
	}
}
