package imagefile_test

import (
	"context"
	"fmt"
	"log"

	"github.com/longtail-ml/longtail/imagefile"
)

// A phone's picture lies on its side in the file, and stands here.
func ExampleDecodeFile() {
	picture, err := imagefile.DecodeFile(context.Background(), "testdata/orientation6.jpg", imagefile.Settings{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(picture.Bounds().Size())

	_, err = imagefile.DecodeFile(context.Background(), "testdata/generate.py", imagefile.Settings{})
	fmt.Println(err)
	// Output:
	// (32,48)
	// testdata/generate.py: not an image that can be decoded (unknown data): remove it, or get it again
}
