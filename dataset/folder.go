package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// FolderSettings says how a Folder brings its images to one size.
type FolderSettings struct {
	Width  int // of the images handed out; 0 means 32
	Height int // 0 means the same as Width
	Fit    Fit // what to do about another aspect ratio; the zero value is CenterCrop
}

func (s FolderSettings) withDefaults() FolderSettings {
	if s.Width == 0 {
		s.Width = 32
	}
	if s.Height == 0 {
		s.Height = s.Width
	}
	return s
}

// Folder is a Dataset of JPEG and PNG files, one folder a class. Only the names are in memory: Image decodes its file
// each time, so use Load where the pixels fit.
type Folder struct {
	dir      string
	settings FolderSettings
	classes  []string
	labels   []int
	files    []string // base names
}

// OpenFolder lists the class folders of dir: every folder in it is a class, and every .jpg, .jpeg and .png file in that
// (in any case) an image. Classes and files come in the order of their names; names that begin with a dot are passed
// over, deeper folders and other files too. It is an error if there is no class folder or one without images.
func OpenFolder(dir string, s FolderSettings) (*Folder, error) {
	s = s.withDefaults()
	if err := checkGeometry(s.Width, s.Height, s.Fit); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	f := &Folder{dir: dir, settings: s}
	var err error
	if f.classes, err = classFolders(dir); err != nil {
		return nil, err
	}
	if len(f.classes) == 0 {
		return nil, fmt.Errorf("dataset: %s holds no class folder: put the images of each class in a folder of its name", dir)
	}
	for label, class := range f.classes {
		entries, err := os.ReadDir(filepath.Join(dir, class))
		if err != nil {
			return nil, fmt.Errorf("dataset: class %q: %w", class, err)
		}
		before := len(f.files)
		for _, e := range entries {
			if isImageName(e.Name()) && isFile(filepath.Join(dir, class), e) {
				f.files = append(f.files, e.Name())
				f.labels = append(f.labels, label)
			}
		}
		if len(f.files) == before {
			return nil, fmt.Errorf("dataset: class folder %s holds no .jpg, .jpeg or .png file: add images or remove it",
				filepath.Join(dir, class))
		}
	}
	return f, nil
}

// isFile tells files and links to files from folders, pipes and the like.
func isFile(dir string, e os.DirEntry) bool {
	if e.Type()&os.ModeSymlink == 0 {
		return e.Type().IsRegular()
	}
	info, err := os.Stat(filepath.Join(dir, e.Name()))
	return err != nil || info.Mode().IsRegular() // a broken link is an error when its image is read
}

// classFolders returns the names of the folders in dir, sorted, links to folders included.
func classFolders(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("dataset: class folders: %w", err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if isDir(filepath.Join(dir, e.Name())) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func isImageName(name string) bool {
	return !strings.HasPrefix(name, ".") &&
		slices.Contains([]string{".jpg", ".jpeg", ".png"}, strings.ToLower(filepath.Ext(name)))
}

// Len is the number of images.
func (f *Folder) Len() int { return len(f.files) }

// Label is the class of image i.
func (f *Folder) Label(i int) int { return f.labels[i] }

// Classes are the names of the class folders.
func (f *Folder) Classes() []string { return f.classes }

// Fit is that of the settings.
func (f *Folder) Fit() Fit { return f.settings.Fit }

// Path is the file of image i.
func (f *Folder) Path(i int) string {
	return filepath.Join(f.dir, f.classes[f.labels[i]], f.files[i])
}

// Image decodes the file of image i to RGB at the size of the settings. An error names the file.
func (f *Folder) Image(i int, dst *Image) error {
	if err := checkIndex(i, len(f.files)); err != nil {
		return err
	}
	path := f.Path(i)
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	if err := decode(raw, f.settings.Width, f.settings.Height, f.settings.Fit, dst); err != nil {
		return fmt.Errorf("dataset: %s: %w", path, err)
	}
	return nil
}
