package dataset_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"log"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/dataset"
)

func Example() {
	train, test, err := dataset.Generate(dataset.GenerateSettings{})
	if err != nil {
		log.Fatal(err)
	}
	tail, err := dataset.LongTail(train, dataset.Exponential{Imbalance: 50}, dataset.LongTailSettings{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(dataset.Counts(tail))
	fmt.Println(dataset.Counts(test))
	// Output:
	// [200 129 83 54 35 22 14 9 6 4]
	// [50 50 50 50 50 50 50 50 50 50]
}

func ExampleGenerate() {
	train, test, err := dataset.Generate(dataset.GenerateSettings{Classes: 4, Size: 24, PerClass: 30, TestPerClass: 10})
	if err != nil {
		log.Fatal(err)
	}
	var img dataset.Image
	if err := train.Image(100, &img); err != nil {
		log.Fatal(err)
	}
	fmt.Println(train.Len(), test.Len(), img.Shape(), train.Classes()[train.Label(100)])
	// Output: 120 40 24×24×3 square-3
}

func ExampleMemory() {
	m, err := dataset.NewMemory(dataset.Shape{Height: 1, Width: 2, Channels: 3}, []string{"dark", "light"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.Append(0, []uint8{10, 10, 10, 20, 20, 20}))
	fmt.Println(m.Append(2, []uint8{10, 10, 10, 20, 20, 20}))
	// Output:
	// <nil>
	// dataset: image 1 has label 2: with 2 classes it must be at least 0 and less than 2
}

func ExampleOpenFolder() {
	dir, err := os.MkdirTemp("", "folder")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	for _, class := range []string{"bee", "ant"} {
		var file bytes.Buffer
		if err := png.Encode(&file, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
			log.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(dir, class), 0o755); err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, class, "0.png"), file.Bytes(), 0o644); err != nil {
			log.Fatal(err)
		}
	}

	folder, err := dataset.OpenFolder(dir, dataset.FolderSettings{Width: 24})
	if err != nil {
		log.Fatal(err)
	}
	inMemory, err := dataset.Load(context.Background(), folder)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(inMemory.Len(), inMemory.Classes())
	fmt.Println(inMemory.Shape())
	// Output:
	// 2 [ant bee]
	// 24×24×3
}

func ExampleSubset() {
	train, _, err := dataset.Generate(dataset.GenerateSettings{Classes: 2, PerClass: 3, TestPerClass: 1})
	if err != nil {
		log.Fatal(err)
	}
	half, err := dataset.Subset(train, []int{0, 2, 4})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(dataset.Labels(train), dataset.Labels(half))
	// Output: [0 0 0 1 1 1] [0 0 1]
}

func ExampleExponential() {
	counts, err := dataset.Exponential{Imbalance: 100}.Counts([]int{5000, 5000, 5000, 5000, 5000})
	fmt.Println(counts, err)
	// Output: [5000 1581 500 158 50] <nil>
}

func ExampleStep() {
	counts, err := dataset.Step{Imbalance: 100, Max: 500}.Counts([]int{5000, 5000, 5000, 5000, 5000})
	fmt.Println(counts, err)
	// Output: [500 500 5 5 5] <nil>
}

func ExampleLongTail() {
	train, _, err := dataset.Generate(dataset.GenerateSettings{Classes: 3, PerClass: 40, TestPerClass: 1})
	if err != nil {
		log.Fatal(err)
	}
	_, err = dataset.LongTail(train, dataset.Exponential{Imbalance: 50}, dataset.LongTailSettings{})
	fmt.Println(err)
	tail, err := dataset.LongTail(train, dataset.Exponential{Imbalance: 10},
		dataset.LongTailSettings{Selection: dataset.Shuffle, Seed: 1})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(dataset.Counts(tail))
	// Output:
	// dataset: the profile leaves class 2 ("square-2") without an image: lower the imbalance factor, raise the maximum, or allow empty classes
	// [40 12 4]
}
