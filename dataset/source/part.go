package source

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/annotation"
	"github.com/longtail-ml/longtail/imagefile"
)

// part is a part of a data set that an annotation file lists.
type part struct {
	file, root string
	files      *dataset.Files
	classes    annotation.Classes
	found      []string
	passed     []dataset.PassedOver
}

// openList reads an annotation file and finds its images.
func openList(ctx context.Context, file string, s Settings) (p *part, list *dataset.FileList, err error) {
	set, err := annotation.Read(file, s.Annotation)
	if err != nil {
		return nil, nil, err
	}
	p = &part{file: file, classes: set.Classes, found: set.Found, passed: set.PassedOver}
	roots := []string{s.Images}
	if s.Images == "" {
		roots = near(file)
	}
	root, extension := locate(roots, set.Files, s.Annotation.Append == "")
	if extension != "" {
		s.Annotation.Append = extension
		if set, err = annotation.Read(file, s.Annotation); err != nil {
			return nil, nil, err
		}
		p.found = append(p.found, extension+" appended to the paths")
	}
	p.root = cmp.Or(root, roots[0])
	s.Nested = dataset.Flat
	if p.files, err = dataset.NewFiles(p.root, set.Classes.Names, set.Files, s.FolderSettings); err != nil {
		return nil, nil, fmt.Errorf("source: %s: %w", file, err)
	}
	err = p.files.CheckFiles(ctx)
	var missing *dataset.MissingError
	if errors.As(err, &missing) && root == "" && len(roots) > 1 {
		return nil, nil, fmt.Errorf("source: %s: %w (looked for its images in %s too)", file, err, few(roots[1:]))
	}
	if err != nil {
		return nil, nil, fmt.Errorf("source: %s: %w", file, err)
	}
	return p, set.Files, nil
}

// near lists the folders where the paths of an annotation file may begin: that of the file, folders in it, that above it, and
// folders in that.
func near(file string) (all []string) {
	dir := filepath.Dir(file)
	above := filepath.Dir(dir)
	if whole, err := filepath.Abs(dir); err == nil {
		above = filepath.Dir(whole)
	}
	for _, at := range []string{dir, above} {
		all = append(all, at)
		entries, _ := os.ReadDir(at) // what cannot be listed is not looked at
		for _, e := range entries {
			if within := filepath.Join(at, e.Name()); len(all) < 500 && !strings.HasPrefix(e.Name(), ".") && isDir(within) {
				all = append(all, within)
			}
		}
	}
	return all
}

// probes is how many files of a list are looked for in each folder.
const probes = 8

// locate finds the folder in which most of some files are, and the extension that their names lack. "": there are none.
func locate(roots []string, l *dataset.FileList, lack bool) (root, extension string) {
	n := min(probes, l.Len())
	tries := []string{""}
	for i := range n {
		if lack = lack && !imagefile.IsName(l.Path(i*l.Len()/n)); !lack {
			break
		}
	}
	if lack {
		for _, e := range imagefile.Extensions() {
			tries = append(tries, e, strings.ToUpper(e))
		}
	}
	most := 0
	for _, r := range roots {
		for _, e := range tries {
			there := 0
			for i := range n {
				file := l.Path(i*l.Len()/n) + e
				if !path.IsAbs(file) {
					file = filepath.Join(r, filepath.FromSlash(file))
				}
				if isFile(file) {
					there++
				}
			}
			if there > most {
				most, root, extension = there, r, e
			}
		}
		if most == n {
			break
		}
	}
	return root, extension
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
