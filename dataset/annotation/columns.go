package annotation

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/longtail-ml/longtail/imagefile"
)

// What columns of paths and of labels are called.
var (
	pathNames  = []string{"path", "file", "filename", "file_name", "filepath", "file_path", "image", "images", "img", "image_path", "img_path", "image_file", "image_name", "img_name", "image_id", "img_id"}
	labelNames = []string{"label", "labels", "class", "category", "target", "species", "breed", "dx", "diagnosis", "y", "class_name", "label_name", "category_name", "category_id", "class_id", "label_id"}
)

// ColumnsError says that the columns of a table cannot be told.
type ColumnsError struct {
	Path    string
	Columns []string // their names, or the fields of the first line
	Why     string
}

// Error lists the columns.
func (e *ColumnsError) Error() string {
	shown := e.Columns
	more := ""
	if len(shown) > 20 {
		shown, more = shown[:20], fmt.Sprintf(" and %d more", len(e.Columns)-20)
	}
	return fmt.Sprintf("%s: %s: name the column of the paths and that of the labels (or those of the classes, with a 1 for an image's own); the table has %s%s",
		e.Path, e.Why, strings.Join(shown, ", "), more)
}

// columns says where in a table paths and labels are.
type columns struct {
	names  []string // nil without header
	header bool
	path   int
	labels []int // several: one-hot
}

func (c columns) oneHot() bool { return len(c.labels) > 1 }

func (c columns) name(i int) string {
	if c.header {
		return c.names[i]
	}
	return strconv.Itoa(i + 1)
}

// String is a sentence.
func (c columns) String() string {
	if c.oneHot() {
		return fmt.Sprintf("paths in column %s, a class in each of %d columns", c.name(c.path), len(c.labels))
	}
	return fmt.Sprintf("paths in column %s, labels in column %s", c.name(c.path), c.name(c.labels[0]))
}

// findColumns finds them by what was asked for, or by names and values. rows are the first two.
func findColumns(rows [][]string, asked []string) (c columns, err error) {
	first := rows[0]
	for _, name := range first {
		c.names = append(c.names, strings.TrimSpace(name))
	}
	fail := func(format string, args ...any) (columns, error) {
		return columns{}, &ColumnsError{Columns: c.names, Why: fmt.Sprintf(format, args...)}
	}
	last := rows[len(rows)-1]
	if len(asked) == 0 {
		found := false
		if c.path, found = findPath(c.names, first, last); !found {
			return fail("it is not clear which column has the paths")
		}
		c.header = isHeader(c.names, c.path, rows)
		if c.labels = findLabels(c, last); c.labels == nil {
			return fail("paths are in column %s, but it is not clear which has the labels", c.name(c.path))
		}
		return c, nil
	}
	all := false
	if all = asked[len(asked)-1] == "*"; all {
		asked = asked[:len(asked)-1]
	}
	var at []int
	for _, name := range asked {
		i, err := strconv.Atoi(name)
		if i--; err != nil {
			i = slices.IndexFunc(c.names, func(n string) bool { return strings.EqualFold(n, strings.TrimSpace(name)) })
			c.header = true
		}
		if i < 0 || i >= len(first) {
			return fail("there is no column %s", name)
		}
		if slices.Contains(at, i) {
			return fail("column %s is named twice", name)
		}
		at = append(at, i)
	}
	if all {
		for i := range first {
			if !slices.Contains(at, i) {
				at = append(at, i)
			}
		}
	}
	if len(at) < 2 {
		return fail("one column is not enough")
	}
	c.path, c.labels = at[0], at[1:]
	c.header = c.header || isHeader(c.names, c.path, rows)
	return c, nil
}

// isHeader tells whether the first row has names: its path is none, or is what columns of paths are called.
func isHeader(names []string, path int, rows [][]string) bool {
	if imagefile.IsName(names[path]) {
		return false
	}
	if slices.Contains(pathNames, strings.ToLower(names[path])) {
		return true
	}
	return len(rows) > 1 && imagefile.IsName(strings.TrimSpace(rows[1][path]))
}

// findPath finds the only column that is called as those of paths, or whose second value is an image file.
func findPath(names, first, second []string) (int, bool) {
	var called, files []int
	for i, name := range names {
		if slices.Contains(pathNames, strings.ToLower(name)) {
			called = append(called, i)
		}
		if imagefile.IsName(strings.TrimSpace(second[i])) {
			files = append(files, i)
		}
	}
	both := slices.DeleteFunc(slices.Clone(called), func(i int) bool { return !slices.Contains(files, i) })
	for _, one := range [][]int{both, files, called} {
		if len(one) == 1 {
			return one[0], true
		}
	}
	return 0, false
}

// findLabels finds the column of labels besides that of the paths: the only one, or the only one of a usual name; or those
// of classes, if all others have a 1 and zeros. nil: it cannot be told.
func findLabels(c columns, second []string) []int {
	var others, called []int
	ones, zeros := 0, 0
	for i, name := range c.names {
		if i == c.path {
			continue
		}
		others = append(others, i)
		if c.header && slices.Contains(labelNames, strings.ToLower(name)) {
			called = append(called, i)
		}
		if on, ok := binary(second[i]); ok && on {
			ones++
		} else if ok {
			zeros++
		}
	}
	switch {
	case len(called) == 1:
		return called
	case len(others) == 1:
		return others
	case len(others) > 1 && ones == 1 && ones+zeros == len(others):
		return others
	}
	return nil
}

// binary reads 0 or 1.
func binary(text string) (on, ok bool) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "", "0", "0.0", "false":
		return false, true
	case "1", "1.0", "true":
		return true, true
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	return v == 1, err == nil && (v == 0 || v == 1)
}
