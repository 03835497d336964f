package imagefile

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"io"
	"iter"
	"strings"
)

// segments are the marked parts of a JPEG before its pixels: the marker's second byte and the content.
func segments(raw []byte) iter.Seq2[byte, []byte] {
	return func(yield func(byte, []byte) bool) {
		for at := 2; at+4 <= len(raw) && raw[at] == 0xff; {
			marker := raw[at+1]
			if marker == 0xff { // filling
				at++
				continue
			}
			if marker == 0xda || marker == 0xd9 { // pixels, or the end
				return
			}
			n := int(raw[at+2])<<8 | int(raw[at+3])
			if n < 2 || at+2+n > len(raw) || !yield(marker, raw[at+4:at+2+n]) {
				return
			}
			at += 2 + n
		}
	}
}

// lacksAdobe tells a JPEG of four components without the marker by which Adobe's programs say what they are.
func lacksAdobe(raw []byte) bool {
	four := false
	for marker, content := range segments(raw) {
		switch {
		case marker == 0xee && bytes.HasPrefix(content, []byte("Adobe")):
			return false
		case marker >= 0xc0 && marker <= 0xc2 && len(content) > 5:
			four = content[5] == 4
		}
	}
	return four
}

// decodePlainCMYK decodes a JPEG that lacksAdobe. image/jpeg refuses it for want of the marker; with one, it is taken as
// Adobe writes it, inverted, as Pillow takes it too.
func decodePlainCMYK(ctx context.Context, raw []byte) (image.Image, error) {
	adobe := "\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
	return jpeg.Decode(io.MultiReader(bytes.NewReader(raw[:2]), strings.NewReader(adobe), &reader{ctx, bytes.NewReader(raw[2:])}))
}
