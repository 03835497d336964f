// Package imagefile decodes image files as people have them: JPEG (CMYK too, with or without Adobe's marker), PNG, GIF,
// WebP, BMP and TIFF, told apart by their content, not by their names.
//
// A picture comes upright: the orientation that a camera wrote into EXIF is applied, unless Settings say otherwise. Of a GIF
// it is the first frame. What cannot be decoded gives an error that says what the file is instead: empty, an HTML page, a
// pointer of Git LFS, HEIC.
//
// No memory is taken on a header's word alone: pictures over Settings.MaxPixels, and those whose files are too short to
// hold what the header claims, are refused before their pixels are allocated. A Budget bounds what several decoders hold
// at once.
package imagefile
