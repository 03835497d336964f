// Contactsheet draws what the transforms of package augment do, as a PNG to look at: a row for each transform, the image as
// it is at the left, then as many draws as wanted; below, rows of each operation from one end of its range to the other.
//
//	go run ./examples/contactsheet                                   # generated images, to contactsheet.png
//	go run ./examples/contactsheet -data cifar-10-batches-bin -image 7 -out sheet.png
package main

import (
	"bytes"
	"flag"
	"fmt"
	"image/png"
	"os"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/record"
)

type settings struct {
	data   string
	out    string
	image  int
	draws  int
	side   int
	seed   uint64
	pixels int
}

func main() {
	var s settings
	flag.StringVar(&s.data, "data", "", "directory of a data set that dataset.Open knows; empty: generated images")
	flag.StringVar(&s.out, "out", "contactsheet.png", "file to write")
	flag.IntVar(&s.image, "image", 0, "index of the training image")
	flag.IntVar(&s.draws, "draws", 10, "columns")
	flag.IntVar(&s.side, "size", 0, "width and height of the images; 0: those of CIFAR, 32 for generated ones, 224 for folders")
	flag.IntVar(&s.pixels, "pixels", 64, "width and height of an image on the sheet, at least")
	flag.Uint64Var(&s.seed, "seed", 1, "of the draws")
	flag.Parse()
	if err := run(s); err != nil {
		fmt.Fprintln(os.Stderr, "contactsheet:", err)
		os.Exit(1)
	}
}

func run(s settings) error {
	if s.draws < 1 || s.draws > 100 || s.pixels < 1 || s.pixels > 1000 {
		return fmt.Errorf("%d draws of %d pixels: there must be 1 to 100 draws of 1 to 1000 pixels", s.draws, s.pixels)
	}
	images, err := s.images()
	if err != nil {
		return err
	}
	rows, err := allRows(s, images)
	if err != nil {
		return err
	}
	var sheet bytes.Buffer
	if err := png.Encode(&sheet, drawSheet(rows, s.draws+1, s.pixels)); err != nil {
		return err
	}
	if err := record.Replace(s.out, sheet.Bytes()); err != nil {
		return err
	}
	fmt.Printf("%s: %d rows of %d\n", s.out, len(rows), s.draws)
	return nil
}

// images returns the image asked for and seven more, from all over the training set, to blend it with.
func (s settings) images() ([]*dataset.Image, error) {
	train, err := s.open()
	if err != nil {
		return nil, err
	}
	if s.image < 0 || s.image >= train.Len() {
		return nil, fmt.Errorf("image %d: the training set has %d, counted from 0", s.image, train.Len())
	}
	images := make([]*dataset.Image, 8)
	for i := range images {
		images[i] = new(dataset.Image)
		if err := train.Image((s.image+i*(train.Len()/8))%train.Len(), images[i]); err != nil {
			return nil, err
		}
		if c := images[i].Channels; c != 3 && c != 1 {
			return nil, fmt.Errorf("images of %d channels: only grey and RGB images can be drawn", c)
		}
	}
	return images, nil
}

func (s settings) open() (dataset.Dataset, error) {
	if s.data != "" {
		train, _, err := dataset.Open(s.data, dataset.FolderSettings{Width: s.side})
		return train, err
	}
	side := s.side
	if side == 0 {
		side = 32
	}
	train, _, err := dataset.Generate(dataset.GenerateSettings{Size: side, PerClass: 10, TestPerClass: 1, Seed: s.seed})
	return train, err
}
