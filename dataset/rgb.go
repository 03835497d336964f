package dataset

import (
	"image"
	"image/draw"

	"github.com/longtail-ml/longtail/internal/chroma"
)

// toRGB writes the part r of a picture as RGB, three bytes a pixel. Alpha is seen on black.
func toRGB(dst []uint8, src image.Image, r image.Rectangle) {
	switch m := src.(type) {
	case *image.YCbCr:
		if p, ok := chroma.Of(m); ok {
			p.RGB(dst, r)
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
