package augment

import "github.com/longtail-ml/longtail/dataset"

// Invert replaces each byte v by 255 − v. It is PIL's ImageOps.invert.
func Invert(img *dataset.Image) { Solarize(img, 0) }

// Solarize inverts the bytes that are at least threshold. It is PIL's ImageOps.solarize: a threshold of 256 or more
// changes nothing.
func Solarize(img *dataset.Image, threshold int) {
	for i, v := range img.Pix {
		if int(v) >= threshold {
			img.Pix[i] = 255 - v
		}
	}
}

// Posterize keeps the upper bits of each byte, from 0 (black) to 8 (the image itself). It is PIL's ImageOps.posterize.
func Posterize(img *dataset.Image, bits int) {
	mask := uint8(255) << (8 - min(max(bits, 0), 8))
	for i := range img.Pix {
		img.Pix[i] &= mask
	}
}

// AutoContrast stretches each channel so that its darkest byte becomes 0 and its brightest 255, up to rounding. A channel
// of one value stays. It is PIL's ImageOps.autocontrast.
func AutoContrast(img *dataset.Image) {
	for c := range img.Channels {
		counts := histogram(img, c)
		low, high := 0, 255
		for low < 255 && counts[low] == 0 {
			low++
		}
		for high > low && counts[high] == 0 {
			high--
		}
		if low == high {
			continue
		}
		scale := 255 / float64(high-low)
		offset := -float64(low) * scale
		var table [256]uint8
		for v := range table {
			table[v] = uint8(min(max(float64(float64(v)*scale)+offset, 0), 255))
		}
		lookUpChannel(img, c, &table)
	}
}

// Equalize spreads the bytes of each channel so that they are about equally frequent. A channel of one value stays. It is
// PIL's ImageOps.equalize.
func Equalize(img *dataset.Image) {
	for c := range img.Channels {
		counts := histogram(img, c)
		total, last := 0, 0
		for _, n := range counts {
			total += n
			if n != 0 {
				last = n
			}
		}
		step := (total - last) / 255
		if step == 0 {
			continue
		}
		below := step / 2
		var table [256]uint8
		for v, n := range counts {
			table[v] = uint8(min(below/step, 255))
			below += n
		}
		lookUpChannel(img, c, &table)
	}
}

// histogram counts the bytes of a channel.
func histogram(img *dataset.Image, channel int) (counts [256]int) {
	for i := channel; i < len(img.Pix); i += img.Channels {
		counts[img.Pix[i]]++
	}
	return counts
}

func lookUpChannel(img *dataset.Image, channel int, table *[256]uint8) {
	for i := channel; i < len(img.Pix); i += img.Channels {
		img.Pix[i] = table[img.Pix[i]]
	}
}
