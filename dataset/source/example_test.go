package source_test

import (
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/dataset/source"
)

func ExampleScanAll() {
	dir, err := os.MkdirTemp("", "photos")
	check(err)
	defer os.RemoveAll(dir)
	for name, width := range map[string]int{"train/cat/1.png": 4, "train/dog/2.png": 5, "test/cat/3.png": 4, "test/dog/4.png": 6} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		check(os.MkdirAll(filepath.Dir(path), 0o777))
		f, err := os.Create(path)
		check(err)
		check(png.Encode(f, image.NewGray(image.Rect(0, 0, width, 4))))
		check(f.Close())
	}
	check(os.WriteFile(filepath.Join(dir, "train", "dog", "5.jpg"), []byte("a fault of the camera"), 0o666))

	scan, err := source.ScanAll(context.Background(), dir, source.Settings{})
	check(err)
	for _, part := range scan.Parts {
		fmt.Println(part.Name, part.Classes, part.Counts, len(part.Bad), "bad")
	}
	fmt.Println(len(scan.Duplicates), "image is in both parts, or in two classes")
	// Output:
	// train [cat dog] [1 2] 1 bad
	// test [cat dog] [1 1] 0 bad
	// 1 image is in both parts, or in two classes
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
