package augment

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/dataset"
)

// Crop pads the image with black on all sides and cuts its original size out at a random offset, all offsets equally
// likely. The zero value leaves images as they are.
type Crop struct {
	Padding int // pixels on each side; at least 0
}

// Validate implements Validator.
func (c Crop) Validate() error {
	if c.Padding < 0 || c.Padding > 1<<20 {
		return fmt.Errorf("augment: Crop.Padding is %d: it must be at least 0 and at most %d", c.Padding, 1<<20)
	}
	return nil
}

// Apply implements Transform.
func (c Crop) Apply(img *dataset.Image, rng *rand.Rand) {
	if c.Padding <= 0 {
		return
	}
	dx := rng.IntN(2*c.Padding+1) - c.Padding
	dy := rng.IntN(2*c.Padding+1) - c.Padding
	shift(img, dx, dy)
}

// shift makes pixel (x, y) what pixel (x+dx, y+dy) was, black outside. Rows are taken in the order that overwrites none
// before it has been read, so no second buffer is needed.
func shift(img *dataset.Image, dx, dy int) {
	for k := range img.Height {
		y := k
		if dy < 0 {
			y = img.Height - 1 - k
		}
		row := img.Row(y)
		if from := y + dy; from < 0 || from >= img.Height {
			clear(row)
		} else {
			shiftRow(row, img.Row(from), dx*img.Channels)
		}
	}
}

// shiftRow copies src, which may be dst itself, moved by n bytes to the left (to the right if n < 0), filling with zeros.
func shiftRow(dst, src []uint8, n int) {
	switch {
	case n >= len(dst) || n <= -len(dst):
		clear(dst)
	case n >= 0:
		copy(dst, src[n:])
		clear(dst[len(dst)-n:])
	default:
		copy(dst[-n:], src)
		clear(dst[:-n])
	}
}
