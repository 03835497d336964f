package dataset

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"math"

	"github.com/longtail-ml/longtail/internal/foreach"
)

// Source is the file that an image comes from. It is zero for one that comes from none.
type Source struct {
	Name  string // its path below the folder of the set, with slashes
	Bytes int64  // its size
}

func (s Source) known() bool { return s != Source{} }

// Sourced is a Dataset that knows where its images come from. Sum needs to know it.
type Sourced interface {
	Dataset
	// Source is where image i, which is in range, comes from. It must be safe for concurrent callers.
	Source(i int) (Source, error)
}

// AllImages as SumSettings.Images stands for every one.
const AllImages = math.MaxInt

// SumSettings says what Sum looks at.
type SumSettings struct {
	Images int // of which the pixels are read, evenly spread over the set; 0 means 256
}

// Sum returns a checksum by which two sets of the same labels can be told apart: of the names and sizes of all files, and of
// the pixels of some images, or of all where they are in memory and come from no file, as Features do. Before it stands what it is of: "names,
// sizes, 256 images: 3fa4…", "50000 images: 77b0…". A set that Load read has the sum of the set it was read from, and a Subset
// that of its images alone. The sum is "" where the set, or what a Subset is of, is neither Sourced nor a Memory.
//
// What is hashed, by SHA-256, is a text that other tools can make: a line for each file, of its size, a space and its name;
// then a line for each of those images, of its index, a space, its Shape, a space and the SHA-256 of its Pix in hexadecimal. Of
// features it is the width in place of the shape, and their values as float32 in little-endian order in place of Pix.
//
// Of 440,000 files it reads the sizes in a few seconds. It is an error if a file or one of those images cannot be read.
func Sum(ctx context.Context, d Dataset, s SumSettings) (string, error) {
	if s.Images < 0 {
		return "", fmt.Errorf("dataset: a sum of %d images: the number must be positive, or 0 for 256", s.Images)
	}
	source := sourceOf(d)
	if source == nil {
		return "", nil
	}
	files := make([]Source, d.Len())
	if err := foreach.Index(ctx, len(files), func() func(int) error {
		return func(i int) (err error) { files[i], err = source(i); return err }
	}); err != nil {
		return "", err
	}
	h := sha256.New()
	w := bufio.NewWriter(h)
	named := false
	for _, f := range files {
		if f.known() {
			named = true
			_, _ = fmt.Fprintf(w, "%d %s\n", f.Bytes, f.Name) // a hash has no errors
		}
	}
	n := min(d.Len(), cmp.Or(s.Images, 256))
	if _, memory := root(d).(*Memory); !named && (memory || WidthOf(d) > 0) {
		n = d.Len()
	}
	if err := sumSamples(ctx, d, n, w); err != nil {
		return "", err
	}
	_ = w.Flush()
	of := fmt.Sprintf("%d images", n)
	if named {
		of = "names, sizes, " + of
	}
	return of + ": " + hex.EncodeToString(h.Sum(nil)), nil
}

// sumSamples writes a line for each of n images, evenly spread.
func sumSamples(ctx context.Context, d Dataset, n int, w io.Writer) error {
	lines := make([]string, n)
	at := func(k int) int { return int(int64(k) * int64(d.Len()) / int64(n)) }
	if err := foreach.Index(ctx, n, func() func(int) error {
		var img Image
		vector := make([]float32, WidthOf(d))
		return func(k int) error {
			if len(vector) > 0 {
				if err := d.(Features).Vector(at(k), vector); err != nil {
					return err
				}
				h := sha256.New()
				_ = binary.Write(h, binary.LittleEndian, vector) // a hash has no errors
				lines[k] = fmt.Sprintf("%d %d %x\n", at(k), len(vector), h.Sum(nil))
				return nil
			}
			if err := d.Image(at(k), &img); err != nil {
				return err
			}
			lines[k] = fmt.Sprintf("%d %v %x\n", at(k), img.Shape(), sha256.Sum256(img.Pix))
			return nil
		}
	}); err != nil {
		return err
	}
	for _, line := range lines {
		_, _ = io.WriteString(w, line)
	}
	return nil
}

// sourceOf returns what tells where the images of d come from; nil if nothing does.
func sourceOf(d Dataset) func(i int) (Source, error) {
	switch s := d.(type) {
	case *subset:
		below := sourceOf(s.Dataset)
		if below == nil {
			return nil
		}
		return func(i int) (Source, error) { return below(s.indices[i]) }
	case *Cache:
		return sourceOf(s.Dataset)
	case Sourced:
		return s.Source
	}
	return nil
}

// root is the set that d was chosen from in the end.
func root(d Dataset) Dataset {
	for {
		switch s := d.(type) {
		case *subset:
			d = s.Dataset
		case *Cache:
			d = s.Dataset
		default:
			return d
		}
	}
}
