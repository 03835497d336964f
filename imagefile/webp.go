package imagefile

import "image"

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
	for y := ycc.Rect.Min.Y; y < ycc.Rect.Max.Y; y++ {
		for x := ycc.Rect.Min.X; x < ycc.Rect.Max.X; x++ {
			c := ycc.COffset(x, y)
			luma := 76309 * (int(ycc.Y[ycc.YOffset(x, y)]) - 16)
			u, v := int(ycc.Cb[c])-128, int(ycc.Cr[c])-128
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
