package dataset_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/dataset"
)

// picture encodes a PNG of one colour.
func picture(width, height int, c color.Color) []byte {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		img.Set(i%width, i/width, c)
	}
	var file bytes.Buffer
	if err := png.Encode(&file, img); err != nil {
		panic(err)
	}
	return file.Bytes()
}

// pictures writes train and test folders of two classes and returns their parent.
func pictures() string {
	dir, err := os.MkdirTemp("", "pictures")
	if err != nil {
		panic(err)
	}
	for _, name := range []string{"train/cat/1.png", "train/cat/2.png", "train/dog/1.png", "test/cat/1.png", "test/dog/1.png"} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			panic(err)
		}
		if err := os.WriteFile(path, picture(60, 40, color.RGBA{200, 100, 50, 255}), 0o644); err != nil {
			panic(err)
		}
	}
	return dir
}

func ExampleOpen() {
	dir := pictures()
	defer os.RemoveAll(dir)
	train, test, err := dataset.Open(dir, dataset.FolderSettings{})
	if err != nil {
		panic(err)
	}
	fmt.Println(train.Classes(), dataset.Counts(train), dataset.Counts(test))
	// Output: [cat dog] [2 1] [1 1]
}

func ExampleLoad() {
	dir := pictures()
	defer os.RemoveAll(dir)
	folder, err := dataset.OpenFolder(filepath.Join(dir, "train"), dataset.FolderSettings{Width: 8})
	if err != nil {
		panic(err)
	}
	memory, err := dataset.Load(context.Background(), folder) // decoded once instead of in every epoch
	if err != nil {
		panic(err)
	}
	var img dataset.Image
	if err := memory.Image(2, &img); err != nil {
		panic(err)
	}
	fmt.Println(memory.Len(), img.Shape(), img.Pix[:3])
	// Output: 3 8×8×3 [200 100 50]
}

func ExampleDecode() {
	var img dataset.Image
	err := dataset.Decode(bytes.NewReader(picture(90, 30, color.White)), dataset.Scale{Height: 32, Width: 32}, &img)
	fmt.Println(img.Shape(), err)
	err = dataset.Decode(bytes.NewReader([]byte("no picture")), dataset.Scale{Height: 32, Width: 32}, &img)
	fmt.Println(err != nil)
	// Output:
	// 32×32×3 <nil>
	// true
}
