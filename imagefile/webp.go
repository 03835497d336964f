package imagefile

import (
	"image"

	"github.com/longtail-ml/longtail/internal/chroma"
)

// webpColors turns a lossy WebP to RGB. Its luma runs from 16 to 235 and its chroma from 16 to 240 (ITU-R BT.601), while an
// image.YCbCr is understood as JPEG's, from 0 to 255.
func webpColors(src image.Image) image.Image {
	var alpha *image.NYCbCrA
	var ycc *image.YCbCr
	switch m := src.(type) {
	case *image.YCbCr:
		ycc = m
	case *image.NYCbCrA:
		ycc, alpha = &m.YCbCr, m
	default:
		return src
	}
	dst := image.NewNRGBA(ycc.Rect)
	picture, ok := chroma.Of(ycc)
	if !ok { // no lossy WebP is otherwise
		return src
	}
	for y := range ycc.Rect.Max.Y {
		lumas, blue, red := picture.Row(y)
		for x, v := range lumas {
			luma, u, v := 76309*(int(v)-16), int(blue[x])-128, int(red[x])-128
			o := dst.PixOffset(x, y)
			dst.Pix[o] = clamp(luma + 104597*v)
			dst.Pix[o+1] = clamp(luma - 25675*u - 53279*v)
			dst.Pix[o+2] = clamp(luma + 132201*u)
			dst.Pix[o+3] = 255
			if alpha != nil {
				dst.Pix[o+3] = alpha.A[alpha.AOffset(x, y)]
			}
		}
	}
	return dst
}

// clamp rounds a number in units of 2⁻¹⁶ to a byte.
func clamp(v int) uint8 { return uint8(min(max((v+1<<15)>>16, 0), 255)) }
