package dataset

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/longtail-ml/longtail/internal/atomicfile"
)

// A folder's index remembers what its folders hold, with the times they were changed at: what is unchanged need not be listed
// again. It is only a help: one that is missing, damaged or of another folder is made anew, and where it cannot be written
// nothing is lost but time.

// indexFrom is how many names a folder holds whose index is written. Smaller ones are listed in no time.
const indexFrom = 10_000

// settled is how long a folder must have been left alone to be remembered: one that is changed again within the clock's tick
// keeps its time.
const settled = 2 * time.Second

// IndexFile is where the index of a folder lies by default: in the user's cache directory. It is "" where there is none.
func IndexFile(dir string) string {
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return ""
	}
	return filepath.Join(cache, "longtail", fmt.Sprintf("index-%016x", fnv64(dir)))
}

func fnv64(s string) (h uint64) {
	h = 14695981039346656037
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}

// index is what is known of the folders below one.
type index struct {
	path    string             // of its file; "": none
	root    string             // the folder
	known   map[string]listing // of the file, by path below the folder
	seen    map[string]listing // now
	names   int                // in seen
	changed bool               // seen differs from known
}

// listing is what a folder holds, in the order of names.
type listing struct {
	changed int64 // when, in nanoseconds
	entries []indexEntry
}

// indexEntry is an fs.DirEntry.
type indexEntry struct {
	name string
	mode fs.FileMode
}

func (e indexEntry) Name() string               { return e.name }
func (e indexEntry) IsDir() bool                { return e.mode.IsDir() }
func (e indexEntry) Type() fs.FileMode          { return e.mode }
func (e indexEntry) Info() (fs.FileInfo, error) { return nil, fs.ErrInvalid }

// openIndex reads the index of a folder.
func openIndex(path, root string) *index {
	if whole, err := filepath.Abs(root); err == nil {
		root = whole
	}
	x := &index{path: path, root: root, known: map[string]listing{}, seen: map[string]listing{}}
	if path != "" {
		if raw, err := os.ReadFile(path); err == nil {
			if known, ok := parseIndex(raw, root); ok {
				x.known = known
			}
		}
	}
	return x
}

// list returns what the folder at path, which is that of info, holds; below is its path in the index.
func (x *index) list(path, below string, info fs.FileInfo) ([]indexEntry, error) {
	at := info.ModTime().UnixNano()
	if was, ok := x.known[below]; ok && was.changed == at {
		x.add(below, was)
		return was.entries, nil
	}
	x.changed = true
	now := time.Now()
	found, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	l := listing{at, make([]indexEntry, len(found))}
	for i, e := range found {
		l.entries[i] = indexEntry{e.Name(), e.Type()}
	}
	if now.Sub(info.ModTime()) > settled {
		x.add(below, l)
	}
	return l.entries, nil
}

func (x *index) add(below string, l listing) {
	if x.path != "" {
		x.seen[below] = l
		x.names += len(l.entries)
	}
}

// save writes what was seen, if it is worth it.
func (x *index) save() {
	if x.path == "" || !x.changed && len(x.seen) == len(x.known) || x.names < indexFrom {
		return
	}
	if os.MkdirAll(filepath.Dir(x.path), 0o777) == nil {
		_ = atomicfile.Write(x.path, func(w io.Writer) error {
			_, err := w.Write(x.encode())
			return err
		})
	}
}

const indexMagic = "longtail index 1\n"

// encode is the magic, the checksum of the rest, and that: the folder's path, and each folder in it.
func (x *index) encode() []byte {
	text := func(b []byte, s string) []byte { return append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	b := append([]byte(indexMagic), 0, 0, 0, 0)
	b = text(b, x.root)
	for below, l := range x.seen {
		b = binary.AppendVarint(text(b, below), l.changed)
		b = binary.AppendUvarint(b, uint64(len(l.entries)))
		for _, e := range l.entries {
			b = text(binary.AppendUvarint(b, uint64(e.mode)), e.name)
		}
	}
	head := len(indexMagic)
	binary.LittleEndian.PutUint32(b[head:], crc32.ChecksumIEEE(b[head+4:]))
	return b
}

// parseIndex reads what encode wrote of a folder.
func parseIndex(raw []byte, root string) (known map[string]listing, ok bool) {
	rest, found := bytes.CutPrefix(raw, []byte(indexMagic))
	if !found || len(rest) < 4 || crc32.ChecksumIEEE(rest[4:]) != binary.LittleEndian.Uint32(rest) {
		return nil, false
	}
	all := string(rest[4:]) // names share its memory
	bad := false
	number := func() uint64 {
		var v uint64
		for i := range min(len(all), binary.MaxVarintLen64) {
			v |= uint64(all[i]&0x7f) << (7 * i)
			if all[i] < 0x80 {
				all = all[i+1:]
				return v
			}
		}
		bad = true
		return 0
	}
	text := func() string {
		n := number()
		if bad || n > uint64(len(all)) {
			bad = true
			return ""
		}
		s := all[:n]
		all = all[n:]
		return s
	}
	if text() != root {
		return nil, false
	}
	known = map[string]listing{}
	for len(all) > 0 && !bad {
		below, l := text(), listing{}
		zigzag := number()
		l.changed = int64(zigzag>>1) ^ -int64(zigzag&1)
		n := number()
		if bad || n > uint64(len(all)) {
			return nil, false
		}
		l.entries = make([]indexEntry, 0, n)
		for range n {
			mode := fs.FileMode(number())
			l.entries = append(l.entries, indexEntry{text(), mode})
			if bad {
				return nil, false
			}
		}
		known[below] = l
	}
	return known, !bad
}
