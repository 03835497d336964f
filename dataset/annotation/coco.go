package annotation

import (
	"fmt"
	"image"
	"math"

	"github.com/longtail-ml/longtail/dataset"
)

type category struct {
	ID   id     `json:"id"`
	Name string `json:"name"`
}

// coco is what a file has, ids by their numbers.
type coco struct {
	path     string
	settings Settings

	images, categories numbering
	imageIDs           texts // by number
	categoryIDs        texts
	files              dataset.FileList // of the images that are described, in order
	image              []int32          // the number of each
	described          []bool           // by number of image
	name               map[int32]string // by number of category; nil: the file has no categories

	// Of each annotation:
	ids  texts // none where it has none
	of   []int32
	is   []int32
	rect []image.Rectangle // with Crop; empty where there is no box
}

// ReadCOCO reads JSON in the manner of COCO and iNaturalist: an object with images (id, file_name), annotations (id, image_id,
// category_id and, for Crop, bbox: left, top, width and height in pixels) and categories (id, name), in any order. Ids may be
// numbers or words. Without Crop an image has the one category that its annotations have. Images without annotation are left
// out; if all are, the error wraps ErrNoLabels. Categories without images are no classes, unless Classes say so. What is
// unclear is an error with the id of the annotation.
func ReadCOCO(path string, s Settings) (*Set, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	c := &coco{path: path, settings: s, images: newNumbering(), categories: newNumbering()}
	if err := c.read(); err != nil {
		return nil, fmt.Errorf("annotation: %w", err)
	}
	set, err := c.set()
	if err != nil {
		return nil, fmt.Errorf("annotation: %s: %w", path, err)
	}
	return set, nil
}

// set joins images, annotations and categories.
func (c *coco) set() (*Set, error) {
	set, of := &Set{Files: &dataset.FileList{}}, newLabels(c.settings)
	for n := range c.of {
		if image := c.of[n]; !c.described[image] {
			if err := c.unclear(set, "annotations of images that are not described", "", n, "is of image %s, which is not among the images",
				c.imageIDs.at(int(image))); err != nil {
				return nil, err
			}
			c.is[n] = -1
		} else if _, known := c.name[c.is[n]]; !known && c.name != nil {
			if err := c.unclear(set, "annotations of unknown categories", "", n, "is of category %s, which is not among the categories",
				c.categoryIDs.at(int(c.is[n]))); err != nil {
				return nil, err
			}
			c.is[n] = -1
		}
	}
	var err error
	if c.settings.Crop {
		err = c.cropped(set, of)
	} else {
		err = c.whole(set, of)
	}
	if err != nil {
		return nil, err
	}
	if set.Files.Len() == 0 {
		return nil, fmt.Errorf("%w: %d images, and none with an annotation of a category", ErrNoLabels, c.files.Len())
	}
	if c.settings.Classes == nil {
		for n := range int32(len(c.categoryIDs.ends)) {
			name, listed := c.name[n]
			if _, used := of.index[c.categoryIDs.at(int(n))]; listed && !used {
				set.leave("categories without an image", name)
			}
		}
	}
	names := c.settings.Names
	if names == nil {
		names = map[string]string{}
		for n, name := range c.name {
			names[c.categoryIDs.at(int(n))] = name
		}
	}
	of.finish(set, names)
	return set, nil
}

// unclear is an error about annotation n, or counts it as left out.
func (c *coco) unclear(set *Set, what, file string, n int, format string, args ...any) error {
	name := fmt.Sprintf("number %d of the file, which has no id,", n+1)
	if c.ids.at(n) != "" {
		name = c.ids.at(n)
	}
	if c.settings.LeaveOut {
		if file == "" {
			file = "annotation " + name
		}
		set.leave(what, file)
		return nil
	}
	return fmt.Errorf("%w: annotation %s %s: mend it, or leave it out", ErrUnclear, name, fmt.Sprintf(format, args...))
}

// whole gives each image the category of its annotations.
func (c *coco) whole(set *Set, of *labels) error {
	first := make([]int32, len(c.described)) // 1 + the image's first annotation
	several := map[int32]bool{}
	for n, image := range c.of {
		switch before := first[image] - 1; {
		case c.is[n] < 0 || several[image]:
		case before < 0:
			first[image] = int32(n) + 1
		case c.is[before] != c.is[n]:
			several[image] = true
			if err := c.unclear(set, "images of several categories", "image "+c.imageIDs.at(int(image)), n, "says category %s of image %s, annotation %s says %s (crop by boxes, if each has one)",
				c.categoryIDs.at(int(c.is[n])), c.imageIDs.at(int(image)), c.ids.at(int(before)), c.categoryIDs.at(int(c.is[before]))); err != nil {
				return err
			}
		}
	}
	for i := range c.files.Len() {
		switch image := c.image[i]; {
		case several[image]:
		case first[image] == 0:
			set.leave("images without annotation", c.files.Path(i))
		default:
			if err := c.add(set, of, i, int(first[image]-1)); err != nil {
				return err
			}
		}
	}
	return nil
}

// cropped makes an image of every annotation.
func (c *coco) cropped(set *Set, of *labels) error {
	at := make([]int32, len(c.described)) // 1 + the place of an image among the files
	for i, image := range c.image {
		at[image] = int32(i) + 1
	}
	annotated := make([]bool, len(c.image))
	for n, image := range c.of {
		if c.is[n] < 0 {
			continue
		}
		i := int(at[image] - 1)
		annotated[i] = true
		if c.rect[n].Empty() {
			if err := c.unclear(set, "annotations without a box", "", n, "of image %s has no box to crop by, or an empty one", c.imageIDs.at(int(image))); err != nil {
				return err
			}
			continue
		}
		if err := c.add(set, of, i, n); err != nil {
			return err
		}
	}
	for i, yes := range annotated {
		if !yes {
			set.leave("images without annotation", c.files.Path(i))
		}
	}
	return nil
}

// add adds file i with annotation n.
func (c *coco) add(set *Set, of *labels, i, n int) error {
	id, file := c.categoryIDs.at(int(c.is[n])), c.files.Path(i)
	label, known := of.of(id)
	switch {
	case !known:
		return c.unclear(set, "images of other classes", file, n, "is of category %s, which is none of the %d classes of the training set", id, len(of.index))
	case c.settings.Crop:
		set.Files.AddBox(file, label, c.rect[n])
	default:
		set.Files.Add(file, label)
	}
	return nil
}

// rectangle is a box of left, top, width and height, in whole pixels; empty if it is none.
func rectangle(b []float64) image.Rectangle {
	const most = 1 << 30
	if len(b) != 4 {
		return image.Rectangle{}
	}
	for _, v := range b {
		if math.Abs(v) > most {
			return image.Rectangle{}
		}
	}
	if b[2] <= 0 || b[3] <= 0 {
		return image.Rectangle{}
	}
	return image.Rect(int(math.Floor(b[0])), int(math.Floor(b[1])), int(math.Ceil(b[0]+b[2])), int(math.Ceil(b[1]+b[3])))
}
