// Command inaturalist writes a data set of the shape of iNaturalist 2018, whose images are 120 GB: 437,513 training images of
// 8,142 classes with 2 to 1,000 each, of which 842 have more than 100 and 3,224 fewer than 20, and three validation images
// each. The images are links to photographs of yours, used again and again, so that nothing is learned, but loading, memory
// and speed are what they would be.
//
//	go run ./examples/inaturalist -photos caltech101 -out inat
//	longtail train --data inat --backbone resnet --depth 50
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/imagefile"
)

func main() {
	var s shape
	photos := flag.String("photos", "", "folder of photographs, at any depth")
	out := flag.String("out", "", "folder to write; on the same disk, for hard links")
	flag.IntVar(&s.classes, "classes", 8142, "classes")
	flag.IntVar(&s.images, "images", 437513, "training images")
	flag.Parse()
	if err := write(*photos, *out, s); err != nil {
		fmt.Fprintln(os.Stderr, "inaturalist:", err)
		os.Exit(1)
	}
}

type shape struct{ classes, images int }

// counts returns the sizes of the classes, the largest first: from 1,000 to 100 images, to 20, and to 2 by powers, in such a
// curve that the sum is right.
func (s shape) counts() ([]int, error) {
	many, few := s.classes*842/8142, s.classes*(842+4076)/8142
	if many < 5 || s.images < 54*s.classes*9/10 || s.images > 54*s.classes*11/10 {
		return nil, fmt.Errorf("%d images of %d classes: there must be 50 classes or more, and about 54 images each", s.images, s.classes)
	}
	all := make([]int, s.classes)
	fill := func(bend float64) (sum int) {
		part := func(from, to int, high, low float64) {
			for c := from; c < to; c++ {
				t := math.Pow(float64(c-from)/float64(max(to-from-1, 1)), bend)
				all[c] = int(math.Round(high * math.Pow(low/high, t)))
				sum += all[c]
			}
		}
		part(0, many, 1000, 101)
		part(many, few, 100, 20)
		part(few, s.classes, 19, 2)
		return sum
	}
	low, high := 0.01, 10.0 // bends, of which a larger one makes larger classes
	for range 60 {
		if middle := (low + high) / 2; fill(middle) < s.images {
			low = middle
		} else {
			high = middle
		}
	}
	rest := s.images - fill(low)
	for c := 1; rest != 0; c = c%(many-2) + 1 { // what rounding leaves
		step := max(min(rest, 1), -1)
		if n := all[c] + step; n > 100 && n < 1000 {
			all[c], rest = n, rest-step
		}
	}
	return all, nil
}

// write writes images and annotations.
func write(photos, out string, s shape) error {
	counts, err := s.counts()
	if err != nil {
		return err
	}
	files, err := find(photos)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return err
	}
	rng := rand.New(rand.NewPCG(2018, 0))
	order := rng.Perm(s.classes) // class ids do not go by size
	set := func(name string, count func(class int) int) error {
		return annotate(filepath.Join(out, name), s.classes, func(image func(file string, class int) error) error {
			for class := range s.classes {
				dir := filepath.Join("train_val2018", fmt.Sprint(class))
				if err := os.MkdirAll(filepath.Join(out, dir), 0o777); err != nil {
					return err
				}
				for k := range count(class) {
					sum := sha256.Sum256(fmt.Appendf(nil, "%s %d %d", name, class, k))
					from := files[rng.IntN(len(files))]
					file := filepath.Join(dir, fmt.Sprintf("%x%s", sum[:16], filepath.Ext(from)))
					if err := link(from, filepath.Join(out, file)); err != nil {
						return err
					}
					if err := image(filepath.ToSlash(file), class); err != nil {
						return err
					}
				}
			}
			return nil
		})
	}
	if err := set("train2018.json", func(class int) int { return counts[order[class]] }); err != nil {
		return err
	}
	return set("val2018.json", func(int) int { return 3 })
}

func find(dir string) (all []string, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && imagefile.IsName(path) {
			all = append(all, path)
		}
		return err
	})
	if err == nil && all == nil {
		err = fmt.Errorf("no photographs in %s", dir)
	}
	return all, err
}

// link makes a hard link, or else a symbolic one.
func link(from, to string) error {
	err := os.Link(from, to)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return os.Symlink(from, to)
	}
	return err
}

// annotate writes one JSON file as iNaturalist's, image after image.
func annotate(path string, classes int, each func(image func(file string, class int) error) error) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriter(f)
	fmt.Fprint(w, `{"info": {"description": "links to a few photographs, in the shape of iNaturalist 2018"}, "images": [`)
	var labels []int
	if err := each(func(file string, class int) error {
		text, err := json.Marshal(file)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s{\"license\": 3, \"file_name\": %s, \"rights_holder\": \"someone\", \"height\": 600, \"width\": 800, \"id\": %d}", comma(len(labels)), text, len(labels))
		labels = append(labels, class)
		return nil
	}); err != nil {
		return err
	}
	fmt.Fprint(w, `], "annotations": [`)
	for i, class := range labels {
		fmt.Fprintf(w, "%s{\"image_id\": %d, \"category_id\": %d, \"id\": %d}", comma(i), i, class, i)
	}
	fmt.Fprint(w, `], "categories": [`)
	for class := range classes {
		fmt.Fprintf(w, "%s{\"id\": %d, \"name\": \"species %d\", \"supercategory\": \"Plantae\"}", comma(class), class, class)
	}
	fmt.Fprint(w, "]}\n")
	return w.Flush()
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ", "
}
