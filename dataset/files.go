package dataset

import (
	"context"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"

	"github.com/longtail-ml/longtail/imagefile"
)

// Files is a Dataset of image files. Only their names are in memory, some 20 bytes and a name for each: Image decodes its
// file each time, so use Load where the pixels fit.
type Files struct {
	root     string
	settings FolderSettings
	classes  []string
	list     FileList
	passed   []PassedOver
}

// NewFiles returns the images of a list, which lie below root. Of the settings, Nested and Classes have no meaning here.
// It reads no file; Missing says which are not there. A label without a class and a box without a pixel are errors.
func NewFiles(root string, classes []string, l *FileList, s FolderSettings) (*Files, error) {
	s, err := s.checked()
	if err != nil {
		return nil, err
	}
	if err := l.check(classes); err != nil {
		return nil, err
	}
	return &Files{root: root, settings: s, classes: slices.Clone(classes), list: l.compact()}, nil
}

// Scaled returns the same images, brought to another size.
func (f *Files) Scaled(to Scale) (*Files, error) {
	if err := to.check(); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	scaled := *f
	scaled.settings.Height, scaled.settings.Width, scaled.settings.Fit = to.Height, to.Width, to.Fit
	return &scaled, nil
}

// Len is the number of images.
func (f *Files) Len() int { return f.list.Len() }

// Label is the class of image i.
func (f *Files) Label(i int) int { return int(f.list.labels[i]) }

// Classes are the names of the classes.
func (f *Files) Classes() []string { return f.classes }

// Fit is that of the settings.
func (f *Files) Fit() Fit { return f.settings.Fit }

// PassedOver says what lies in the folder and is not in the set.
func (f *Files) PassedOver() []PassedOver { return f.passed }

// Path is the file of image i.
func (f *Files) Path(i int) string { return f.whole(f.list.Path(i)) }

func (f *Files) whole(path string) string {
	path = filepath.FromSlash(path)
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(f.root, path)
}

// Source is the file of image i, and behind its name the box, if it has one.
func (f *Files) Source(i int) (Source, error) {
	info, err := os.Stat(f.Path(i))
	if err != nil {
		return Source{}, fmt.Errorf("dataset: %w", err)
	}
	name := f.list.Path(i)
	if f.list.boxes != nil && f.list.boxes[i] != (box{}) {
		name += fmt.Sprint(f.list.boxes[i])
	}
	return Source{name, info.Size()}, nil
}

// Image decodes the file of image i, or what it shows within its box, to RGB at the size of the settings. An error names the
// file.
func (f *Files) Image(i int, dst *Image) error { return f.image(context.Background(), i, dst) }

func (f *Files) image(ctx context.Context, i int, dst *Image) error {
	if err := checkIndex(i, f.Len()); err != nil {
		return err
	}
	src, err := imagefile.DecodeFile(ctx, f.Path(i), f.settings.Decode)
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	from := src.Bounds()
	if f.list.boxes != nil && f.list.boxes[i] != (box{}) {
		b := f.list.boxes[i]
		in := image.Rect(int(b.left), int(b.top), int(b.right), int(b.bottom)).Add(from.Min).Intersect(from)
		if in.Empty() {
			return fmt.Errorf("dataset: %s: its box from (%d, %d) to (%d, %d) is outside the picture of %d×%d pixels", f.Path(i), b.left,
				b.top, b.right, b.bottom, from.Dx(), from.Dy())
		}
		from = in
	}
	f.settings.scale().convert(src, from, dst)
	return nil
}
