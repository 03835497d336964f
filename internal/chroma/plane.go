package chroma

import "image"

// plane is color with fewer values than pixels.
type plane struct {
	pix          []uint8
	stride, w, h int // of values
	step         image.Point
	sums         []int32 // of two rows, 3 to 1
	out          []uint8 // a row of pixels, perhaps one more than there are
}

func newPlane(pix []uint8, stride, w, h int, step image.Point) *plane {
	c := &plane{pix: pix, stride: stride, w: w, h: h, step: step}
	if step.X == 2 {
		c.sums, c.out = make([]int32, w), make([]uint8, 2*w)
	}
	return c
}

func (c *plane) values(y int) []uint8 { return c.pix[y*c.stride : y*c.stride+c.w] }

// row returns the color of the pixels of row y.
func (c *plane) row(y int) []uint8 {
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
