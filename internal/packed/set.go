// Package packed has data sets of images that lie in large files, many in each, at offsets that were found once: the part
// that formats of such files have in common.
package packed

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/imagefile"
)

// Settings say how images come out.
type Settings struct {
	Height int // 0 means the same as Width
	Width  int // 0 means the same as Height, and 32 if both are 0, or none for dataset.Whole
	Fit    dataset.Fit
	Decode imagefile.Settings // its Budget, if nil, is four times its MaxPixels
	// Classes are the names of the classes: labels are indices into them, or names of them. nil: labels that are all numbers
	// are indices, and their classes are called by the number; others are names, in alphabetical order.
	Classes []string
	// Named says that labels are names of Classes though all may be numbers.
	Named bool
}

func (s Settings) scale() dataset.Scale {
	return dataset.Scale{Height: s.Height, Width: s.Width, Fit: s.Fit}
}

// filled returns the settings with defaults for what is 0, or says what is wrong with them.
func (s Settings) filled() (Settings, error) {
	if s.Fit != dataset.Whole {
		s.Width = cmp.Or(s.Width, s.Height, 32)
		s.Height = cmp.Or(s.Height, s.Width)
	}
	if s.Decode.MaxPixels < 0 {
		return s, fmt.Errorf("MaxPixels is %d: it must be positive, or 0 for %d", s.Decode.MaxPixels, imagefile.DefaultMaxPixels)
	}
	s.Decode.MaxPixels = cmp.Or(s.Decode.MaxPixels, imagefile.DefaultMaxPixels)
	if s.Decode.Budget == nil {
		s.Decode.Budget = imagefile.NewBudget(4 * s.Decode.MaxPixels)
	}
	dot := image.NewGray(image.Rect(0, 0, 1, 1))
	return s, dataset.Convert(dot, s.scale(), new(dataset.Image)) // checks the size
}

// File is what images are read from.
type File struct {
	Name  string // for errors
	Path  string
	Stamp Stamp // of Path when its images were found
	// Unpacked says that Cache.Unpacked made Path: another process may make it again, with the same content.
	Unpacked bool
}

// Found is what a file holds.
type Found struct {
	Offsets []int64 // of the images
	Sizes   []uint32
	Labels  []int32  // of the images, as indices into Names
	Names   []string // as they stand in the file
	Without int      // samples that have no image
	Classes []string // that the file names itself; nil: it does not
}

// Add joins an image.
func (f *Found) Add(known map[string]int32, offset, size int64, label string) {
	n, ok := known[label]
	if !ok {
		n = int32(len(f.Names))
		known[label], f.Names = n, append(f.Names, label)
	}
	f.Offsets, f.Sizes, f.Labels = append(f.Offsets, offset), append(f.Sizes, uint32(size)), append(f.Labels, n)
}

// Set is a dataset.Dataset of the images in files. It holds some 24 bytes for each of them.
type Set struct {
	format   string // for errors
	settings Settings
	files    []File
	classes  []string
	named    bool
	samples  []sample
	without  int
}

type sample struct {
	offset      int64
	size        uint32
	file, label int32
}

// OpenAll opens what paths name as one set, each file by open, which returns it ready to be read from and what it holds.
func OpenAll(format string, s Settings, paths, endings []string, open func(path string) (File, Found, error)) (*Set, error) {
	set, err := openAll(format, s, paths, endings, open)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", format, err)
	}
	return set, nil
}

func openAll(format string, s Settings, paths, endings []string, open func(path string) (File, Found, error)) (*Set, error) {
	s, err := s.filled()
	if err != nil {
		return nil, err
	}
	names, err := Expand(paths, endings...)
	if err != nil {
		return nil, err
	}
	files, all := make([]File, len(names)), make([]Found, len(names))
	for i, path := range names {
		if files[i], all[i], err = open(path); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return newSet(format, s, files, all)
}

// newSet joins what was found in files, one Found for each.
func newSet(format string, s Settings, files []File, found []Found) (*Set, error) {
	set := &Set{format: format, settings: s, files: files}
	var labels []string
	for k, f := range found {
		for i, offset := range f.Offsets {
			set.samples = append(set.samples, sample{offset: offset, size: f.Sizes[i], file: int32(k)})
			labels = append(labels, f.Names[f.Labels[i]])
		}
		set.without += f.Without
	}
	if len(set.samples) == 0 {
		return nil, fmt.Errorf("no images in %s", list(files))
	}
	classes := s.Classes
	if classes == nil {
		classes = found[0].Classes
		for i, f := range found {
			if !slices.Equal(f.Classes, classes) {
				return nil, fmt.Errorf("%s names other classes than %s: set Classes", files[i].Name, files[0].Name)
			}
		}
	}
	numbers, classes, err := Number(labels, classes, s.Named)
	if bad := (BadLabel{}); errors.As(err, &bad) {
		name, offset := set.Place(bad.Index)
		return nil, fmt.Errorf("%s: image %d at offset %d has %s", name, bad.Index, offset, bad.Why)
	}
	for i, n := range numbers {
		set.samples[i].label = int32(n)
	}
	set.classes = classes
	set.named = slices.ContainsFunc(labels, func(text string) bool { _, err := strconv.Atoi(text); return err != nil })
	return set, nil
}

func list(files []File) string {
	if len(files) > 1 {
		return fmt.Sprintf("%s and %d more files", files[0].Name, len(files)-1)
	}
	return files[0].Name
}

// Len is the number of images.
func (s *Set) Len() int { return len(s.samples) }

// Label is the class of image i.
func (s *Set) Label(i int) int { return int(s.samples[i].label) }

// Named tells whether labels are names of classes that not all are numbers: those of another part then are, too.
func (s *Set) Named() bool { return s.named }

// Classes are the names of the classes.
func (s *Set) Classes() []string { return s.classes }

// Fit is that of the settings.
func (s *Set) Fit() dataset.Fit { return s.settings.Fit }

// Scaled returns the same images, brought to another size.
func (s *Set) Scaled(to dataset.Scale) (*Set, error) {
	scaled := *s
	scaled.settings.Height, scaled.settings.Width, scaled.settings.Fit = to.Height, to.Width, to.Fit
	var err error
	if scaled.settings, err = scaled.settings.filled(); err != nil {
		return nil, fmt.Errorf("%s: %w", s.format, err)
	}
	return &scaled, nil
}

// WithoutImage is how many samples of the files have no image and are not in the set.
func (s *Set) WithoutImage() int { return s.without }

// Place says where image i lies: the name of the file, and the offset in what the set reads.
func (s *Set) Place(i int) (name string, offset int64) {
	return s.files[s.samples[i].file].Name, s.samples[i].offset
}

// Source makes the set dataset.Sourced: an image is called by its file and its offset.
func (s *Set) Source(i int) (dataset.Source, error) {
	name, offset := s.Place(i)
	return dataset.Source{Name: fmt.Sprintf("%s@%d", filepath.Base(name), offset), Bytes: int64(s.samples[i].size)}, nil
}

// Encoded returns the file of image i as it lies in the archive. An error names the archive and the offset.
func (s *Set) Encoded(i int) (raw []byte, err error) {
	err = s.at(i, func(r io.Reader, size int64) error {
		raw = make([]byte, size)
		_, err := io.ReadFull(r, raw)
		return err
	})
	return raw, err
}

// Image decodes image i to RGB at the size of the settings. An error names the file and the offset.
func (s *Set) Image(i int, dst *dataset.Image) error {
	return s.at(i, func(r io.Reader, _ int64) error {
		picture, err := imagefile.Decode(context.Background(), r, s.settings.Decode)
		if err != nil {
			return err
		}
		return dataset.Convert(picture, s.settings.scale(), dst)
	})
}

// at reads image i.
func (s *Set) at(i int, read func(r io.Reader, size int64) error) error {
	if i < 0 || i >= len(s.samples) {
		return fmt.Errorf("%s: image %d asked of a set of %d: the index must be at least 0 and less than %d", s.format, i, len(s.samples), len(s.samples))
	}
	at := s.samples[i]
	from := s.files[at.file]
	f, err := from.open()
	if err == nil {
		defer f.Close()
		err = read(io.NewSectionReader(f, at.offset, int64(at.size)), int64(at.size))
	}
	if err != nil {
		return fmt.Errorf("%s: %s: image %d at offset %d: %w", s.format, from.Name, i, at.offset, err)
	}
	return nil
}

// open opens the file for one image: thousands of files are more than a process may have open.
func (from File) open() (*os.File, error) {
	f, err := os.Open(from.Path)
	if err != nil {
		return nil, err
	}
	now, err := StampOf(f)
	if from.Unpacked {
		now.Time = from.Stamp.Time
	}
	if err == nil && now != from.Stamp {
		err = fmt.Errorf("%s has changed since it was opened: open the set anew", from.Path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}
