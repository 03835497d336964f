package imagefile

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // registers the decoder
	"image/jpeg"
	_ "image/png" // registers the decoder
	"io"
	"os"
	"strings"

	_ "golang.org/x/image/bmp" // registers the decoder
	"golang.org/x/image/tiff"
	_ "golang.org/x/image/webp" // registers the decoder
)

// DefaultMaxPixels is 64 megapixels (2²⁶).
const DefaultMaxPixels = 1 << 26

// Settings bound and direct decoding. The zero value is for files of one's own.
type Settings struct {
	MaxPixels int     // larger pictures are refused; 0: DefaultMaxPixels
	AsStored  bool    // leave the picture as it lies in the file, whatever orientation EXIF gives
	Budget    *Budget // shared by decoders; nil: none
}

// maxBytes is four bytes for a pixel: what a file has that is not compressed.
func (s Settings) maxBytes() int64 { return 4 * int64(s.maxPixels()) }

func (s Settings) maxPixels() int { return cmp.Or(s.MaxPixels, DefaultMaxPixels) }

// DecodeFile is Decode for a file on disk. Errors name it.
func DecodeFile(ctx context.Context, path string, s Settings) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: is no plain file", path)
	case info.Size() > s.maxBytes():
		return nil, fmt.Errorf("%s: %w", path, tooLong(s))
	}
	picture, err := Decode(ctx, f, s)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return picture, nil
}

// Decode reads one picture. It ends with the cause of ctx soon after ctx does.
func Decode(ctx context.Context, r io.Reader, s Settings) (image.Image, error) {
	if s.MaxPixels < 0 {
		return nil, fmt.Errorf("MaxPixels is %d: it must be positive, or 0 for %d", s.MaxPixels, DefaultMaxPixels)
	}
	raw, err := io.ReadAll(io.LimitReader(r, s.maxBytes()+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > s.maxBytes() {
		return nil, tooLong(s)
	}
	f := identify(raw)
	if !f.decoded {
		return nil, fmt.Errorf("not an image that can be decoded (%s): %s", f.name, f.remedy())
	}
	header, err := decodeConfig(f, raw)
	if err != nil {
		return nil, damaged(f, err)
	}
	if err := s.checkHeader(f, header, len(raw)); err != nil {
		return nil, err
	}
	release, err := s.Budget.acquire(ctx, header.Width*header.Height)
	if err != nil {
		return nil, err
	}
	defer release()
	picture, err := decode(ctx, f, raw)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		return nil, damaged(f, err)
	case s.AsStored:
		return picture, nil
	}
	return upright(picture, orientation(f.name, raw)), nil
}

func decodeConfig(f format, raw []byte) (image.Config, error) {
	if f.name == "TIFF" { // see decode
		return tiff.DecodeConfig(bytes.NewReader(raw))
	}
	header, _, err := image.DecodeConfig(bytes.NewReader(raw))
	return header, err
}

func decode(ctx context.Context, f format, raw []byte) (image.Image, error) {
	if f.name == "JPEG" && lacksAdobe(raw) {
		return decodePlainCMYK(ctx, raw)
	}
	r := &reader{ctx, bytes.NewReader(raw)}
	if f.name == "TIFF" { // what package image hands on has no ReadAt: for that, memory up to the largest offset in the file is taken
		picture, err := tiff.Decode(r)
		if err == nil {
			faxColors(picture, raw)
		}
		return picture, err
	}
	picture, _, err := image.Decode(r)
	if err == nil && f.name == "WebP" {
		picture = webpColors(picture)
	}
	return picture, err
}

// reader ends with its context.
type reader struct {
	ctx context.Context
	r   *bytes.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(p[:min(len(p), 1<<16)])
}

func (r *reader) ReadAt(p []byte, off int64) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.ReadAt(p, off)
}

// checkHeader refuses what would take more memory than s allows or the file can fill.
func (s Settings) checkHeader(f format, h image.Config, bytes int) error {
	if h.Width <= 0 || h.Height <= 0 {
		return fmt.Errorf("a %s of %d×%d pixels, which shows nothing", f.name, h.Width, h.Height)
	}
	if h.Height > s.maxPixels()/h.Width {
		return fmt.Errorf("a %s of %d×%d pixels, more than the limit of %d: make it smaller or raise the limit", f.name, h.Width,
			h.Height, s.maxPixels())
	}
	if f.perByte > 0 && h.Width*h.Height/f.perByte > bytes {
		return fmt.Errorf("a %s that claims %d×%d pixels in a file of %d bytes: it is cut off or forged", f.name, h.Width, h.Height,
			bytes)
	}
	return nil
}

func tooLong(s Settings) error {
	return fmt.Errorf("a file of more than %d bytes, the most that %d pixels can take: make it smaller or raise the limit of pixels",
		s.maxBytes(), s.maxPixels())
}

func damaged(f format, err error) error {
	// Decoders do not all wrap what the reader says.
	if errors.Is(err, io.EOF) || strings.HasSuffix(err.Error(), io.ErrUnexpectedEOF.Error()) {
		return fmt.Errorf("a %s that is cut off: %w", f.name, io.ErrUnexpectedEOF)
	}
	var ofJPEG jpeg.UnsupportedError
	var ofTIFF tiff.UnsupportedError
	if errors.As(err, &ofJPEG) || errors.As(err, &ofTIFF) {
		return fmt.Errorf("a %s of a kind that cannot be decoded (%w): convert it to RGB, as PNG for example", f.name, err)
	}
	return fmt.Errorf("a %s that is damaged: %w", f.name, err)
}
