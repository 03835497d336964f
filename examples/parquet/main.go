// Parquet makes tar archives, which longtail reads, of Parquet files as Hugging Face's data sets have them:
//
//	go run github.com/longtail-ml/longtail/examples/parquet -out birds/train birds/data/train-*.parquet
//	go run github.com/longtail-ml/longtail/examples/parquet -out birds/test birds/data/test-*.parquet
//	longtail train --data birds
//
// Images go over as they are, labels by the names of their classes. The other way, it makes a Parquet file of embeddings that longtail
// embed wrote, with columns name, features and label:
//
//	longtail embed runs/first -o train.safetensors
//	go run github.com/longtail-ml/longtail/examples/parquet -embeddings train.safetensors -out train.parquet
package main

import (
	"archive/tar"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/features"
	"github.com/longtail-ml/longtail/dataset/parquet"
	"github.com/longtail-ml/longtail/embedding"
	"github.com/longtail-ml/longtail/imagefile"
)

func main() {
	out := flag.String("out", "", "the `folder` of the archives, or the Parquet file of embeddings")
	embeddings := flag.String("embeddings", "", "a `file` of longtail embed, to make a Parquet file of")
	image := flag.String("image", "", "the `column` of images; without it, the one that has some")
	label := flag.String("label", "", "the `column` of labels; without it, label, or the one that has classes")
	each := flag.Int("each", 1000, "`images` in an archive")
	flag.Parse()
	if *out == "" || (flag.NArg() == 0) == (*embeddings == "") || *each < 1 {
		flag.Usage()
		os.Exit(2)
	}
	var n int
	var err error
	if *embeddings != "" {
		n, err = save(*out, *embeddings)
	} else {
		n, err = run(*out, *each, parquet.Settings{Fit: dataset.Whole, Image: *image, Label: *label}, flag.Args()...)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Printf("%d images in %s\n", n, *out)
}

// save makes a Parquet file of embeddings.
func save(out, from string) (images int, err error) {
	set, err := embedding.Open(from)
	if err != nil {
		return 0, err
	}
	vectors, err := features.New(set.Dim(), set.Vectors.Data(), set.Labels, set.Classes)
	if err != nil {
		return 0, err
	}
	return set.Len(), parquet.SaveFeatures(out, vectors, set.Names)
}

// run writes archives 0000.tar, 0001.tar and so on of so many images each.
func run(out string, each int, s parquet.Settings, paths ...string) (images int, err error) {
	if s.Cache, err = os.MkdirTemp("", "parquet"); err != nil { // where the images are until they are in archives
		return 0, err
	}
	defer os.RemoveAll(s.Cache)
	set, err := parquet.Open(context.Background(), s, paths...)
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(out, 0o777); err != nil {
		return 0, err
	}
	for from := 0; from < set.Len(); from += each {
		if err := write(filepath.Join(out, fmt.Sprintf("%04d.tar", from/each)), set, from, min(from+each, set.Len())); err != nil {
			return 0, err
		}
	}
	return set.Len(), nil
}

// write makes an archive of the images from one to another.
func write(path string, set *parquet.Set, from, to int) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	defer f.Close()
	w := tar.NewWriter(f)
	for i := from; i < to; i++ {
		image, err := set.Encoded(i)
		if err != nil {
			return err
		}
		kind := strings.ToLower(imagefile.Identify(image))
		if !imagefile.IsName("x." + kind) {
			return fmt.Errorf("image %d is no image that can be read: %s", i, kind)
		}
		for _, file := range []struct {
			ending  string
			content []byte
		}{{kind, image}, {"cls", []byte(set.Classes()[set.Label(i)])}} {
			if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("%08d.%s", i, file.ending), Mode: 0o644, Size: int64(len(file.content))}); err != nil {
				return err
			}
			if _, err := w.Write(file.content); err != nil {
				return err
			}
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	return f.Close()
}
