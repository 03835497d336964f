package shards

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/longtail-ml/longtail/imagefile"
	"github.com/longtail-ml/longtail/internal/packed"
)

// mostLabel is how many bytes a file with a label may have.
const mostLabel = 1 << 20

// scanner looks through an archive.
type scanner struct {
	file  io.ReadSeeker
	size  int64
	field string // of JSON; "": .cls or .txt
	out   packed.Found
	names map[string]int32

	key           string // of the sample at hand
	at            int64  // where it begins
	image         int64  // 0: none yet
	bytes         int64
	label, second *string // the second is what counts if there is no label
}

func scan(ctx context.Context, file io.ReadSeeker, size int64, field string) (packed.Found, error) {
	s := &scanner{file: file, size: size, field: field, names: map[string]int32{}}
	r := tar.NewReader(file)
	at := int64(0)
	for {
		if ctx.Err() != nil {
			return packed.Found{}, context.Cause(ctx)
		}
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return packed.Found{}, fmt.Errorf("damaged behind offset %d: %w", at, unexpected(err))
		}
		if at, err = file.Seek(0, io.SeekCurrent); err != nil { // where the content begins
			return packed.Found{}, err
		}
		if err := s.entry(h, r, at); err != nil {
			return packed.Found{}, fmt.Errorf("%s at offset %d: %w", h.Name, at, err)
		}
	}
	if err := s.end(); err != nil {
		return packed.Found{}, err
	}
	return s.out, s.checkEnd()
}

// entry takes a file of the archive, whose content lies at an offset.
func (s *scanner) entry(h *tar.Header, content io.Reader, at int64) error {
	if h.Typeflag != tar.TypeReg {
		if h.Typeflag == tar.TypeGNUSparse {
			return errors.New("a sparse file: make the archive without --sparse")
		}
		return nil // a folder, a link
	}
	for name := range h.PAXRecords {
		if strings.HasPrefix(name, "GNU.sparse.") {
			return errors.New("a sparse file: make the archive without --sparse")
		}
	}
	key, ext := split(h.Name)
	if key == "" {
		return nil // a hidden file
	}
	if key != s.key {
		if err := s.end(); err != nil {
			return err
		}
		s.key, s.at = key, at
	}
	switch {
	case imagefile.IsName("image."+ext) && !strings.Contains(ext, "."): // mask.png is no image of the sample
		if s.image != 0 {
			return fmt.Errorf("a second image of the sample %q: a set has one image for each", key)
		}
		if h.Size == 0 || h.Size > math.MaxUint32 {
			return fmt.Errorf("an image of %d bytes", h.Size)
		}
		s.image, s.bytes = at, h.Size
	case s.field != "" && ext == "json":
		text, err := small(h, content)
		if err != nil {
			return err
		}
		s.label, err = field(text, s.field)
		return err
	case s.field == "" && (ext == "cls" || ext == "txt"):
		text, err := small(h, content)
		if err != nil {
			return err
		}
		label := strings.TrimSpace(string(text))
		if ext == "cls" {
			s.label = &label
		} else {
			s.second = &label
		}
	}
	return nil
}

// end adds the sample at hand.
func (s *scanner) end() error {
	label := s.label
	if label == nil {
		label = s.second
	}
	switch {
	case s.key == "":
	case s.image == 0:
		s.out.Without++
	case label == nil && s.field == "":
		return fmt.Errorf("the sample %q at offset %d has no label: no .cls or .txt follows it or comes before; for labels in .json set Settings.Label",
			s.key, s.at)
	case label == nil:
		return fmt.Errorf("the sample %q at offset %d has no .json, of which Settings.Label names the field %q", s.key, s.at, s.field)
	case *label == "" || strings.ContainsAny(*label, "\n\r"):
		return fmt.Errorf("the sample %q at offset %d has the label %.40q: it must be one line", s.key, s.at, *label)
	default:
		s.out.Add(s.names, s.image, s.bytes, *label)
	}
	s.key, s.image, s.label, s.second = "", 0, nil, nil
	return nil
}

// checkEnd looks at what follows the last file. An archive that was cut off between two files ends without blocks of
// zeros, and of one that another was appended to, the reader sees the first alone.
func (s *scanner) checkEnd() error {
	at, err := s.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	if s.size < 1024 || at > s.size {
		return fmt.Errorf("ends at offset %d, without the two blocks of zeros that end an archive: it was cut off", s.size)
	}
	from := min(at, s.size-1024)
	if _, err := s.file.Seek(from, io.SeekStart); err != nil {
		return err
	}
	block := make([]byte, 1<<16)
	for {
		n, err := s.file.Read(block)
		if i := bytes.IndexFunc(block[:n], func(r rune) bool { return r != 0 }); i >= 0 {
			if from+int64(i) >= at {
				return fmt.Errorf("something follows the end of the archive at offset %d: if archives were appended to each other, keep them apart", from+int64(i))
			}
			return fmt.Errorf("ends at offset %d, without the two blocks of zeros that end an archive: it was cut off", s.size)
		}
		from += int64(n)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// split returns the key of a sample and what its file holds: all behind the first dot of the name.
func split(name string) (key, ext string) {
	dir, base := path.Split(strings.TrimPrefix(name, "./"))
	stem, ext, _ := strings.Cut(base, ".")
	if stem == "" {
		return "", ""
	}
	return dir + stem, strings.ToLower(ext)
}

// small reads a file that has a label.
func small(h *tar.Header, content io.Reader) ([]byte, error) {
	if h.Size > mostLabel {
		return nil, fmt.Errorf("%d bytes, where a label is expected", h.Size)
	}
	text, err := io.ReadAll(content)
	return text, unexpected(err)
}

// field returns a field of a JSON object, a text or a whole number; nil if it is not there.
func field(text []byte, name string) (*string, error) {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	raw, ok := all[name]
	if !ok {
		var names []string
		for n := range all {
			names = append(names, n)
		}
		slices.Sort(names)
		return nil, fmt.Errorf("no field %q: it has %s", name, strings.Join(names, ", "))
	}
	var label string
	if raw[0] != '"' || json.Unmarshal(raw, &label) != nil {
		var n json.Number
		if err := json.Unmarshal(raw, &n); err != nil || strings.ContainsAny(n.String(), ".eE") || n == "" {
			return nil, fmt.Errorf("field %q is %.40s: a label is a text or a whole number", name, raw)
		}
		label = n.String()
	}
	return &label, nil
}

// unexpected makes the end of the file in the middle of something an error that says so.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
