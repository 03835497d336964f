package dataset

import (
	"cmp"
	"fmt"

	"github.com/longtail-ml/longtail/imagefile"
)

// FolderSettings says where the images of class folders lie and how they are brought to one size.
type FolderSettings struct {
	Height int // of the images handed out; 0 means the same as Width
	Width  int // 0 means the same as Height, and 32 if both are 0, or none for Whole
	Fit    Fit // what to do about another aspect ratio; the zero value is CenterCrop
	Nested Nesting
	// Tolerant makes folders without an image classes too, and passes over images that lie where Nested does not look. Both are
	// errors else.
	Tolerant bool
	// Classes are the classes, in this order, whether or not they have images: a class folder that is none of them is an
	// error. nil: those that are found, in the order of their names.
	Classes []string
	// Index names the file that remembers what a folder holds, as IndexFile does: what was not changed since is not listed again. It
	// is written for folders of at least 10,000 names, if it can be. nil, or "": none.
	Index func(dir string) string
	// Decode bounds decoding. Its Budget, if nil, is four times its MaxPixels.
	Decode imagefile.Settings
}

func (s FolderSettings) withDefaults() FolderSettings {
	if s.Fit != Whole {
		s.Width = cmp.Or(s.Width, s.Height, 32)
	}
	s.Height = cmp.Or(s.Height, s.Width)
	if s.Decode.MaxPixels == 0 {
		s.Decode.MaxPixels = imagefile.DefaultMaxPixels
	}
	if s.Decode.Budget == nil {
		s.Decode.Budget = imagefile.NewBudget(4 * s.Decode.MaxPixels)
	}
	return s
}

// checked puts in what zero values stand for.
func (s FolderSettings) checked() (FolderSettings, error) {
	if s.Decode.MaxPixels < 0 {
		return s, fmt.Errorf("dataset: MaxPixels is %d: it must be positive, or 0 for %d", s.Decode.MaxPixels, maxPixels)
	}
	s = s.withDefaults()
	if err := s.scale().check(); err != nil {
		return s, fmt.Errorf("dataset: %w", err)
	}
	return s, nil
}

func (s FolderSettings) scale() Scale { return Scale{s.Height, s.Width, s.Fit} }

// Folder is what OpenFolder returns.
type Folder = Files

// OpenFolder lists the class folders of dir: every folder in it is a class, and every file in that with a name of
// imagefile's formats an image. Links are followed. Classes and files come in the order of their names. What is passed over
// is counted in PassedOver: names that begin with a dot, folders that systems leave behind (__MACOSX, @eaDir, lost+found),
// files of other kinds. It is an error if there is no class folder, if one has no image, or if there are images where
// Nested does not look.
func OpenFolder(dir string, s FolderSettings) (*Files, error) {
	s, err := s.checked()
	if err != nil {
		return nil, err
	}
	return walk(dir, s)
}
