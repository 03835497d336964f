package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/longtail-ml/longtail/imagefile"
)

// Nesting says how deep images lie in class folders.
type Nesting int

const (
	// Flat: a class is a folder, and its images lie in it. Images in deeper folders are an error.
	Flat Nesting = iota
	// Deep: a class is a folder, and its images lie in it or in folders of it, however deep.
	Deep
	// Leaves: every folder that holds images, however deep, is a class; its name is its path, as "Plantae/7477".
	Leaves
)

// ErrNested is wrapped by errors about images that lie deeper than in class folders.
var ErrNested = errors.New("images lie deeper than in class folders")

// leftBehind are folders that systems make beside the user's.
var leftBehind = []string{"__MACOSX", "@eaDir", "lost+found", "$RECYCLE.BIN", "System Volume Information"}

// scanner walks a folder of classes.
type scanner struct {
	dir    string
	deep   bool                // find images in folders of class folders
	leaves bool                // folders that hold images are the classes
	found  map[string][]string // class → files below dir, in order
	passed passing
	within []os.FileInfo // the folders on the way down, to tell a loop of links
	nested string        // where the first image lies that Flat does not see
	loose  string        // the first image that lies in no class folder
	index  *index
}

func walk(dir string, s FolderSettings) (*Files, error) {
	switch s.Nested {
	case Flat, Deep, Leaves:
	default:
		return nil, fmt.Errorf("dataset: nesting %d is neither Flat nor Deep nor Leaves", int(s.Nested))
	}
	index := ""
	if s.Index != nil {
		index = s.Index(dir)
	}
	sc, err := list(dir, s.Nested, index)
	if err != nil {
		return nil, err
	}
	if sc.nested != "" && !s.Tolerant {
		return nil, fmt.Errorf("dataset: %w: in %s, %s: if the class is %q, use Deep; if it is the folder that the image lies in, Leaves", ErrNested, dir, sc.nested, strings.Split(filepath.ToSlash(sc.nested), "/")[0])
	}
	return sc.folder(s)
}

// list goes through all of dir, of which the file index may know something; "" is no file.
func list(dir string, n Nesting, index string) (*scanner, error) {
	sc := &scanner{dir: dir, deep: n != Flat, leaves: n == Leaves, found: map[string][]string{}, passed: passing{}, index: openIndex(index, dir)}
	err := sc.walk("", func(file string) string {
		if n == Leaves {
			return filepath.ToSlash(filepath.Dir(file))
		}
		class, _, _ := strings.Cut(filepath.ToSlash(file), "/")
		return class
	})
	if err != nil {
		return nil, fmt.Errorf("dataset: class folders: %w", err)
	}
	sc.index.save()
	sc.index = nil
	return sc, nil
}

// walk goes through the folder at path, below dir. classOf names the class of a file by its path.
func (sc *scanner) walk(path string, classOf func(string) string) error {
	whole := filepath.Join(sc.dir, path)
	info, err := os.Stat(whole)
	if err != nil {
		return err
	}
	for _, above := range sc.within {
		if os.SameFile(above, info) {
			sc.passed.add("links to a folder they lie in", path)
			return nil
		}
	}
	sc.within = append(sc.within, info)
	defer func() { sc.within = sc.within[:len(sc.within)-1] }()
	entries, err := sc.index.list(whole, path, info)
	if err != nil {
		return err
	}
	depth := 0 // of the entries: 0 for those of dir itself
	if path != "" {
		depth = 1 + strings.Count(filepath.ToSlash(path), "/")
	}
	for _, e := range entries {
		at := e.Name()
		if path != "" {
			at = path + string(filepath.Separator) + at
		}
		switch folder, plain := kind(whole, e); {
		case strings.HasPrefix(e.Name(), "."):
			sc.passed.add("hidden files and folders", at)
		case folder && slices.Contains(leftBehind, e.Name()):
			sc.passed.add("folders of the system", at)
		case folder:
			if depth == 0 && !sc.leaves {
				sc.found[e.Name()] = nil // a class, though it be empty
			}
			if err := sc.walk(at, classOf); err != nil {
				return err
			}
		case !plain:
			sc.passed.add("devices, pipes and sockets", at)
		case !imagefile.IsName(e.Name()):
			sc.passed.file(at)
		case depth == 0:
			sc.passed.add("images in no class folder", at)
			sc.loose = at
		case depth > 1 && !sc.deep:
			sc.passed.add("images deeper than in class folders", at)
			if sc.nested == "" {
				sc.nested = at
			}
		default:
			class := classOf(at)
			sc.found[class] = append(sc.found[class], at)
		}
	}
	return nil
}

// kind tells folders and plain files in a folder, or links to them. A broken link is a plain file, which is an error when it is
// read.
func kind(folderPath string, e fs.DirEntry) (folder, plain bool) {
	if e.Type()&os.ModeSymlink == 0 {
		return e.IsDir(), e.Type().IsRegular()
	}
	info, err := os.Stat(filepath.Join(folderPath, e.Name()))
	if err != nil {
		return false, true
	}
	return info.IsDir(), info.Mode().IsRegular()
}

// folder makes a data set of what was found.
func (sc *scanner) folder(s FolderSettings) (*Files, error) {
	classes := slices.Clone(s.Classes)
	for class := range sc.found {
		if s.Classes == nil {
			classes = append(classes, class)
		} else if !slices.Contains(s.Classes, class) {
			return nil, fmt.Errorf("dataset: %s holds a class %q that is not among the %d asked for", sc.dir, class, len(s.Classes))
		}
	}
	if s.Classes == nil {
		slices.Sort(classes)
	}
	if len(sc.found) == 0 && !s.Tolerant {
		also := ""
		if sc.loose != "" {
			also = fmt.Sprintf(" (%s lies in none)", sc.loose)
		}
		return nil, fmt.Errorf("dataset: %s holds no class folder: put the images of each class in a folder of its name%s", sc.dir, also)
	}
	var list FileList
	for label, class := range classes {
		files := sc.found[class]
		if len(files) == 0 && s.Classes == nil && !s.Tolerant {
			return nil, fmt.Errorf("dataset: class folder %s holds no image (%s): add some or remove it%s",
				filepath.Join(sc.dir, class), strings.Join(imagefile.Extensions(), ", "), sc.instead(class))
		}
		for _, file := range files {
			list.add(filepath.ToSlash(file), label)
		}
	}
	return &Files{root: sc.dir, settings: s, classes: classes, list: list.compact(), passed: sc.passed.list()}, nil
}

// instead says what an empty class folder holds.
func (sc *scanner) instead(class string) string {
	for _, p := range sc.passed.list() {
		if strings.HasPrefix(p.Example, class+"/") {
			return fmt.Sprintf("; it holds %s", p)
		}
	}
	return ""
}
