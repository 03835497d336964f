package main

import (
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"github.com/longtail-ml/longtail/dataset"
)

const (
	gap   = 4   // between images
	names = 170 // width of the row names
)

// drawSheet puts the rows below one another, each image enlarged by a whole number to at least so many pixels.
func drawSheet(rows []row, columns, pixels int) *image.RGBA {
	first := rows[0].images[0]
	scale := max(1, (pixels+first.Width-1)/first.Width)
	width, height := first.Width*scale+gap, first.Height*scale+gap
	sheet := image.NewRGBA(image.Rect(0, 0, names+columns*width+gap, len(rows)*height+gap))
	draw.Draw(sheet, sheet.Rect, image.White, image.Point{}, draw.Src)
	for y, r := range rows {
		top := gap + y*height
		text := font.Drawer{Dst: sheet, Src: image.Black, Face: basicfont.Face7x13, Dot: fixed.P(gap, top+height/2+4)}
		text.DrawString(r.name)
		for x, m := range r.images {
			left := names + x*width
			if x > 0 {
				left += gap // sets the image as it is apart
			}
			place(sheet, left, top, m, scale)
		}
	}
	return sheet
}

// place draws an image with its upper left corner at (left, top), each pixel as a square of scale pixels.
func place(sheet *image.RGBA, left, top int, m *dataset.Image, scale int) {
	for y := range m.Height {
		for x := range m.Width {
			p := m.Row(y)[x*m.Channels : (x+1)*m.Channels]
			c := color.RGBA{p[0], p[0], p[0], 255}
			if m.Channels == 3 {
				c.G, c.B = p[1], p[2]
			}
			square := image.Rect(left+x*scale, top+y*scale, left+(x+1)*scale, top+(y+1)*scale)
			draw.Draw(sheet, square, image.NewUniform(c), image.Point{}, draw.Src)
		}
	}
}
