package parquet_test

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
	"github.com/longtail-ml/longtail/dataset/parquet"
	pq "github.com/parquet-go/parquet-go"
)

func Example() {
	dir, err := os.MkdirTemp("", "parquet")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := makeFile(filepath.Join(dir, "train-00000-of-00001.parquet")); err != nil {
		log.Fatal(err)
	}

	set, err := parquet.Open(context.Background(), parquet.Settings{Width: 32, Cache: filepath.Join(dir, "cache")}, dir)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(set.Len(), set.Classes(), dataset.Counts(set))
	// Output: 3 [ant owl] [1 2]
}

// makeFile writes black images, two owls and an ant, as Hugging Face's libraries do.
func makeFile(path string) error {
	type picture struct {
		Bytes []byte `parquet:"bytes"`
		Path  string `parquet:"path"`
	}
	type row struct {
		Image picture `parquet:"image"`
		Label int64   `parquet:"label"`
	}
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 40, 30))); err != nil {
		return err
	}
	black := picture{Bytes: b.Bytes(), Path: "black.png"}
	return pq.WriteFile(path, []row{{black, 1}, {black, 0}, {black, 1}},
		pq.KeyValueMetadata("huggingface", `{"info": {"features": {"label": {"names": ["ant", "owl"], "_type": "ClassLabel"}}}}`))
}
