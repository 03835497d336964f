package shards

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/imagefile"
	"github.com/longtail-ml/longtail/internal/packed"
)

// Settings say how Open reads. The zero value cuts images to 32×32 and takes labels from .cls files.
type Settings struct {
	Height int         // of the images handed out; 0 means the same as Width
	Width  int         // 0 means the same as Height, and 32 if both are 0, or none for dataset.Whole
	Fit    dataset.Fit // what to do about another aspect ratio; the zero value is CenterCrop
	// Label is the field of a sample's .json that has its label, a number or a text. "": the sample's .cls file, and where it
	// has none, its .txt, which is one line.
	Label string
	// Classes are the names of the classes. Labels are indices into them, or names of them. nil: labels that are all numbers are
	// indices, and their classes are called by the number; others are names, in alphabetical order.
	Classes []string
	// Named says that labels are names of Classes though all may be numbers: give it where Set.Named tells so of the training set.
	Named bool
	// Cache is the directory for what is remembered of archives, and for .tar.gz archives unpacked. "" means longtail/shards in
	// os.UserCacheDir. Without one that can be written to, archives are looked through each time, and .tar.gz is an error.
	Cache string
	// Decode bounds decoding. Its Budget, if nil, is four times its MaxPixels.
	Decode imagefile.Settings
}

// Set is a dataset.Dataset of the images in archives. It holds some 24 bytes for each of them. Place says in which archive
// an image lies, Encoded is its file, WithoutImage how many samples have none.
type Set struct{ *packed.Set }

// Scaled returns the same images, brought to another size.
func (s *Set) Scaled(to dataset.Scale) (*Set, error) {
	scaled, err := s.Set.Scaled(to)
	if err != nil {
		return nil, err
	}
	return &Set{scaled}, nil
}

// IsName says whether a path ends as the name of an archive does.
func IsName(path string) bool { return packed.HasEnding(path, endings...) }

var endings = []string{".tar", ".tar.gz", ".tgz"}

// Open opens archives, .tar, .tar.gz or .tgz, as one set in the order given. A path may be a folder, for all archives in
// it by name, or have a range such as train-{0000..0146}.tar. A damaged archive is an error that names it and an offset, and
// so is a sample without a label; samples that have no image are passed over.
func Open(ctx context.Context, s Settings, paths ...string) (*Set, error) {
	cache := packed.CacheIn(s.Cache, "shards")
	settings := packed.Settings{Height: s.Height, Width: s.Width, Fit: s.Fit, Classes: s.Classes, Named: s.Named, Decode: s.Decode}
	set, err := packed.OpenAll("shards", settings, paths, endings, func(path string) (packed.File, packed.Found, error) {
		return look(ctx, cache, path, s.Label)
	})
	if err != nil {
		return nil, err
	}
	return &Set{set}, nil
}

// look returns an archive, ready to be read from, and what it holds.
func look(ctx context.Context, cache packed.Cache, path, label string) (file packed.File, found packed.Found, err error) {
	file = packed.File{Name: path, Path: path}
	if packed.HasEnding(path, ".gz", ".tgz") {
		if file.Path, err = unzip(ctx, cache, path); err != nil {
			return file, found, err
		}
		file.Unpacked = true
	}
	f, is, err := packed.Open(file.Path)
	if err != nil {
		return file, found, err
	}
	defer f.Close()
	file.Stamp = is
	way := "1 " + label // the version of how archives are understood
	found, known := cache.Recall(file.Path, way, is)
	if known {
		return file, found, nil
	}
	if found, err = scan(ctx, f, is.Size, label); err != nil {
		return file, found, err
	}
	cache.Remember(file.Path, way, is, found)
	return file, found, nil
}

// unzip returns the .tar of a .tar.gz, which it makes if it is not there or the archive has changed.
func unzip(ctx context.Context, cache packed.Cache, path string) (string, error) {
	f, is, err := packed.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	out, _, err := cache.Unpacked(path, "gzip", is, func(w io.Writer) (packed.Found, error) {
		read := &packed.Reader{Context: ctx, R: f}
		z, err := gzip.NewReader(read)
		if err == nil {
			_, err = io.Copy(w, z)
		}
		if err != nil && read.Err == nil {
			err = fmt.Errorf("damaged near offset %d: %w", read.N, unexpected(err))
		}
		return packed.Found{}, err
	})
	return out, err
}
