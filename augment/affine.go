package augment

import (
	"math"

	"github.com/longtail-ml/longtail/dataset"
)

// ShearX slides row y of the image by level·(y+½) pixels to the left, for a level above 0, and fills with bytes of fill.
// It is PIL's transform by the matrix (1, level, 0, 0, 1, 0), to the nearest pixel.
func ShearX(img *dataset.Image, level float64, fill uint8) {
	affine(img, [6]float64{1, level, 0, 0, 1, 0}, fill)
}

// ShearY slides column x of the image by level·(x+½) pixels up, for a level above 0, and fills with bytes of fill.
func ShearY(img *dataset.Image, level float64, fill uint8) {
	affine(img, [6]float64{1, 0, 0, level, 1, 0}, fill)
}

// TranslateX moves the image by so many pixels to the left, to the right if negative, and fills with bytes of fill.
func TranslateX(img *dataset.Image, pixels int, fill uint8) {
	affine(img, [6]float64{1, 0, float64(pixels), 0, 1, 0}, fill)
}

// TranslateY moves the image by so many pixels up, down if negative, and fills with bytes of fill.
func TranslateY(img *dataset.Image, pixels int, fill uint8) {
	affine(img, [6]float64{1, 0, 0, 0, 1, float64(pixels)}, fill)
}

// Rotate turns the image about its middle, counterclockwise for degrees above 0, and fills with bytes of fill. It is
// PIL's Image.rotate, to the nearest pixel.
func Rotate(img *dataset.Image, degrees float64, fill uint8) {
	sin, cos := math.Sincos(-math.Mod(degrees, 360) * math.Pi / 180)
	sin, cos = math.Round(sin*1e15)/1e15, math.Round(cos*1e15)/1e15 // so that right angles are exact
	x, y := float64(img.Width)/2, float64(img.Height)/2
	affine(img, [6]float64{cos, sin, x - cos*x - sin*y, -sin, cos, y + sin*x - cos*y}, fill)
}

// affine makes the pixel with the centre (x, y) the one of the old image at (m0·x+m1·y+m2, m3·x+m4·y+m5), fill outside.
// Places are multiples of 2⁻¹⁶, as in PIL.
func affine(img *dataset.Image, m [6]float64, fill uint8) {
	s := borrow()
	defer s.release()
	src, ch := s.copyOf(img), img.Channels
	fixed := func(v float64) int { return int(math.Floor(v*65536 + 0.5)) }
	xStart, yStart := fixed(m[2]+m[0]/2+m[1]/2), fixed(m[5]+m[3]/2+m[4]/2)
	dst := img.Pix
	for range img.Height {
		x, y := xStart, yStart
		for range img.Width {
			fromX, fromY := x>>16, y>>16
			if fromX >= 0 && fromX < img.Width && fromY >= 0 && fromY < img.Height {
				at := (fromY*img.Width + fromX) * ch
				copy(dst[:ch], src[at:at+ch])
			} else {
				for c := range dst[:ch] {
					dst[c] = fill
				}
			}
			dst = dst[ch:]
			x, y = x+fixed(m[0]), y+fixed(m[3])
		}
		xStart, yStart = xStart+fixed(m[1]), yStart+fixed(m[4])
	}
}
