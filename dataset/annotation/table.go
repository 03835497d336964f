package annotation

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// ReadTable reads a table of comma-separated values, or of values with tabs, semicolons or bars between them, with a header or
// without: a column of paths and one of labels, which may be words or numbers, or one column for each class, with a 1 for its
// images and 0 for others. Columns that cannot be told are a *ColumnsError. Errors name the line.
func ReadTable(path string, s Settings) (*Set, error) {
	return s.readLines(path, func(r *bufio.Reader, set *Set) error {
		t := &table{path: path, settings: s, set: set, of: newLabels(s)}
		err := t.read(reader(r))
		var syntax *csv.ParseError
		switch {
		case errors.As(err, &syntax):
			return fmt.Errorf("%s: %w", place(path, syntax.Line), syntax.Err)
		case err != nil:
			return err
		case t.columns.oneHot():
			set.Classes = t.classes
		default:
			t.of.finish(set, s.Names)
		}
		return nil
	})
}

func reader(r *bufio.Reader) *csv.Reader {
	head, _ := r.Peek(1 << 15)
	in := csv.NewReader(r)
	in.Comma = separator(string(head))
	in.ReuseRecord = true
	return in
}

// firstRows returns two rows, or as many as there are, and their lines.
func firstRows(in *csv.Reader) (rows [][]string, at []int, err error) {
	for len(rows) < 2 {
		row, err := in.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		line, _ := in.FieldPos(0)
		rows, at = append(rows, slices.Clone(row)), append(at, line)
	}
	return rows, at, nil
}

// separator is what stands most often in the first line.
func separator(head string) rune {
	line, _, _ := strings.Cut(head, "\n")
	best, most := ',', 0
	for _, r := range ",\t;|" {
		if n := strings.Count(line, string(r)); n > most {
			best, most = r, n
		}
	}
	return best
}

type table struct {
	path     string
	settings Settings
	set      *Set
	of       *labels
	columns  columns
	classes  Classes // of one-hot columns
	labelOf  []int   // of each of them
}

func (t *table) read(in *csv.Reader) error {
	rows, at, err := firstRows(in) // by which columns are found
	if err != nil {
		return err
	}
	if rows == nil {
		return fmt.Errorf("%s is empty", t.path)
	}
	if t.columns, err = findColumns(rows, t.settings.Columns); err != nil {
		err.(*ColumnsError).Path = t.path
		return err
	}
	t.set.Found = append(t.set.Found, t.columns.String())
	if t.columns.oneHot() {
		if err := t.nameColumns(); err != nil {
			return err
		}
	}
	for i, row := range rows {
		if i > 0 || !t.columns.header {
			if err := t.row(row, at[i]); err != nil {
				return err
			}
		}
	}
	for {
		row, err := in.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		line, _ := in.FieldPos(0)
		if err := t.row(row, line); err != nil {
			return err
		}
	}
}

// nameColumns makes the classes of one-hot columns.
func (t *table) nameColumns() error {
	for _, c := range t.columns.labels {
		t.classes.IDs = append(t.classes.IDs, t.columns.name(c))
	}
	t.classes.Names = named(t.classes.IDs, t.settings.Names)
	given := t.settings.Classes
	for i, id := range t.classes.IDs {
		label := i
		if given != nil {
			var known bool
			if label, known = t.of.of(id); !known {
				if !t.settings.LeaveOut {
					return fmt.Errorf("%s: %w: column %s is none of the %d classes of the training set", t.path, ErrUnclear, id, len(given.IDs))
				}
				label = -1
			}
		}
		t.labelOf = append(t.labelOf, label)
	}
	if given != nil {
		t.classes = *given
	}
	return nil
}

func (t *table) row(row []string, line int) error {
	file := strings.TrimSpace(row[t.columns.path])
	if file == "" {
		return fmt.Errorf("%s: there is no path in column %s", place(t.path, line), t.columns.name(t.columns.path))
	}
	label, what, err := t.label(row)
	switch {
	case err == nil:
		t.set.Files.Add(t.settings.file(file), label)
	case t.settings.LeaveOut && what != "":
		t.set.leave(what, file)
	case what != "":
		return fmt.Errorf("%s: %w: %w", place(t.path, line), ErrUnclear, err)
	default:
		return fmt.Errorf("%s: %w", place(t.path, line), err)
	}
	return nil
}

// label is the label of a row. Where it is unclear, what names the kind.
func (t *table) label(row []string) (label int, what string, err error) {
	if t.columns.oneHot() {
		return t.hot(row)
	}
	id := strings.TrimSpace(row[t.columns.labels[0]])
	if id == "" {
		return 0, "images without label", fmt.Errorf("there is no label in column %s", t.columns.name(t.columns.labels[0]))
	}
	label, known := t.of.of(id)
	if !known {
		return 0, "images of other classes", fmt.Errorf("label %q is none of the %d classes of the training set", id, len(t.settings.Classes.IDs))
	}
	return label, "", nil
}

func (t *table) hot(row []string) (label int, what string, err error) {
	at := -1
	for i, c := range t.columns.labels {
		on, ok := binary(row[c])
		switch {
		case !ok:
			return 0, "", fmt.Errorf("column %s has %q: the columns of classes have 0 or 1", t.columns.name(c), shortened(row[c]))
		case on && at >= 0:
			return 0, "images of several classes", fmt.Errorf("columns %s and %s both have a 1: an image has one class", t.columns.name(t.columns.labels[at]), t.columns.name(c))
		case on:
			at = i
		}
	}
	if at < 0 {
		return 0, "images without label", fmt.Errorf("no column of a class has a 1")
	}
	if t.labelOf[at] < 0 {
		return 0, "images of other classes", fmt.Errorf("the class is none of the training set")
	}
	return t.labelOf[at], "", nil
}
