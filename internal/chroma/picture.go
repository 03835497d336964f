// Package chroma gives each pixel of a picture its color where the file has a value for several: interpolated, to the byte as
// libjpeg and libwebp do it ("fancy upsampling"), and so PIL and torchvision.
package chroma

import "image"

// Picture is one whose color is interpolated. It is for one goroutine at a time.
type Picture struct {
	m      *image.YCbCr
	cb, cr *plane
}

// Of returns the picture of a JPEG or WebP, whose color has a value for one pixel, two side by side or four. ok is false for others.
func Of(m *image.YCbCr) (p *Picture, ok bool) {
	step := map[image.YCbCrSubsampleRatio]image.Point{
		image.YCbCrSubsampleRatio444: {X: 1, Y: 1},
		image.YCbCrSubsampleRatio422: {X: 2, Y: 1},
		image.YCbCrSubsampleRatio420: {X: 2, Y: 2},
	}[m.SubsampleRatio]
	if step.X == 0 || m.Rect.Min != (image.Point{}) {
		return nil, false
	}
	w, h := (m.Rect.Max.X+step.X-1)/step.X, (m.Rect.Max.Y+step.Y-1)/step.Y
	return &Picture{m, newPlane(m.Cb, m.CStride, w, h, step), newPlane(m.Cr, m.CStride, w, h, step)}, true
}

// Row returns the luma and the color of the pixels of row y, which are valid until the next.
func (p *Picture) Row(y int) (luma, cb, cr []uint8) {
	w := p.m.Rect.Max.X
	at := p.m.YOffset(0, y)
	return p.m.Y[at : at+w], p.cb.row(y)[:w], p.cr.row(y)[:w]
}

// RGB writes the part r of a JPEG's picture, three bytes a pixel.
func (p *Picture) RGB(dst []uint8, r image.Rectangle) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		luma, blue, red := p.Row(y)
		luma, blue, red = luma[r.Min.X:r.Max.X], blue[r.Min.X:r.Max.X], red[r.Min.X:r.Max.X]
		out := dst[:3*len(luma)]
		for x, v := range luma {
			l, b, d := int32(v)*0x10101, int32(blue[x])-128, int32(red[x])-128
			out[0] = byteOf(l + 91881*d)
			out[1] = byteOf(l - 22554*b - 46802*d)
			out[2] = byteOf(l + 116130*b)
			out = out[3:]
		}
		dst = dst[3*len(luma):]
	}
}

// byteOf takes the upper half of v, clipped, as color.YCbCrToRGB does.
func byteOf(v int32) uint8 {
	if uint32(v)&0xff000000 != 0 {
		return uint8(^(v >> 31))
	}
	return uint8(v >> 16)
}
