package source

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/shards"
	"github.com/longtail-ml/longtail/imagefile"
)

// Scan is what a look at every file of a data set found.
type Scan struct {
	Kind       string      `json:"kind"` // as in Data
	Found      []string    `json:"found"`
	Parts      []ScanPart  `json:"parts"`
	Duplicates []Duplicate `json:"duplicates"`
}

// ScanPart is a training, test or validation set.
type ScanPart struct {
	Name       string               `json:"name"`    // of its folder, or "train", "test" and "val"; "" where there are class folders alone
	Classes    []string             `json:"classes"` // folders without an image too
	Counts     []int                `json:"counts"`  // of image files, by class, bad ones included
	Formats    map[string]int       `json:"formats"` // images by format: "JPEG", "WebP", "CIFAR-10"
	Sizes      ScanSizes            `json:"sizes"`
	Bad        []BadFile            `json:"bad"` // images that cannot be read, all of them
	PassedOver []dataset.PassedOver `json:"passed_over"`

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

// ScanAll reads every image of what Open takes, of class folders those that have faults too, and lists what it found: bad
// files, folders without images, images that are in two parts. It is an error if there is nothing to list.
func ScanAll(ctx context.Context, path string, s Settings) (*Scan, error) {
	s.AllowMissing, s.Fit, s.Width, s.Height = true, dataset.Whole, 0, 0 // images have their own sizes
	f, err := find(path, s)
	if err != nil {
		return nil, err
	}
	scan := &Scan{Kind: "class folders", Found: f.notes}
	if f.folders == nil {
		d, err := f.open(ctx)
		if err != nil {
			return nil, err
		}
		scan.Kind, scan.Found = d.Kind, append(scan.Found, d.Found...)
		for _, p := range []struct {
			name string
			set  dataset.Dataset
		}{{"train", d.Train}, {"test", d.Test}, {"val", d.Validation}} {
			if p.set != nil {
				scan.Parts = append(scan.Parts, ScanPart{Name: p.name})
				if err := scan.Parts[len(scan.Parts)-1].scan(ctx, d.Kind, p.set); err != nil {
					return nil, err
				}
			}
		}
	}
	s.Tolerant = true
	images := 0
	for _, name := range f.folders {
		files, err := dataset.OpenFolder(filepath.Join(path, name), s.FolderSettings)
		if err == nil && len(scan.Parts) == 0 && len(files.Classes()) == 0 {
			s.Tolerant = false // the error says what to do
			if name == "" {
				_, err = openAlone(path, s)
			} else {
				_, err = dataset.OpenFolder(filepath.Join(path, name), s.FolderSettings)
			}
		}
		if err != nil {
			return nil, err
		}
		images += files.Len()
		scan.Parts = append(scan.Parts, ScanPart{Name: name, PassedOver: files.PassedOver()})
		if err := scan.Parts[len(scan.Parts)-1].scan(ctx, "", files); err != nil {
			return nil, err
		}
	}
	if f.folders != nil && images == 0 {
		return nil, fmt.Errorf("source: %s has folders, and no image in any of them: put the images of each class in a folder of its name", path)
	}
	if !s.Annotation.Crop { // whose images are parts of pictures
		scan.findDuplicates()
	}
	return scan, nil
}

// scan reads the images of a part, decoding as many at once as the process may use CPUs.
func (p *ScanPart) scan(ctx context.Context, kind string, d dataset.Dataset) error {
	p.Classes, p.Counts, p.Formats = d.Classes(), dataset.Counts(d), map[string]int{}
	p.images = make([]scanned, d.Len())
	files, _ := d.(*dataset.Files)
	archives, _ := d.(*shards.Set)
	limits := imagefile.Settings{Budget: imagefile.NewBudget(4 * imagefile.DefaultMaxPixels)}
	var next atomic.Int64
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(p.images) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				f := &p.images[i]
				if f.label = d.Label(i); files != nil {
					f.path = files.Path(i)
					f.read(ctx, limits)
					continue
				}
				var img dataset.Image
				if f.path, f.format = fmt.Sprintf("%s image %d", p.Name, i), kind; archives != nil {
					f.path, f.format = inArchive(archives, i)
				}
				f.err = d.Image(i, &img)
				f.width, f.height, f.sum = img.Width, img.Height, sumOf(&img)
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

// inArchive says where an image lies, and its format.
func inArchive(s *shards.Set, i int) (place, format string) {
	name, offset := s.Place(i)
	raw, _ := s.Encoded(i) // an error of it is found when the image is decoded
	return fmt.Sprintf("%s@%d", name, offset), imagefile.Identify(raw)
}

// read decodes the file.
func (f *scanned) read(ctx context.Context, s imagefile.Settings) {
	picture, err := imagefile.DecodeFile(ctx, f.path, s)
	if f.err = err; err != nil {
		return
	}
	f.width, f.height = picture.Bounds().Dx(), picture.Bounds().Dy()
	var img dataset.Image
	if f.err = dataset.Convert(picture, dataset.Scale{Height: f.height, Width: f.width}, &img); f.err == nil {
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

func sumOf(m *dataset.Image) [sha256.Size]byte {
	head := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64(nil, uint64(m.Width)), uint64(m.Height))
	h := sha256.New()
	h.Write(head)
	h.Write(m.Pix)
	return [sha256.Size]byte(h.Sum(nil))
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
