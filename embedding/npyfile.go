package embedding

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/longtail-ml/longtail/internal/atomicfile"
	"github.com/longtail-ml/longtail/internal/smallfile"
	"github.com/longtail-ml/longtail/npy"
	"github.com/longtail-ml/longtail/tensor"
)

func (s *Set) saveNPY(path string) error {
	base := path[:len(path)-len(".npy")]
	if err := npy.Save(path, s.Vectors.Data(), s.Len(), s.Dim()); err != nil {
		return err
	}
	if err := npy.SaveInts(base+"_labels.npy", s.Labels, s.Len()); err != nil {
		return err
	}
	if err := saveLines(base+"_classes.txt", s.Classes); err != nil {
		return err
	}
	names := base + "_names.txt"
	if s.Names != nil {
		return saveLines(names, s.Names)
	}
	if err := os.Remove(names); err != nil && !errors.Is(err, fs.ErrNotExist) { // they would be those of a set saved before
		return fmt.Errorf("embedding: %w", err)
	}
	return nil
}

// saveLines writes text one a line. What has line ends in it, or begins with a quote, is quoted as Go does it.
func saveLines(path string, all []string) error {
	err := atomicfile.Write(path, func(w io.Writer) error {
		var b strings.Builder
		for _, text := range all {
			if strings.ContainsAny(text, "\r\n") || strings.HasPrefix(text, `"`) {
				text = strconv.Quote(text)
			}
			b.WriteString(text)
			b.WriteByte('\n')
		}
		_, err := io.WriteString(w, b.String())
		return err
	})
	if err != nil {
		return fmt.Errorf("embedding: %w", err)
	}
	return nil
}

// openLines reads what saveLines wrote; nil if there is no such file.
func openLines(path string) (all []string, err error) {
	text, err := smallfile.Read(path, 1<<32)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, `"`) {
			if line, err = strconv.Unquote(line); err != nil {
				return nil, fmt.Errorf("%s, line %d: a quoted text that does not end", path, len(all)+1)
			}
		}
		all = append(all, line)
	}
	return all, nil
}

func openNPY(path string) (*Set, error) {
	base := path[:len(path)-len(".npy")]
	s := &Set{}
	f, err := npy.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	values, err := f.Float32()
	if err != nil {
		return nil, err
	}
	if s.Vectors, err = tensor.FromSlice(values, f.Shape...); err != nil {
		return nil, err
	}
	labels, err := npy.Open(base + "_labels.npy")
	if err != nil {
		return nil, err
	}
	defer labels.Close()
	if s.Labels, err = labels.Ints(); err != nil {
		return nil, err
	}
	if s.Names, err = openLines(base + "_names.txt"); err != nil {
		return nil, err
	}
	if s.Classes, err = openLines(base + "_classes.txt"); err == nil && s.Classes == nil {
		for _, y := range s.Labels {
			for c := len(s.Classes); c <= min(y, 1<<20); c++ {
				s.Classes = append(s.Classes, strconv.Itoa(c))
			}
		}
	}
	return s, err
}
