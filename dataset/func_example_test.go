package dataset_test

import (
	"fmt"

	"github.com/longtail-ml/longtail/dataset"
)

// Gray images of 4×4 pixels, of which class 1 is the lighter.
func ExampleFunc() {
	d := dataset.Func{Images: 10, Names: []string{"dark", "light"},
		LabelOf: func(i int) int { return i % 2 },
		ReadInto: func(i int, dst *dataset.Image) error {
			dst.Resize(dataset.Shape{Height: 4, Width: 4, Channels: 1})
			for p := range dst.Pix {
				dst.Pix[p] = uint8(50 + 100*(i%2) + p)
			}
			return nil
		}}
	var img dataset.Image
	fmt.Println(dataset.Counts(d), d.Image(3, &img), img.Pix[0])
	fmt.Println(d.Image(10, &img))
	// Output:
	// [5 5] <nil> 150
	// dataset: image 10 asked of a set of 10: the index must be at least 0 and less than 10
}
