package dataset

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Scan is what a look at every file of a data set found.
type Scan struct {
	Kind       string      `json:"kind"` // "class folders", "CIFAR-10" or "CIFAR-100"
	Parts      []ScanPart  `json:"parts"`
	Duplicates []Duplicate `json:"duplicates"`
}

// ScanPart is a training, test or validation set.
type ScanPart struct {
	Name    string         `json:"name"`    // of its folder: "train", "test", "val", …; "" where there are class folders alone
	Classes []string       `json:"classes"` // folders without an image too
	Counts  []int          `json:"counts"`  // of image files, by class, bad ones included
	Formats map[string]int `json:"formats"` // images by format: "jpeg", "png", "cifar"
	Sizes   ScanSizes      `json:"sizes"`
	Bad     []BadFile      `json:"bad"`    // images that cannot be read, all of them
	Others  map[string]int `json:"others"` // files in class folders that are passed over, by extension

	images []scanned
}

// ScanSizes are widths and heights in pixels.
type ScanSizes struct {
	Smallest [2]int `json:"smallest"` // by area
	Median   [2]int `json:"median"`
	Largest  [2]int `json:"largest"`
}

// BadFile is an image that cannot be read.
type BadFile struct {
	Path  string `json:"path"`
	Error string `json:"error"`
}

// Duplicate are two images of the same pixels, in two parts, or in two classes of one.
type Duplicate struct {
	A string `json:"a"`
	B string `json:"b"`
}

// scanned is an image file.
type scanned struct {
	path, format  string
	label         int
	width, height int
	sum           [sha256.Size]byte // of size and pixels
	err           error
}

// ScanDir reads every image of dir, which is what Open takes, besides val, valid or validation folders, or class folders
// alone, and lists what it found, faults included: bad files, folders without images, images that are in two parts. It is
// an error if there is nothing to list.
func ScanDir(ctx context.Context, dir string) (*Scan, error) {
	s := &Scan{Kind: "class folders"}
	for _, name := range []string{"train", "test", "val", "valid", "validation"} {
		if isDir(filepath.Join(dir, name)) {
			s.Parts = append(s.Parts, ScanPart{Name: name})
		}
	}
	if len(s.Parts) == 0 || s.Parts[0].Name != "train" {
		train, test, err := Open(dir, 0, 0)
		if err == nil {
			s.Kind = fmt.Sprintf("CIFAR-%d", len(train.Classes()))
			s.Parts = []ScanPart{scanSet("train", train), scanSet("test", test)}
			s.findDuplicates()
			return s, nil
		}
		if names, failed := classFolders(dir); failed != nil || len(names) == 0 {
			return nil, errors.Join(err, failed)
		}
		s.Parts = []ScanPart{{}}
	}
	for i := range s.Parts {
		if err := s.Parts[i].scan(ctx, filepath.Join(dir, s.Parts[i].Name)); err != nil {
			return nil, err
		}
	}
	if !slices.ContainsFunc(s.Parts, func(p ScanPart) bool { return len(p.images) > 0 }) {
		return nil, fmt.Errorf("dataset: %s has folders, and no image in any of them: put the images of each class in a folder of its name", dir)
	}
	s.findDuplicates()
	return s, nil
}

// scan reads the files of class folders.
func (p *ScanPart) scan(ctx context.Context, dir string) error {
	var err error
	if p.Classes, err = classFolders(dir); err != nil {
		return err
	}
	p.Counts, p.Others, p.Formats = make([]int, len(p.Classes)), map[string]int{}, map[string]int{}
	for label, class := range p.Classes {
		folder := filepath.Join(dir, class)
		entries, err := os.ReadDir(folder)
		if err != nil {
			return fmt.Errorf("dataset: class %q: %w", class, err)
		}
		for _, e := range entries {
			switch {
			case strings.HasPrefix(e.Name(), "."):
			case isImageName(e.Name()) && isFile(folder, e):
				p.images = append(p.images, scanned{path: filepath.Join(folder, e.Name()), label: label})
				p.Counts[label]++
			case isDir(filepath.Join(folder, e.Name())):
				p.Others["folder"]++
			default:
				p.Others[strings.ToLower(filepath.Ext(e.Name()))]++
			}
		}
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(p.images) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				p.images[i].read()
			}
		})
	}
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	p.sumUp()
	return nil
}

// read decodes the file.
func (f *scanned) read() {
	raw, err := os.ReadFile(f.path)
	if err != nil {
		f.err = err
		return
	}
	header, format, err := image.DecodeConfig(bytes.NewReader(raw))
	if err == nil {
		err = checkSource(header.Width, header.Height)
	}
	var img Image
	if err == nil {
		err = decode(raw, header.Width, header.Height, CenterCrop, &img)
	}
	f.format, f.width, f.height, f.err = format, header.Width, header.Height, err
	f.sum = sumOf(&img)
}

func sumOf(m *Image) [sha256.Size]byte {
	head := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, uint64(m.Width)), uint64(m.Height))
	h := sha256.New()
	h.Write(head)
	h.Write(m.Pix)
	return [sha256.Size]byte(h.Sum(nil))
}

// scanSet looks at images that are in memory.
func scanSet(name string, d Dataset) ScanPart {
	p := ScanPart{Name: name, Classes: d.Classes(), Counts: Counts(d), Others: map[string]int{}, Formats: map[string]int{}}
	var img Image
	for i := range d.Len() {
		f := scanned{path: fmt.Sprintf("%s image %d", name, i), format: "cifar", label: d.Label(i)}
		f.err = d.Image(i, &img)
		f.width, f.height, f.sum = img.Width, img.Height, sumOf(&img)
		p.images = append(p.images, f)
	}
	p.sumUp()
	return p
}

// sumUp counts formats, sizes and bad files.
func (p *ScanPart) sumUp() {
	p.Bad = []BadFile{}
	var sizes [][2]int
	for _, f := range p.images {
		if f.err != nil {
			p.Bad = append(p.Bad, BadFile{f.path, f.err.Error()})
			continue
		}
		p.Formats[f.format]++
		sizes = append(sizes, [2]int{f.width, f.height})
	}
	if sizes == nil {
		return
	}
	slices.SortStableFunc(sizes, func(a, b [2]int) int { return cmp.Compare(a[0]*a[1], b[0]*b[1]) })
	p.Sizes = ScanSizes{sizes[0], sizes[len(sizes)/2], sizes[len(sizes)-1]}
}

// findDuplicates compares the parts with each other, and the classes of each.
func (s *Scan) findDuplicates() {
	type place struct {
		part int
		scanned
	}
	s.Duplicates = []Duplicate{}
	first := map[[sha256.Size]byte]place{}
	for part := range s.Parts {
		for _, f := range s.Parts[part].images {
			if f.err != nil {
				continue
			}
			was, seen := first[f.sum]
			if !seen {
				first[f.sum] = place{part, f}
				continue
			}
			if was.part != part || s.Parts[part].Classes[f.label] != s.Parts[part].Classes[was.label] {
				s.Duplicates = append(s.Duplicates, Duplicate{was.path, f.path})
			}
		}
	}
}
