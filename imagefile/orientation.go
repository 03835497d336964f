package imagefile

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/draw"

	"github.com/longtail-ml/longtail/internal/chroma"
)

// orientation returns EXIF's tag 274 of a file, 1 to 8; 1, as stored, where there is none.
func orientation(format string, raw []byte) int {
	switch format {
	case "JPEG":
		for marker, content := range segments(raw) {
			if exif, found := bytes.CutPrefix(content, []byte("Exif\x00\x00")); found && marker == 0xe1 {
				return tag274(exif)
			}
		}
	case "PNG":
		return tag274(chunk(raw[8:], "eXIf", binary.BigEndian, true))
	case "WebP":
		exif := chunk(raw[12:], "EXIF", binary.LittleEndian, false)
		return tag274(bytes.TrimPrefix(exif, []byte("Exif\x00\x00")))
	case "TIFF":
		return tag274(raw)
	}
	return 1
}

// chunk returns the content of the first chunk of that name: PNG has the length before the name and a checksum after the
// content, RIFF the name before the length and even lengths.
func chunk(raw []byte, name string, order binary.ByteOrder, png bool) []byte {
	for len(raw) >= 8 {
		length, called := raw[4:8], raw[:4]
		if png {
			length, called = called, length
		}
		n := uint64(order.Uint32(length))
		rest := raw[8:]
		if n > uint64(len(rest)) {
			return nil
		}
		if string(called) == name {
			return rest[:n]
		}
		if png {
			n += 4
		} else {
			n += n & 1
		}
		if n > uint64(len(rest)) {
			return nil
		}
		raw = rest[n:]
	}
	return nil
}

// tag274 is the orientation in a TIFF structure. Whatever is odd about it means 1.
func tag274(tiff []byte) int {
	if o := tag(tiff, 274); o >= 1 && o <= 8 {
		return o
	}
	return 1
}

// tag looks into the first directory of a TIFF structure for a tag that is one number of 16 bits; −1: it is not there.
func tag(tiff []byte, id uint16) int {
	if len(tiff) < 8 {
		return -1
	}
	var order binary.ByteOrder = binary.BigEndian
	if tiff[0] == 'I' {
		order = binary.LittleEndian
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return -1
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < 12 {
			break
		}
		if order.Uint16(entries) == id {
			return int(order.Uint16(entries[8:]))
		}
		entries = entries[12:]
	}
	return -1
}

// upright undoes an orientation: 2 mirrored, 3 upside down, 4 mirrored and upside down, 5 to 8 the same lying on a side.
func upright(src image.Image, orientation int) image.Image {
	if orientation == 1 {
		return src
	}
	r := src.Bounds()
	w, h := r.Dx(), r.Dy()
	flat := flattened(src)
	turned := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		turned = image.Rect(0, 0, h, w)
	}
	dst := image.NewRGBA(turned)
	for y := range h {
		row := flat.Pix[y*flat.Stride : y*flat.Stride+4*w]
		for x := range w {
			to := [...]image.Point{
				2: {w - 1 - x, y}, 3: {w - 1 - x, h - 1 - y}, 4: {x, h - 1 - y},
				5: {y, x}, 6: {h - 1 - y, x}, 7: {h - 1 - y, w - 1 - x}, 8: {y, w - 1 - x},
			}[orientation]
			copy(dst.Pix[dst.PixOffset(to.X, to.Y):][:4], row[4*x:])
		}
	}
	return dst
}

// flattened has the pixels of a picture from (0, 0) on, those of a JPEG with their color interpolated: turned, its values would belong
// to other pixels.
func flattened(src image.Image) *image.RGBA {
	r := src.Bounds()
	flat := image.NewRGBA(image.Rectangle{Max: r.Size()})
	var picture *chroma.Picture
	if m, ok := src.(*image.YCbCr); ok {
		picture, _ = chroma.Of(m)
	}
	if picture == nil {
		draw.Draw(flat, flat.Rect, src, r.Min, draw.Src)
		return flat
	}
	rgb := make([]uint8, 3*r.Dx())
	for y := range r.Dy() {
		picture.RGB(rgb, image.Rect(0, y, r.Dx(), y+1))
		for x := range r.Dx() {
			copy(flat.Pix[flat.PixOffset(x, y):], []uint8{rgb[3*x], rgb[3*x+1], rgb[3*x+2], 255})
		}
	}
	return flat
}
