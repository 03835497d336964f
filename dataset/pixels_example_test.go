package dataset_test

import (
	"fmt"

	"github.com/longtail-ml/longtail/dataset"
)

// Two images of one pixel, from bytes that are in memory already.
func ExampleFromPixels() {
	d, err := dataset.FromPixels(dataset.Shape{Height: 1, Width: 1, Channels: 3}, []string{"red", "blue"}, []uint8{255, 0, 0, 0, 0, 255}, []int{0, 1})
	if err != nil {
		panic(err)
	}
	var img dataset.Image
	fmt.Println(d.Image(1, &img), d.Classes()[d.Label(1)], img.Pix)
	// Output: <nil> blue [0 0 255]
}
