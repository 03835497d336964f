package shards_test

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"log"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/shards"
)

func Example() {
	dir, err := os.MkdirTemp("", "shards")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for n := range 2 {
		if err := makeShard(filepath.Join(dir, fmt.Sprintf("train-%04d.tar", n)), "owl", "ant", "owl"); err != nil {
			log.Fatal(err)
		}
	}

	set, err := shards.Open(context.Background(), shards.Settings{Width: 32, Cache: filepath.Join(dir, "cache")},
		filepath.Join(dir, "train-{0000..0001}.tar"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(set.Len(), set.Classes(), dataset.Counts(set))
	// Output: 6 [ant owl] [2 4]
}

// makeShard writes black images of the classes, as 0.png and 0.cls and so on.
func makeShard(path string, classes ...string) error {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := tar.NewWriter(f)
	for i, class := range classes {
		for name, content := range map[string][]byte{"png": picture.Bytes(), "cls": []byte(class)} {
			if err := w.WriteHeader(&tar.Header{Name: fmt.Sprintf("%d.%s", i, name), Mode: 0o644, Size: int64(len(content))}); err != nil {
				return err
			}
			if _, err := w.Write(content); err != nil {
				return err
			}
		}
	}
	return w.Close()
}
