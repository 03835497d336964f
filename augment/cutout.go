package augment

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/dataset"
)

// Cutout fills a square with one value (arXiv 1708.04552). Its middle is any pixel of the image with equal odds, so part
// of the square may lie outside. The zero value leaves images as they are.
type Cutout struct {
	Size int   // side of the square in pixels; 16 is usual for CIFAR-10, 8 for CIFAR-100
	Fill uint8 // byte of every channel
}

// Validate implements Validator.
func (c Cutout) Validate() error {
	if c.Size < 0 || c.Size > 1<<20 {
		return fmt.Errorf("augment: Cutout.Size is %d: it must be at least 0 and at most %d", c.Size, 1<<20)
	}
	return nil
}

// Apply implements Transform.
func (c Cutout) Apply(img *dataset.Image, rng *rand.Rand) {
	if c.Size <= 0 || img.Width == 0 || img.Height == 0 {
		return
	}
	left, top := rng.IntN(img.Width)-c.Size/2, rng.IntN(img.Height)-c.Size/2
	for y := max(top, 0); y < min(top+c.Size, img.Height); y++ {
		row := img.Row(y)[max(left, 0)*img.Channels : min(left+c.Size, img.Width)*img.Channels]
		for i := range row {
			row[i] = c.Fill
		}
	}
}
