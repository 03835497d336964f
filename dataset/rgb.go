package dataset

import (
	"image"
	"image/draw"
)

// toRGB writes the part r of a picture as RGB, three bytes a pixel. Alpha is seen on black.
func toRGB(dst []uint8, src image.Image, r image.Rectangle) {
	switch m := src.(type) {
	case *image.YCbCr:
		if step := map[image.YCbCrSubsampleRatio]image.Point{
			image.YCbCrSubsampleRatio444: {X: 1, Y: 1},
			image.YCbCrSubsampleRatio422: {X: 2, Y: 1},
			image.YCbCrSubsampleRatio420: {X: 2, Y: 2},
		}[m.SubsampleRatio]; step.X > 0 && m.Rect.Min == (image.Point{}) {
			fromYCbCr(dst, m, step, r)
			return
		}
	case *image.Gray:
		for y := r.Min.Y; y < r.Max.Y; y++ {
			at := m.PixOffset(r.Min.X, y)
			for _, v := range m.Pix[at : at+r.Dx()] {
				dst[0], dst[1], dst[2] = v, v, v
				dst = dst[3:]
			}
		}
		return
	case *image.RGBA:
		dropAlpha(dst, m, r)
		return
	}
	rgba := image.NewRGBA(image.Rectangle{Max: r.Size()})
	draw.Draw(rgba, rgba.Rect, src, r.Min, draw.Src)
	dropAlpha(dst, rgba, rgba.Rect)
}

func dropAlpha(dst []uint8, m *image.RGBA, r image.Rectangle) {
	for y := r.Min.Y; y < r.Max.Y; y++ {
		at := m.PixOffset(r.Min.X, y)
		for row := m.Pix[at : at+4*r.Dx()]; len(row) >= 4; row = row[4:] {
			dst[0], dst[1], dst[2] = row[0], row[1], row[2]
			dst = dst[3:]
		}
	}
}

// fromYCbCr does what JPEG files decode to, whose color has a value for step pixels. Between these it is interpolated, to the
// byte as libjpeg does it ("fancy upsampling"), and so PIL and torchvision.
func fromYCbCr(dst []uint8, m *image.YCbCr, step image.Point, r image.Rectangle) {
	w, h := (m.Rect.Max.X+step.X-1)/step.X, (m.Rect.Max.Y+step.Y-1)/step.Y
	cb, cr := newChroma(m.Cb, m.CStride, w, h, step), newChroma(m.Cr, m.CStride, w, h, step)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		at := m.YOffset(r.Min.X, y)
		luma, blue, red := m.Y[at:at+r.Dx()], cb.row(y)[r.Min.X:], cr.row(y)[r.Min.X:]
		blue, red = blue[:len(luma)], red[:len(luma)]
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

// chroma is a plane of color with fewer values than pixels.
type chroma struct {
	pix          []uint8
	stride, w, h int // of values
	step         image.Point
	sums         []int32 // of two rows, 3 to 1
	out          []uint8 // a row of pixels, perhaps one more than there are
}

func newChroma(pix []uint8, stride, w, h int, step image.Point) *chroma {
	c := &chroma{pix: pix, stride: stride, w: w, h: h, step: step}
	if step.X == 2 {
		c.sums, c.out = make([]int32, w), make([]uint8, 2*w)
	}
	return c
}

func (c *chroma) values(y int) []uint8 { return c.pix[y*c.stride : y*c.stride+c.w] }

// row returns the color of the pixels of row y.
func (c *chroma) row(y int) []uint8 {
	if c.step.X == 1 {
		return c.values(y)
	}
	near := c.values(y / c.step.Y)
	up, down, shift := int32(1), int32(2), 2 // what is added before the shift, for the left and the right pixel of a value
	if c.step.Y == 1 {
		for i, v := range near {
			c.sums[i] = int32(v)
		}
	} else {
		up, down, shift = 8, 7, 4
		other := y/2 - 1 // the row above for even pixels, that below for odd ones
		if y%2 == 1 {
			other = y/2 + 1
		}
		far := c.values(min(max(other, 0), c.h-1))[:len(near)]
		for i, v := range near {
			c.sums[i] = 3*int32(v) + int32(far[i])
		}
	}
	before, s := c.sums[0], c.sums[0]
	for i := range c.sums {
		after := s
		if i+1 < len(c.sums) {
			after = c.sums[i+1]
		}
		c.out[2*i] = uint8((3*s + before + up) >> shift)
		c.out[2*i+1] = uint8((3*s + after + down) >> shift)
		before, s = s, after
	}
	return c.out
}
