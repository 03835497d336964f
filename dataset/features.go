package dataset

import "fmt"

// Features is a Dataset whose samples are vectors in place of images: what DINO, CLIP or any other model made of them. Image
// reports that there is none. Package dataset/features has one in memory, and reads files of them.
type Features interface {
	Dataset
	// Width is the number of values of a sample. 0: the samples are images after all, as those of a subset of images are.
	Width() int
	// Vector fills dst, of Width values, with sample i. It reports an index out of range or a sample that cannot be read; dst
	// is then undefined.
	Vector(i int, dst []float32) error
}

// WidthOf returns the number of values of a sample of d, if they are Features, which Subset, LongTail and Holdout pass on; 0
// for images.
func WidthOf(d Dataset) int {
	if f, ok := d.(Features); ok {
		return f.Width()
	}
	return 0
}

// ErrNoImage is what Image returns for features of the given width.
func ErrNoImage(width int) error {
	return fmt.Errorf("dataset: the samples are features of %d values, not images: read them with Vector", width)
}
