package dataset

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/longtail-ml/longtail/imagefile"
)

// Scan is what a look at every file of a data set found.
type Scan struct {
	Kind       string      `json:"kind"` // "class folders", "CIFAR-10" or "CIFAR-100"
	Parts      []ScanPart  `json:"parts"`
	Duplicates []Duplicate `json:"duplicates"`
}

// ScanPart is a training, test or validation set.
type ScanPart struct {
	Name       string         `json:"name"`    // of its folder: "train", "test", "val", …; "" where there are class folders alone
	Classes    []string       `json:"classes"` // folders without an image too
	Counts     []int          `json:"counts"`  // of image files, by class, bad ones included
	Formats    map[string]int `json:"formats"` // images by format: "JPEG", "WebP", "CIFAR"
	Sizes      ScanSizes      `json:"sizes"`
	Bad        []BadFile      `json:"bad"` // images that cannot be read, all of them
	PassedOver []PassedOver   `json:"passed_over"`

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
	Class string `json:"class"`
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
	for _, name := range slices.Concat([]string{"train"}, testNames, validationNames) {
		if isDir(filepath.Join(dir, name)) {
			s.Parts = append(s.Parts, ScanPart{Name: name})
		}
	}
	if len(s.Parts) == 0 || s.Parts[0].Name != "train" {
		train, test, err := Open(dir, FolderSettings{})
		if err == nil {
			s.Kind = fmt.Sprintf("CIFAR-%d", len(train.Classes()))
			s.Parts = []ScanPart{scanSet("train", train), scanSet("test", test)}
			s.findDuplicates()
			return s, nil
		}
		if sc, failed := list(dir, Flat, ""); failed != nil || len(sc.found) == 0 {
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
	sc, err := list(dir, Flat, "")
	if err != nil {
		return err
	}
	p.PassedOver = sc.passed.list()
	p.Classes = slices.Sorted(maps.Keys(sc.found))
	p.Counts, p.Formats = make([]int, len(p.Classes)), map[string]int{}
	for label, class := range p.Classes {
		for _, file := range sc.found[class] {
			p.images = append(p.images, scanned{path: filepath.Join(dir, file), label: label})
			p.Counts[label]++
		}
	}
	limits := FolderSettings{}.withDefaults().Decode
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(p.images) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				p.images[i].read(ctx, limits)
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
func (f *scanned) read(ctx context.Context, s imagefile.Settings) {
	picture, err := imagefile.DecodeFile(ctx, f.path, s)
	if f.err = err; err != nil {
		return
	}
	f.width, f.height = picture.Bounds().Dx(), picture.Bounds().Dy()
	var img Image
	if f.err = Convert(picture, Scale{Height: f.height, Width: f.width}, &img); f.err == nil {
		f.sum = sumOf(&img)
	}
	f.format = formatOf(f.path)
}

// formatOf names the format of a file that could be read.
func formatOf(path string) string {
	file, err := os.Open(path)
	if err != nil {
		return "unknown"
	}
	defer file.Close()
	head := make([]byte, 300)
	n, _ := io.ReadFull(file, head)
	return imagefile.Identify(head[:n])
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
	p := ScanPart{Name: name, Classes: d.Classes(), Counts: Counts(d), Formats: map[string]int{}}
	var img Image
	for i := range d.Len() {
		f := scanned{path: fmt.Sprintf("%s image %d", name, i), format: "CIFAR", label: d.Label(i)}
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
			p.Bad = append(p.Bad, BadFile{f.path, p.Classes[f.label], strings.TrimPrefix(f.err.Error(), f.path+": ")})
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
