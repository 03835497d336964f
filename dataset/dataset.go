package dataset

import "fmt"

// Dataset is a labelled set of images, read by index. All methods must be safe for concurrent callers as long as nobody
// changes the set.
type Dataset interface {
	// Len is the number of images.
	Len() int
	// Label is the class of image i, at least 0 and less than len(Classes()). Like an index into a slice, i must be in
	// range.
	Label(i int) int
	// Classes are the names of the classes; the label is the index. The caller must not change them.
	Classes() []string
	// Image fills dst with image i, reusing its buffer. It reports an index out of range or an image that cannot be read;
	// dst is then undefined.
	Image(i int, dst *Image) error
}

// Labels returns the label of every image, in order.
func Labels(d Dataset) []int {
	labels := make([]int, d.Len())
	for i := range labels {
		labels[i] = d.Label(i)
	}
	return labels
}

// Counts returns the number of images of each class; its length is that of Classes. Every label must be the index of a
// class.
func Counts(d Dataset) []int {
	counts := make([]int, len(d.Classes()))
	for i := range d.Len() {
		counts[d.Label(i)]++
	}
	return counts
}

func checkIndex(i, n int) error {
	if i < 0 || i >= n {
		return fmt.Errorf("dataset: image %d asked of a set of %d: the index must be at least 0 and less than %d", i, n, n)
	}
	return nil
}
