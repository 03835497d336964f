package hybrid

import (
	"fmt"
	"slices"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/tensor"
)

// Input is what a network takes: images of a size, or features of a width.
type Input struct {
	Height, Width, Channels int // of images; 0 for features
	Features                int // the width of features; 0 for images
}

// Batch is the shape of so many samples: [R, H, W, C], or [R, D] for features.
func (i Input) Batch(rows int) tensor.Shape {
	if i.Features > 0 {
		return tensor.Shape{rows, i.Features}
	}
	return tensor.Shape{rows, i.Height, i.Width, i.Channels}
}

// String is as in "32×32×3", height, width and channels, or "features of width 768".
func (i Input) String() string {
	if i.Features > 0 {
		return fmt.Sprintf("features of width %d", i.Features)
	}
	return dataset.Shape{Height: i.Height, Width: i.Width, Channels: i.Channels}.String()
}

// maxInput is the most values a sample may have: a larger one is a mistake or damage, and would take all memory.
const maxInput = 1 << 26

func (i Input) check() error {
	if i.Features != 0 {
		if i.Features < 1 || i.Features > maxInput || i.Height != 0 || i.Width != 0 || i.Channels != 0 {
			return fmt.Errorf("features of width %d, images of %d×%d with %d channels: it must be one of them, of at least 1 and at most %d values",
				i.Features, i.Height, i.Width, i.Channels, maxInput)
		}
		return nil
	}
	if i.Height < 1 || i.Width < 1 || i.Channels < 1 {
		return fmt.Errorf("images of %d×%d with %d channels: each must be at least 1", i.Height, i.Width, i.Channels)
	}
	if float64(i.Height)*float64(i.Width)*float64(i.Channels) > maxInput {
		return fmt.Errorf("images of %d×%d with %d channels have more than the %d values that an image may have", i.Height, i.Width, i.Channels, maxInput)
	}
	return nil
}

func (n *Network) setNormalize(given *augment.Normalize) (err error) {
	if n.input.Features > 0 {
		return n.setScale(given)
	}
	if given != nil {
		n.normalize = *given
	} else {
		n.normalize = augment.Normalize{Mean: slices.Repeat([]float64{0.5}, n.input.Channels), Std: slices.Repeat([]float64{0.25}, n.input.Channels)}
	}
	if n.pixels, err = n.normalize.Table(); err != nil {
		return err
	}
	if c := n.pixels.Channels(); c != n.input.Channels {
		return fmt.Errorf("hybrid: normalisation has %d channels, the network's images have %d", c, n.input.Channels)
	}
	return nil
}

// setScale takes the normalisation of features; an empty one is none.
func (n *Network) setScale(given *augment.Normalize) error {
	if given == nil || len(given.Mean) == 0 && len(given.Std) == 0 {
		return nil
	}
	if err := given.Validate(); err != nil {
		return err
	}
	if c := len(given.Mean); c != n.input.Features {
		return fmt.Errorf("hybrid: normalisation of %d values, the network's features have %d", c, n.input.Features)
	}
	n.normalize = *given
	return nil
}

// Scale is what pictures are brought to for the network to evaluate or predict them: its own size, in the way of fit, or left
// whole if the network was made WithResize.
func (n *Network) Scale(fit dataset.Fit) dataset.Scale {
	if n.resize.Shorter > 0 {
		return dataset.Scale{Fit: dataset.Whole}
	}
	return dataset.Scale{Height: n.input.Height, Width: n.input.Width, Fit: fit}
}

// Write normalises the pixels of an image of the network's size into dst, of height·width·channels values.
func (n *Network) Write(dst []float32, img *dataset.Image) error {
	if err := img.Check(); err != nil {
		return err
	}
	if is := (Input{Height: img.Height, Width: img.Width, Channels: img.Channels}); is != n.input {
		return fmt.Errorf("is %s (height×width×channels), the network takes %s: resize it or use hybrid.WithInput; "+
			"for images of any size, let views end in that one, as with augment.ResizedCrop, and use hybrid.WithResize for evaluation",
			img.Shape(), n.input)
	}
	return n.pixels.Write(dst, img)
}

// NormalizeFeatures normalises a feature vector of the network's width in place. A value that is not finite is an error.
func (n *Network) NormalizeFeatures(x []float32) error {
	if len(x) != n.input.Features {
		return fmt.Errorf("has %d values, the network takes %s: use hybrid.WithFeatures", len(x), n.input)
	}
	for i, v := range x {
		if v-v != 0 {
			return fmt.Errorf("has the value %v at position %d: features must be finite", v, i)
		}
		if n.normalize.Mean != nil {
			x[i] = float32((float64(v) - n.normalize.Mean[i]) / n.normalize.Std[i])
		}
	}
	return nil
}
