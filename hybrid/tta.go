package hybrid

import (
	"fmt"
	"image"
	"strings"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/tensor"
)

// TTA is test-time augmentation: the views of an image whose probabilities a prediction averages.
type TTA int

const (
	NoTTA      TTA = iota // the image, or its middle if the network was made WithResize
	FlipTTA               // that and its mirror image
	TenCropTTA            // the middle and the four corners of the resized image, and their mirror images (arXiv 1409.4842)
)

var ttaNames = [...]string{NoTTA: "none", FlipTTA: "flip", TenCropTTA: "ten-crop"}

func (t TTA) check() error {
	if t < 0 || int(t) >= len(ttaNames) {
		return fmt.Errorf("hybrid: test-time augmentation %d is none of NoTTA, FlipTTA and TenCropTTA", int(t))
	}
	return nil
}

// checkTTA says why the network cannot predict with t.
func (n *Network) checkTTA(t TTA) error {
	if err := t.check(); err != nil {
		return err
	}
	if t != NoTTA && n.input.Features > 0 {
		return fmt.Errorf("hybrid: test-time augmentation %s is for images, and the network takes %s", t, n.input)
	}
	return nil
}

// String is "none", "flip" or "ten-crop".
func (t TTA) String() string {
	if t.check() != nil {
		return fmt.Sprintf("TTA(%d)", int(t))
	}
	return ttaNames[t]
}

// UnmarshalText reads what String writes.
func (t *TTA) UnmarshalText(text []byte) error {
	for i, name := range ttaNames {
		if string(text) == name {
			*t = TTA(i)
			return nil
		}
	}
	return fmt.Errorf("hybrid: test-time augmentation %q is none of %s", text, strings.Join(ttaNames[:], ", "))
}

// views is how many there are of an image.
func (t TTA) views() int { return [...]int{NoTTA: 1, FlipTTA: 2, TenCropTTA: 10}[t] }

// viewer is what a goroutine that prepares images works in.
type viewer struct{ source, whole, view dataset.Image }

// writeViews normalises what the network sees of an image into x [V, H, W, C].
func (n *Network) writeViews(x *tensor.Tensor, img *dataset.Image, tta TTA, w *viewer) error {
	if tta == NoTTA && n.resize.Shorter == 0 {
		return n.Write(x.Data(), img)
	}
	if err := img.Check(); err != nil {
		return err
	}
	if img.Height == 0 || img.Width == 0 {
		return fmt.Errorf("has no pixels")
	}
	height, width := n.input.Height, n.input.Width
	if tta != TenCropTTA {
		copyImage(&w.view, img)
		if n.resize.Shorter > 0 {
			augment.CenterCrop{Resize: n.resize, Height: height, Width: width}.Apply(&w.view, nil)
		}
		return n.writeMirrored(x, &w.view, tta != NoTTA)
	}
	copyImage(&w.whole, img)
	n.resize.Apply(&w.whole, nil)
	right, below := w.whole.Width-width, w.whole.Height-height
	if right < 0 || below < 0 || right+below == 0 {
		return fmt.Errorf("is %s where ten crops of %d×%d are to be cut out: use hybrid.WithResize or larger images", w.whole.Shape(), height, width)
	}
	for i, at := range []image.Point{{}, {X: right}, {Y: below}, {X: right, Y: below}} {
		w.view.Resize(dataset.Shape{Height: height, Width: width, Channels: img.Channels})
		for y := range height {
			copy(w.view.Row(y), w.whole.Row(at.Y + y)[at.X*img.Channels:])
		}
		if err := n.writeMirrored(x.Rows(2*i, 2*i+2), &w.view, true); err != nil {
			return err
		}
	}
	augment.CenterCrop{Height: height, Width: width}.Apply(&w.whole, nil)
	return n.writeMirrored(x.Rows(8, 10), &w.whole, true)
}

// writeMirrored writes a view, and its mirror image behind it.
func (n *Network) writeMirrored(x *tensor.Tensor, view *dataset.Image, both bool) error {
	if err := n.Write(x.Rows(0, 1).Data(), view); err != nil || !both {
		return err
	}
	augment.Mirror(view)
	return n.Write(x.Rows(1, 2).Data(), view)
}

func copyImage(dst, src *dataset.Image) {
	dst.Resize(src.Shape())
	copy(dst.Pix, src.Pix)
}
