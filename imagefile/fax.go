package imagefile

import "image"

// faxColors mends a fax (CCITT compression) in a TIFF whose zeros are black: its decoder takes them for white, as they are in
// other faxes, where libtiff goes by the file.
func faxColors(picture image.Image, raw []byte) {
	const compression, photometric, group3, group4, blackIsZero = 259, 262, 3, 4, 1
	m, ok := picture.(*image.Gray)
	if way := tag(raw, compression); !ok || way != group3 && way != group4 || tag(raw, photometric) != blackIsZero {
		return
	}
	for i, v := range m.Pix {
		m.Pix[i] = 255 - v
	}
}
