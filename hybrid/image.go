package hybrid

import (
	"fmt"

	"github.com/longtail-ml/longtail/dataset"
)

// Write normalises the pixels of an image of the network's size into dst, of height·width·channels values.
func (n *Network) Write(dst []float32, img *dataset.Image) error {
	if err := img.Check(); err != nil {
		return err
	}
	if (Input{img.Height, img.Width, img.Channels}) != n.input {
		want := dataset.Image{Width: n.input.Width, Height: n.input.Height, Channels: n.input.Channels}
		return fmt.Errorf("is %s (height×width×channels), the network takes %s: resize it or use hybrid.WithInput", img.Shape(), want.Shape())
	}
	return n.pixels.Write(dst, img)
}
