package dataset

import (
	"fmt"
	"image"
	"math"
	"path"
	"slices"
	"strings"
)

// FileList collects image files and their labels for NewFiles, in little memory: folders that files share are kept once, and
// names lie one after the other. The zero value is an empty list.
type FileList struct {
	folders []string
	index   map[string]int32 // of folders
	folder  []int32          // of each file
	names   []byte
	ends    []uint32 // of each file's name
	labels  []int32
	boxes   []box // nil: of no file
}

// box is a rectangle of pixels. The zero value stands for the whole picture.
type box struct{ left, top, right, bottom int32 }

// Add appends a file. Its path is absolute or below the root of the Files, with slashes.
func (l *FileList) Add(file string, label int) { l.add(clean(file), label) }

func (l *FileList) add(file string, label int) {
	dir, name := path.Split(file)
	last := len(l.folders) - 1
	at := int32(last)
	if last < 0 || l.folders[last] != dir {
		var known bool
		if at, known = l.index[dir]; !known {
			if l.index == nil {
				l.index = map[string]int32{}
			}
			at = int32(len(l.folders))
			dir = strings.Clone(dir)
			l.folders, l.index[dir] = append(l.folders, dir), at
		}
	}
	l.folder = append(l.folder, at)
	l.names = append(l.names, name...)
	l.ends = append(l.ends, uint32(len(l.names)))
	l.labels = append(l.labels, int32(max(min(label, math.MaxInt32), -1)))
	if l.boxes != nil {
		l.boxes = append(l.boxes, box{})
	}
}

// AddBox appends what a file shows within a rectangle of its upright picture, whose top left corner is (0, 0).
func (l *FileList) AddBox(file string, label int, r image.Rectangle) {
	if l.boxes == nil {
		l.boxes = make([]box, len(l.labels))
	}
	l.Add(file, label)
	side := func(v int) int32 { return int32(max(min(v, math.MaxInt32), math.MinInt32)) }
	b := box{side(r.Min.X), side(r.Min.Y), side(r.Max.X), side(r.Max.Y)}
	if b == (box{}) {
		b.right = -1 // empty, unlike the zero value
	}
	l.boxes[len(l.boxes)-1] = b
}

// Relabel puts labels[i] in place of label i, for readers that know the order of the classes in the end.
func (l *FileList) Relabel(labels []int) {
	for i, label := range l.labels {
		l.labels[i] = int32(labels[label])
	}
}

// Len is the number of files.
func (l *FileList) Len() int { return len(l.labels) }

// Path is the path of file i, as Add was given it, cleaned.
func (l *FileList) Path(i int) string { return l.folders[l.folder[i]] + l.name(i) }

func (l *FileList) name(i int) string {
	from := uint32(0)
	if i > 0 {
		from = l.ends[i-1]
	}
	return string(l.names[from:l.ends[i]])
}

// compact returns a copy that takes no more memory than it needs and grows no more.
func (l *FileList) compact() FileList {
	return FileList{folders: slices.Clone(l.folders), folder: slices.Clone(l.folder), names: slices.Clone(l.names), ends: slices.Clone(l.ends),
		labels: slices.Clone(l.labels), boxes: slices.Clone(l.boxes)}
}

func (l *FileList) check(classes []string) error {
	if uint64(len(l.names)) > math.MaxUint32 {
		return fmt.Errorf("dataset: the names of %d files take %d bytes: split the list", l.Len(), len(l.names))
	}
	for i, label := range l.labels {
		if label < 0 || int(label) >= len(classes) {
			return fmt.Errorf("dataset: %s has label %d: with %d classes it must be at least 0 and less than %d", l.Path(i), label,
				len(classes), len(classes))
		}
		if b := (box{}); l.boxes != nil && l.boxes[i] != b {
			if b = l.boxes[i]; b.left >= b.right || b.top >= b.bottom {
				return fmt.Errorf("dataset: the box of %s is empty: from (%d, %d) to (%d, %d)", l.Path(i), b.left, b.top, b.right, b.bottom)
			}
		}
	}
	return nil
}

// clean brings a path to slashes, also one written on Windows, without what means nothing.
func clean(file string) string {
	if !strings.Contains(file, "/") {
		file = strings.ReplaceAll(file, `\`, "/")
	}
	return path.Clean(file)
}
