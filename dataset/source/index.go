package source

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/annotation"
	"github.com/longtail-ml/longtail/internal/atomicfile"
	"github.com/longtail-ml/longtail/internal/smallfile"
)

const (
	fewFiles = 20000 // of which no index is kept: they are read as fast
	fresh    = 2 * time.Second
	maxIndex = 1 << 32 // bytes
)

// index is what is kept of an annotation file that was read: all that it says, and when the folders of its images changed
// last, so that the files need not be looked for again.
type index struct {
	Key        [sha256.Size]byte // of the file as it was, and the settings
	Root       string            // absolute, or from the folder of the file
	Classes    annotation.Classes
	Found      []string
	PassedOver []dataset.PassedOver
	Folders    []int64 // when each changed, in nanoseconds; 0: not known for sure
	List       []byte  `json:"-"`
}

// indexed is openList, by way of an index if there is to be one.
func indexed(ctx context.Context, file string, s Settings) (*part, error) {
	key, path, err := s.indexOf(file)
	if err != nil || s.Cache == "" {
		p, _, err := openList(ctx, file, s)
		return p, err
	}
	if x, err := readIndex(path); err == nil && x.Key == key {
		if p, err := x.part(ctx, file, s); err == nil {
			return p, nil
		}
	}
	began := time.Now()
	p, list, err := openList(ctx, file, s)
	if err != nil || list.Len() < fewFiles && !s.indexAll {
		return p, err
	}
	x := index{Key: key, Root: rootFrom(file, p.root), Classes: p.classes, Found: p.found, PassedOver: p.passed}
	if x.List, err = list.AppendBinary(nil); err != nil {
		return nil, err
	}
	for _, folder := range list.Folders() {
		changed := int64(0)
		if info, err := os.Stat(below(p.root, folder)); err == nil && info.ModTime().Before(began.Add(-fresh)) {
			changed = info.ModTime().UnixNano()
		}
		x.Folders = append(x.Folders, changed)
	}
	if err := x.write(path); err != nil { // it is slower without, no more
		p.found = append(p.found, "no index is kept, so that it opens as slowly the next time: "+err.Error())
	}
	return p, nil
}

// indexOf returns where the index of a file is, and what it must be of.
func (s Settings) indexOf(file string) (key [sha256.Size]byte, path string, err error) {
	whole, err := filepath.Abs(file)
	if err != nil {
		return key, "", err
	}
	info, err := os.Stat(file)
	if err != nil {
		return key, "", err
	}
	images := s.Images
	if images != "" {
		if images, err = filepath.Abs(images); err != nil {
			return key, "", err
		}
	}
	of := struct {
		Version, File, Images string
		Annotation            annotation.Settings
	}{"2", whole, images, s.Annotation}
	text, err := json.Marshal(of)
	if err != nil {
		return key, "", err
	}
	name := sha256.Sum256(text)
	text = binary.LittleEndian.AppendUint64(text, uint64(info.Size()))
	text = binary.LittleEndian.AppendUint64(text, uint64(info.ModTime().UnixNano()))
	return sha256.Sum256(text), filepath.Join(s.Cache, hex.EncodeToString(name[:16])+".index"), nil
}

// rootFrom is what an index keeps of the folder that an annotation file's images are in: it is opened from other working
// directories, too.
func rootFrom(file, root string) string {
	if !filepath.IsAbs(root) && !filepath.IsAbs(file) {
		if from, err := filepath.Rel(filepath.Dir(file), root); err == nil {
			return from
		}
	}
	if whole, err := filepath.Abs(root); err == nil {
		return whole
	}
	return root
}

// part opens what the index is of. Folders that have changed are looked into.
func (x *index) part(ctx context.Context, file string, s Settings) (*part, error) {
	var list dataset.FileList
	if err := list.UnmarshalBinary(x.List); err != nil {
		return nil, err
	}
	root := x.Root
	if !filepath.IsAbs(root) {
		root = filepath.Join(filepath.Dir(file), root)
	}
	p := &part{file: file, root: root, classes: x.Classes, found: x.Found, passed: x.PassedOver}
	s.Nested = dataset.Flat
	var err error
	if p.files, err = dataset.NewFiles(p.root, p.classes.Names, &list, s.FolderSettings); err != nil {
		return nil, err
	}
	for i, folder := range list.Folders() {
		info, err := os.Stat(below(p.root, folder))
		if err != nil || i >= len(x.Folders) || info.ModTime().UnixNano() != x.Folders[i] {
			return p, p.files.CheckFiles(ctx)
		}
	}
	return p, nil
}

func below(root, folder string) string {
	folder = filepath.FromSlash(folder)
	if filepath.IsAbs(folder) {
		return folder
	}
	return filepath.Join(root, folder)
}

// The file has the length of the JSON, the JSON, the list, and the SHA-256 of all that.

func (x *index) write(path string) error {
	head, err := json.Marshal(x)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	raw := append(binary.LittleEndian.AppendUint32(nil, uint32(len(head))), head...)
	raw = append(raw, x.List...)
	sum := sha256.Sum256(raw)
	return atomicfile.Write(path, func(w io.Writer) error {
		_, err := w.Write(append(raw, sum[:]...))
		return err
	})
}

var errDamaged = errors.New("a damaged index")

func readIndex(path string) (*index, error) {
	raw, err := smallfile.Read(path, maxIndex)
	if err != nil {
		return nil, err
	}
	end := len(raw) - sha256.Size
	if end < 4 || sha256.Sum256(raw[:end]) != [sha256.Size]byte(raw[end:]) {
		return nil, errDamaged
	}
	n := uint64(binary.LittleEndian.Uint32(raw))
	if n > uint64(end-4) {
		return nil, errDamaged
	}
	x := &index{}
	if err := json.Unmarshal(raw[4:4+n], x); err != nil {
		return nil, err
	}
	x.List = raw[4+n : end]
	return x, nil
}
