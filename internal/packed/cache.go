package packed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/longtail-ml/longtail/internal/atomicfile"
	"github.com/longtail-ml/longtail/internal/smallfile"
)

// Stamp tells a file from what it was.
type Stamp struct {
	Size int64
	Time int64 // of the last change, in nanoseconds
}

// StampOf returns the stamp of an open file.
func StampOf(f *os.File) (Stamp, error) {
	info, err := f.Stat()
	if err != nil {
		return Stamp{}, err
	}
	return Stamp{info.Size(), info.ModTime().UnixNano()}, nil
}

// Open opens a regular file: opening a pipe would wait for a writer.
func Open(path string) (*os.File, Stamp, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, Stamp{}, err
	} else if !info.Mode().IsRegular() {
		return nil, Stamp{}, errors.New("not a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, Stamp{}, err
	}
	is, err := StampOf(f)
	if err != nil {
		f.Close()
		return nil, is, err
	}
	return f, is, nil
}

// Cache is a directory for what was found in files, and for files unpacked. Its files are replaced in one step, so that
// processes may share it. Without a directory nothing is remembered.
type Cache struct{ Dir string }

// CacheIn is the cache in a directory; for "" it is longtail/format in the user's cache directory, if there is one.
func CacheIn(dir, format string) Cache {
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return Cache{}
		}
		dir = filepath.Join(user, "longtail", format)
	}
	return Cache{dir}
}

// file is where the cache has what was found in a file by a way of looking.
func (c Cache) file(path, way, end string) string {
	if c.Dir == "" {
		return ""
	}
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	sum := sha256.Sum256([]byte(path + "\x00" + way))
	return filepath.Join(c.Dir, hex.EncodeToString(sum[:16])+end)
}

// remembered is a file of the cache.
type remembered struct {
	Stamp  Stamp
	Way    string
	Found  Found
	SHA256 string // of Found, as JSON
}

// mostIndex is how large such a file may be.
const mostIndex = 1 << 31

// Recall returns what was found in a file that has not changed since, by a way of looking, which names the version of the
// program's too. What is damaged is as if it were not there.
func (c Cache) Recall(path, way string, is Stamp) (Found, bool) {
	if c.Dir == "" {
		return Found{}, false
	}
	text, err := smallfile.Read(c.file(path, way, ".json"), mostIndex)
	if err != nil {
		return Found{}, false
	}
	var r remembered
	if json.Unmarshal(text, &r) != nil || r.Stamp != is || r.Way != way || r.SHA256 != r.Found.sum() {
		return Found{}, false
	}
	return r.Found, true
}

// Remember keeps what was found, if that is possible: it saves time alone.
func (c Cache) Remember(path, way string, is Stamp, found Found) {
	if c.Dir == "" || os.MkdirAll(c.Dir, 0o777) != nil {
		return
	}
	r := remembered{is, way, found, found.sum()}
	_ = atomicfile.Write(c.file(path, way, ".json"), func(w io.Writer) error { return json.NewEncoder(w).Encode(r) })
}

func (f Found) sum() string {
	h := sha256.New()
	if json.NewEncoder(h).Encode(f) != nil {
		return ""
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Unpacked returns the path of what fill makes of a file, which is made once and again if the file has changed. fill may
// return what it has found, as Recall does for a file that is there already.
func (c Cache) Unpacked(path, way string, is Stamp, fill func(io.Writer) (Found, error)) (out string, found Found, err error) {
	const remedy = "what is packed is unpacked once: set Settings.Cache to a directory with room for it"
	if c.Dir == "" {
		return "", found, errors.New("there is no cache directory: " + remedy)
	}
	base := c.file(path, way, "")
	out = fmt.Sprintf("%s-%x-%x.unpacked", base, is.Size, is.Time)
	if _, err := os.Stat(out); err == nil {
		if found, ok := c.Recall(out, way, is); ok {
			return out, found, nil
		}
	}
	if err := os.MkdirAll(c.Dir, 0o777); err != nil {
		return "", found, fmt.Errorf("%w: %s", err, remedy)
	}
	err = atomicfile.Write(out, func(w io.Writer) error {
		found, err = fill(w)
		return err
	})
	if err != nil {
		return "", found, fmt.Errorf("unpacking into %s: %w", c.Dir, err)
	}
	c.Remember(out, way, is, found)
	if entries, err := os.ReadDir(c.Dir); err == nil { // what was unpacked of earlier states of the file
		for _, e := range entries {
			if old := filepath.Join(c.Dir, e.Name()); strings.HasPrefix(old, base+"-") && strings.HasSuffix(old, ".unpacked") && old != out {
				os.Remove(old)
				os.Remove(c.file(old, way, ".json"))
			}
		}
	}
	return out, found, nil
}

// Reader counts the bytes read from R, and ends when its context does.
type Reader struct {
	Context context.Context
	R       io.Reader
	N       int64
	Err     error // of reading, other than the end of the file
}

func (r *Reader) Read(b []byte) (int, error) {
	if r.Context.Err() != nil {
		r.Err = context.Cause(r.Context)
		return 0, r.Err
	}
	n, err := r.R.Read(b)
	r.N += int64(n)
	if err != nil && err != io.EOF {
		r.Err = err
	}
	return n, err
}
