package augment

import "github.com/longtail-ml/longtail/dataset"

// Brightness scales the bytes by factor: 0 is black, 1 the image itself, above 1 brighter. It is PIL's
// ImageEnhance.Brightness.
func Brightness(img *dataset.Image, factor float64) { towards(img, 0, factor) }

// Contrast moves the bytes away from the mean luma of the image, in the proportion factor: 0 is an even grey, 1 the image
// itself. It is PIL's ImageEnhance.Contrast. Images that do not have three channels have the mean of their bytes.
func Contrast(img *dataset.Image, factor float64) {
	n, sum := len(img.Pix), 0
	if n == 0 {
		return
	}
	if img.Channels == 3 {
		n /= 3
		for p := img.Pix; len(p) >= 3; p = p[3:] {
			sum += int(luma(p[0], p[1], p[2]))
		}
	} else {
		for _, v := range img.Pix {
			sum += int(v)
		}
	}
	towards(img, uint8((2*sum+n)/(2*n)), factor)
}

// towards blends every byte with one constant.
func towards(img *dataset.Image, constant uint8, factor float64) {
	var table [256]uint8
	for v := range table {
		table[v] = blend(constant, uint8(v), float32(factor))
	}
	lookUp(img.Pix, &table)
}

// Color moves each pixel away from its own luma in the proportion factor: 0 is greyscale, 1 the image itself, above 1
// more saturated. It is PIL's ImageEnhance.Color. Images that do not have three channels are left as they are.
func Color(img *dataset.Image, factor float64) {
	if img.Channels != 3 {
		return
	}
	for p := img.Pix; len(p) >= 3; p = p[3:] {
		gray := luma(p[0], p[1], p[2])
		p[0], p[1], p[2] = blend(gray, p[0], float32(factor)), blend(gray, p[1], float32(factor)), blend(gray, p[2], float32(factor))
	}
}

// Sharpness moves the image away from a smoothed one in the proportion factor: 0 is smooth, 1 the image itself, above 1
// sharper. It is PIL's ImageEnhance.Sharpness: the filter has 5 in the middle, 1 at the eight neighbours, over 13, and
// leaves the outermost pixels as they are.
func Sharpness(img *dataset.Image, factor float64) {
	s := borrow()
	defer s.release()
	src, ch, stride := s.copyOf(img), img.Channels, img.Width*img.Channels
	for y := 1; y < img.Height-1; y++ {
		for at := y*stride + ch; at < (y+1)*stride-ch; at++ {
			sum := 4 * int(src[at])
			for row := at - stride; row <= at+stride; row += stride {
				sum += int(src[row-ch]) + int(src[row]) + int(src[row+ch])
			}
			smooth := uint8((2*sum + 13) / 26) // rounded; 13 being odd there are no ties
			img.Pix[at] = blend(smooth, src[at], float32(factor))
		}
	}
}
