package dataset

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"

	"github.com/longtail-ml/longtail/imagefile"
)

// FolderSettings says where the images of a Folder lie and how they are brought to one size.
type FolderSettings struct {
	Height int // of the images handed out; 0 means the same as Width
	Width  int // 0 means the same as Height, and 32 if both are 0
	Fit    Fit // what to do about another aspect ratio; the zero value is CenterCrop
	Nested Nesting
	// Classes are the classes, in this order, whether or not they have images: a class folder that is none of them is an
	// error. nil: those that are found, in the order of their names.
	Classes []string
	// Decode bounds decoding. Its Budget, if nil, is four times its MaxPixels.
	Decode imagefile.Settings
}

func (s FolderSettings) withDefaults() FolderSettings {
	s.Width = cmp.Or(s.Width, s.Height, 32)
	s.Height = cmp.Or(s.Height, s.Width)
	if s.Decode.MaxPixels == 0 {
		s.Decode.MaxPixels = imagefile.DefaultMaxPixels
	}
	if s.Decode.Budget == nil {
		s.Decode.Budget = imagefile.NewBudget(4 * s.Decode.MaxPixels)
	}
	return s
}

func (s FolderSettings) scale() Scale { return Scale{s.Height, s.Width, s.Fit} }

// Folder is a Dataset of image files, one folder a class. Only the names are in memory: Image decodes its file each time,
// so use Load where the pixels fit.
type Folder struct {
	dir      string
	settings FolderSettings
	classes  []string
	labels   []int
	files    []string // below dir
	passed   []PassedOver
}

// OpenFolder lists the class folders of dir: every folder in it is a class, and every file in that with a name of
// imagefile's formats an image. Links are followed. Classes and files come in the order of their names. What is passed over
// is counted in PassedOver: names that begin with a dot, folders that systems leave behind (__MACOSX, @eaDir, lost+found),
// files of other kinds. It is an error if there is no class folder, if one has no image, or if there are images where
// Nested does not look.
func OpenFolder(dir string, s FolderSettings) (*Folder, error) {
	if s.Decode.MaxPixels < 0 {
		return nil, fmt.Errorf("dataset: MaxPixels is %d: it must be positive, or 0 for %d", s.Decode.MaxPixels, maxPixels)
	}
	s = s.withDefaults()
	if err := s.scale().check(); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return walk(dir, s)
}

// Len is the number of images.
func (f *Folder) Len() int { return len(f.files) }

// Label is the class of image i.
func (f *Folder) Label(i int) int { return f.labels[i] }

// Classes are the names of the classes.
func (f *Folder) Classes() []string { return f.classes }

// Fit is that of the settings.
func (f *Folder) Fit() Fit { return f.settings.Fit }

// PassedOver says what lies in the folder and is not in the set.
func (f *Folder) PassedOver() []PassedOver { return f.passed }

// Path is the file of image i.
func (f *Folder) Path(i int) string { return filepath.Join(f.dir, f.files[i]) }

// Image decodes the file of image i to RGB at the size of the settings. An error names the file.
func (f *Folder) Image(i int, dst *Image) error { return f.image(context.Background(), i, dst) }

func (f *Folder) image(ctx context.Context, i int, dst *Image) error {
	if err := checkIndex(i, len(f.files)); err != nil {
		return err
	}
	src, err := imagefile.DecodeFile(ctx, f.Path(i), f.settings.Decode)
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	f.settings.scale().convert(src, dst)
	return nil
}
