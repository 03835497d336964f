package npy_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/npy"
)

func Example() {
	dir, err := os.MkdirTemp("", "npy")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "features.npy")
	if err := npy.Save(path, []float32{1, 2, 3, 4, 5, 6}, 2, 3); err != nil {
		log.Fatal(err)
	}
	f, err := npy.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	defer f.Close()
	values, err := f.Float32()
	fmt.Println(f.Shape, f.DType, values, err)
	// Output: [2 3] <f4 [1 2 3 4 5 6] <nil>
}
