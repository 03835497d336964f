package parquet

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/imagefile"
	"github.com/longtail-ml/longtail/internal/packed"
)

// Settings say how Open reads. The zero value cuts images to 32×32 and finds the columns.
type Settings struct {
	Height int         // of the images handed out; 0 means the same as Width
	Width  int         // 0 means the same as Height, and 32 if both are 0, or none for dataset.Whole
	Fit    dataset.Fit // what to do about another aspect ratio; the zero value is CenterCrop
	Image  string      // the column of images; "": the one that has images
	Label  string      // the column of labels, integers or texts; "": label, or the one that the metadata say has classes
	// Classes are the names of the classes. nil: those in the metadata; without them, labels that are numbers are indices, and
	// others are names.
	Classes []string
	// Cache is the directory for the images. "" means longtail/parquet in os.UserCacheDir. They take the room of the files.
	Cache string
	// Decode bounds decoding. Its Budget, if nil, is four times its MaxPixels.
	Decode imagefile.Settings
}

// Set is a dataset.Dataset of the images in files. It holds some 24 bytes for each of them. Place says in which file an
// image lies; its offset is that in the cache's file. Encoded is the image's file, WithoutImage how many rows have none.
type Set struct{ *packed.Set }

// Scaled returns the same images, brought to another size.
func (s *Set) Scaled(to dataset.Scale) (*Set, error) {
	scaled, err := s.Set.Scaled(to)
	if err != nil {
		return nil, err
	}
	return &Set{scaled}, nil
}

const ending = ".parquet"

// Open opens files as one set, in the order given. A path may be a folder, for all .parquet files in it by name, or have a
// range such as train-{00000..00004}-of-00005.parquet. Columns that are not there, rows without label and damage are errors that
// name the file, the column and the row; rows without image are passed over.
func Open(ctx context.Context, s Settings, paths ...string) (*Set, error) {
	cache := packed.CacheIn(s.Cache, "parquet")
	settings := packed.Settings{Height: s.Height, Width: s.Width, Fit: s.Fit, Classes: s.Classes, Decode: s.Decode}
	set, err := packed.OpenAll("parquet", settings, paths, []string{ending}, func(path string) (packed.File, packed.Found, error) {
		return unpack(ctx, cache, path, s)
	})
	if err != nil {
		return nil, err
	}
	return &Set{set}, nil
}

// unpack returns the file of a Parquet file's images, and what it holds.
func unpack(ctx context.Context, cache packed.Cache, path string, s Settings) (file packed.File, found packed.Found, err error) {
	f, is, err := packed.Open(path)
	if err != nil {
		return file, found, err
	}
	defer f.Close()
	way := fmt.Sprintf("1 %q %q", s.Image, s.Label) // the version of how files are understood
	file = packed.File{Name: path, Unpacked: true}
	file.Path, found, err = cache.Unpacked(path, way, is, func(w io.Writer) (packed.Found, error) {
		t, err := openTable(ctx, f, is.Size)
		if err != nil {
			return packed.Found{}, err
		}
		return t.images(w, s.Image, s.Label)
	})
	if err != nil {
		return file, found, err
	}
	out, now, err := packed.Open(file.Path)
	if err != nil {
		return file, found, err
	}
	file.Stamp = now
	return file, found, out.Close()
}

// images writes the images of a table one after the other.
func (t *table) images(w io.Writer, image, label string) (found packed.Found, err error) {
	err = guard(func() error {
		bytes, err := t.imageColumn(image)
		if err != nil {
			return err
		}
		labels, err := t.labelColumn(label)
		if err != nil {
			return err
		}
		found.Classes = labels.classes
		at, known := int64(0), map[string]int32{}
		for g := range t.file.RowGroups() {
			texts, err := t.texts(g, labels)
			if err != nil {
				return err
			}
			row := 0
			err = t.each(g, bytes, func(v value) error {
				if row >= len(texts) {
					return errors.New("more rows than the labels have")
				}
				switch b := v.ByteArray(); {
				case v.IsNull():
					found.Without++
				case len(b) == 0 || int64(len(b)) > math.MaxUint32:
					return fmt.Errorf("an image of %d bytes", len(b))
				case texts[row] == "":
					return fmt.Errorf("no label in column %s", labels.name())
				default:
					if _, err := w.Write(b); err != nil {
						return err
					}
					found.Add(known, at, int64(len(b)), texts[row])
					at += int64(len(b))
				}
				row++
				return nil
			})
			if err == nil && row < len(texts) {
				err = fmt.Errorf("row group %d: column %s has %d rows, column %s has %d", g, bytes.name(), row, labels.name(), len(texts))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	return found, err
}

// texts returns the labels of a row group as texts, "" where there is none.
func (t *table) texts(group int, c column) (all []string, err error) {
	err = t.each(group, c, func(v value) error {
		text := ""
		switch {
		case v.IsNull():
		case c.kind() == int32s:
			text = strconv.Itoa(int(v.Int32()))
		case c.kind() == int64s:
			text = strconv.FormatInt(v.Int64(), 10)
		default:
			if text = string(v.ByteArray()); text == "" {
				return errors.New("an empty text is no label")
			}
		}
		all = append(all, text)
		return nil
	})
	return all, err
}

// checkFooter compares the length that a file gives its footer with its own: the library would take memory for any.
func checkFooter(r io.ReaderAt, size int64) error {
	if size < 12 {
		return fmt.Errorf("a file of %d bytes: a Parquet file has at least 12", size)
	}
	var end [8]byte
	if _, err := r.ReadAt(end[:], size-8); err != nil {
		return err
	}
	switch string(end[4:]) {
	case "PAR1":
	case "PARE":
		return errors.New("the file is encrypted")
	default:
		return fmt.Errorf("the file ends at offset %d without PAR1: it is cut off, or no Parquet file", size)
	}
	if n := int64(binary.LittleEndian.Uint32(end[:4])); n > size-12 {
		return fmt.Errorf("a footer of %d bytes at offset %d, which the file has no room for: it is damaged", n, size-8)
	}
	return nil
}
