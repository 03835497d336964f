package imagefile

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
)

// Extensions are the endings of names that files of the formats decoded here have, in lower case.
var extensions = []string{".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".webp", ".bmp", ".tif", ".tiff"}

// IsName tells whether a file is an image of a format that Decode knows, by the ending of its name, in any case.
func IsName(name string) bool {
	return slices.Contains(extensions, strings.ToLower(filepath.Ext(name)))
}

// Extensions returns the endings that IsName knows, as ".jpg".
func Extensions() []string { return slices.Clone(extensions) }

// format is a kind of file with what its content begins with.
type format struct {
	name   string
	offset int
	magic  string
	// perByte bounds how many pixels a byte of the file can stand for; 0: no bound, or not an image that is decoded.
	perByte int
	decoded bool
}

// PNG and TIFF: a bit for a pixel, and deflate's 1,032 or LZW's 4,096 bytes for one. JPEG: at least a bit for the mean of a
// block of 64. WebP can say "all alike" once for the whole picture.
var formats = []format{
	{name: "JPEG", magic: "\xff\xd8\xff", perByte: 512, decoded: true},
	{name: "PNG", magic: "\x89PNG\r\n\x1a\n", perByte: 8 * 1032, decoded: true},
	{name: "GIF", magic: "GIF8", perByte: 4096, decoded: true},
	{name: "WebP", offset: 8, magic: "WEBPVP8", decoded: true},
	{name: "BMP", magic: "BM", perByte: 8, decoded: true},
	{name: "TIFF", magic: "II*\x00", perByte: 8 * 4096, decoded: true},
	{name: "TIFF", magic: "MM\x00*", perByte: 8 * 4096, decoded: true},

	{name: "HEIC", offset: 4, magic: "ftyphei"},
	{name: "HEIC", offset: 4, magic: "ftypmif1"},
	{name: "AVIF", offset: 4, magic: "ftypavif"},
	{name: "JPEG XL", magic: "\xff\x0a"},
	{name: "JPEG 2000", offset: 4, magic: "jP  "},
	{name: "Photoshop", magic: "8BPS"},
	{name: "PDF", magic: "%PDF-"},
	{name: "ZIP archive", magic: "PK\x03\x04"},
	{name: "gzip archive", magic: "\x1f\x8b"},
	{name: "tar archive", offset: 257, magic: "ustar"},
	{name: "video", offset: 4, magic: "ftyp"},
	{name: "Git LFS pointer", magic: "version https://git-lfs"},
}

// Identify names what a file is by its first bytes (300 are enough): "JPEG", "WebP", "HTML page", "Git LFS pointer", "empty
// file"; "unknown data" if it is nothing known.
func Identify(head []byte) string { return identify(head).name }

func identify(head []byte) format {
	if len(head) == 0 {
		return format{name: "empty file"}
	}
	for _, f := range formats {
		if len(head) >= f.offset && bytes.HasPrefix(head[f.offset:], []byte(f.magic)) {
			return f
		}
	}
	text := bytes.ToLower(bytes.TrimLeft(head[:min(len(head), 300)], "\ufeff \t\r\n"))
	switch {
	case bytes.HasPrefix(text, []byte("<!doctype html")), bytes.HasPrefix(text, []byte("<html")):
		return format{name: "HTML page"}
	case bytes.Contains(text, []byte("<svg")):
		return format{name: "SVG"}
	case bytes.HasPrefix(text, []byte("<?xml")), bytes.HasPrefix(text, []byte("{")), bytes.HasPrefix(text, []byte("[")):
		return format{name: "XML or JSON text"}
	case len(bytes.Trim(head, "\x00")) == 0:
		return format{name: "file of zero bytes alone"}
	}
	return format{name: "unknown data"}
}

// remedy says what to do about a file that is no image.
func (f format) remedy() string {
	switch f.name {
	case "Git LFS pointer":
		return "fetch the file itself with git lfs pull"
	case "HEIC", "AVIF", "JPEG XL", "JPEG 2000", "Photoshop", "SVG", "PDF":
		return "convert it to JPEG or PNG"
	case "ZIP archive", "gzip archive", "tar archive":
		return "unpack it"
	}
	return "remove it, or get it again"
}
