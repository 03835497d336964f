package annotation

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/imagefile"
)

// Settings say how an annotation file is read. The zero value finds out what it can, and takes nothing that is unclear.
type Settings struct {
	// Columns of a table: that of the paths, then that of the labels, or those of the classes, each 1 for its images and 0
	// for others. By name, or by number from 1; "*" in the end stands for all others. nil: found by their names.
	Columns []string
	Append  string // to the paths that do not have it, as ".jpg" for tables that list ids
	Crop    bool   // JSON: every annotation is an image of its own, cut out by its box
	// LeaveOut leaves out what has no single label: no label or several, a category that the file does not list, or one that
	// Classes do not have. Left as it is, that is an error.
	LeaveOut bool
	Names    map[string]string // of classes by their ids, as ReadNames returns them; nil: those in the file, else the ids
	Classes  *Classes          // of the training set, for the other parts; nil: those found
}

// Classes are the classes of a data set. The label is the index.
type Classes struct {
	IDs   []string // as annotation files have them
	Names []string // no two alike
}

// Set is what an annotation file says.
type Set struct {
	Files      *dataset.FileList
	Classes    Classes
	PassedOver []dataset.PassedOver // what was left out
	Found      []string             // what was found out, in sentences
}

// ErrNoLabels is wrapped by errors about files that have images without labels, as those of competitions' test sets.
var ErrNoLabels = errors.New("no labels")

// ErrUnclear is wrapped by errors that Settings.LeaveOut avoids.
var ErrUnclear = errors.New("unclear")

// Read reads an annotation file of any kind, told by its content.
func Read(path string, s Settings) (*Set, error) {
	kind, err := kindOf(path)
	if err != nil {
		return nil, fmt.Errorf("annotation: %w", err)
	}
	switch kind {
	case "JSON":
		return ReadCOCO(path, s)
	case "list":
		return ReadList(path, s)
	}
	return ReadTable(path, s)
}

// Kind tells what a file seems to be by its beginning: "JSON" in the manner of COCO, "table" whose columns can be told, or
// "list"; "" for anything else.
func Kind(path string, s Settings) string {
	kind, err := kindOf(path)
	if err != nil {
		return ""
	}
	switch kind {
	case "JSON":
		head, _ := beginning(path)
		for _, key := range []string{`"images"`, `"annotations"`, `"categories"`, `"file_name"`, `"image_id"`} {
			if bytes.Contains(head, []byte(key)) {
				return kind
			}
		}
		return ""
	case "list": // some files of names have numbers too
		head, _ := beginning(path)
		line, _, _ := strings.Cut(string(head), "\n")
		if file, _, _ := cutLabel(line); !imagefile.IsName(file) && !strings.Contains(file, "/") {
			return ""
		}
	case "table":
		file, r, err := text(path)
		if err != nil {
			return ""
		}
		defer file.Close()
		rows, _, err := firstRows(reader(r))
		if err != nil || rows == nil {
			return ""
		}
		if _, err := findColumns(rows, s.Columns); err != nil {
			return ""
		}
	}
	return kind
}

func kindOf(path string) (string, error) {
	head, err := beginning(path)
	if err != nil {
		return "", err
	}
	head = bytes.TrimSpace(bytes.TrimPrefix(head, []byte(bom)))
	if len(head) == 0 {
		return "", fmt.Errorf("%s is empty", path)
	}
	if head[0] == '{' || head[0] == '[' {
		return "JSON", nil
	}
	line, _, _ := strings.Cut(string(head), "\n")
	file, _, ok := cutLabel(line)
	if ok && (imagefile.IsName(file) || !strings.ContainsAny(line, ",\t;|")) {
		return "list", nil
	}
	return "table", nil
}

// beginning returns the first bytes of a file.
func beginning(path string) ([]byte, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, 1<<16))
}

const bom = "\xef\xbb\xbf"

// open opens a plain file: a pipe would wait for its writer.
func open(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", path)
	}
	return os.Open(path)
}

// readLines reads a file of lines, each of an image, by read.
func (s Settings) readLines(path string, read func(*bufio.Reader, *Set) error) (*Set, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	file, r, err := text(path)
	if err != nil {
		return nil, fmt.Errorf("annotation: %w", err)
	}
	defer file.Close()
	set := &Set{Files: &dataset.FileList{}}
	if err := read(r, set); err != nil {
		return nil, fmt.Errorf("annotation: %w", err)
	}
	if set.Files.Len() == 0 {
		return nil, fmt.Errorf("annotation: %s has no line of a path and a label", path)
	}
	return set, nil
}

// text opens a file of lines, after its byte order mark.
func text(path string) (io.Closer, *bufio.Reader, error) {
	f, err := open(path)
	if err != nil {
		return nil, nil, err
	}
	r := bufio.NewReaderSize(&lines{r: f, path: path}, 1<<16)
	head, _ := r.Peek(3)
	switch {
	case string(head) == bom:
		_, err = r.Discard(3)
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		err = fmt.Errorf("%s is in UTF-16: save it as UTF-8", path)
	case bytes.HasPrefix(head, []byte("PK")):
		err = fmt.Errorf("%s is a ZIP archive or a spreadsheet: unpack it, or save it as CSV", path)
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, r, nil
}

const longest = 1 << 20 // of lines, in bytes

// lines refuses what is no text, before a line without end takes all memory.
type lines struct {
	r          io.Reader
	path       string
	line, long int
	err        error // for good: bufio forgets it
}

func (l *lines) Read(p []byte) (int, error) {
	if l.err != nil {
		return 0, l.err
	}
	n, err := l.r.Read(p)
	for rest := p[:n]; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		if l.long += len(line); l.long > longest || bytes.IndexByte(line, 0) >= 0 {
			l.err = fmt.Errorf("%s: a line with a zero byte, or of more than %d bytes: this is no text", place(l.path, l.line+1), longest)
			return 0, l.err
		}
		if ended {
			l.line, l.long = l.line+1, 0
		}
		rest = after
	}
	return n, err
}

// file is the path of an image as the settings have it.
func (s Settings) file(path string) string {
	if s.Append != "" && !strings.EqualFold(filepath.Ext(path), s.Append) {
		return path + s.Append
	}
	return path
}

func (s Settings) check() error {
	if s.Append != "" && (s.Append[0] != '.' || strings.ContainsAny(s.Append, `/\`)) {
		return fmt.Errorf("annotation: %q is to be appended to paths: it must be an extension, such as .jpg", s.Append)
	}
	return nil
}

// leave counts something that is left out.
func (s *Set) leave(what, example string) {
	for i := range s.PassedOver {
		if s.PassedOver[i].What == what {
			s.PassedOver[i].Count++
			return
		}
	}
	s.PassedOver = append(s.PassedOver, dataset.PassedOver{What: what, Count: 1, Example: example})
}

// place is a line of a file, for errors.
func place(path string, line int) string { return path + ":" + strconv.Itoa(line) }
