package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// MissingError says that files of a list are not on disk.
type MissingError struct {
	Files, Of int    // how many of how many
	First     string // the first, in the order of the list
}

// Error tells of all of them.
func (e *MissingError) Error() string {
	return fmt.Sprintf("dataset: %d of %d files are not there, the first is %s: put them there, or name the folder where they lie", e.Files,
		e.Of, e.First)
}

// CheckFiles looks for every file, without opening any: it lists each folder once. Files that are not there are a
// *MissingError. A file that is in the list under two labels, without boxes, is an error too. After ctx ends, the error is its
// cause.
func (f *Files) CheckFiles(ctx context.Context) error {
	missing, first := 0, f.Len()
	for dir, images := range f.byFolder() {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		gone, err := f.missingIn(dir, images)
		if err != nil {
			return err
		}
		missing += len(gone)
		for _, i := range gone {
			first = min(first, int(i))
		}
	}
	if missing > 0 {
		return &MissingError{missing, f.Len(), f.Path(first)}
	}
	return nil
}

// byFolder returns the images in each folder, in the order of the list.
func (f *Files) byFolder() [][]int32 {
	sizes := make([]int, len(f.list.folders))
	for _, at := range f.list.folder {
		sizes[at]++
	}
	all, rest := make([][]int32, len(sizes)), make([]int32, f.Len())
	for at, n := range sizes {
		all[at], rest = rest[:0:n], rest[n:]
	}
	for i, at := range f.list.folder {
		all[at] = append(all[at], int32(i))
	}
	return all
}

// missingIn returns those images of a folder that are not there.
func (f *Files) missingIn(dir int, images []int32) (gone []int32, err error) {
	listed := make(map[string]int32, len(images)) // the first of each name
	for _, i := range images {
		name := f.list.name(int(i))
		before, twice := listed[name]
		if twice && f.list.boxes == nil && f.Label(int(before)) != f.Label(int(i)) {
			return nil, fmt.Errorf("dataset: %s is listed twice, as class %q and as class %q: leave it in one", f.Path(int(i)),
				f.classes[f.Label(int(before))], f.classes[f.Label(int(i))])
		}
		if !twice {
			listed[name] = i
		}
	}
	path := f.whole(f.list.folders[dir])
	folder, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return images, nil
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	defer folder.Close()
	names, err := folder.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	for _, name := range names {
		delete(listed, name)
	}
	for name, i := range listed { // some systems know a file by several spellings
		if _, err := os.Stat(f.Path(int(i))); err == nil {
			delete(listed, name)
		}
	}
	if len(listed) == 0 {
		return nil, nil
	}
	for _, i := range images {
		if _, not := listed[f.list.name(int(i))]; not {
			gone = append(gone, i)
		}
	}
	return gone, nil
}
