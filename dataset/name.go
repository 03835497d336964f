package dataset

import "fmt"

// NameOf says which image i of d is, for messages: "image 17", with the path of its file where d, or the set it was chosen from,
// has a method Path as Files has.
func NameOf(d Dataset, i int) string {
	switch s := d.(type) {
	case interface{ name(i int) string }:
		return s.name(i)
	case interface{ Path(i int) string }:
		return fmt.Sprintf("image %d (%s)", i, s.Path(i))
	}
	return fmt.Sprintf("image %d", i)
}

// PathOf is the path of the file of image i of d, or of the set that d was chosen from, where that has a method Path as Files has;
// else "".
func PathOf(d Dataset, i int) string {
	switch s := d.(type) {
	case interface{ path(i int) string }:
		return s.path(i)
	case interface{ Path(i int) string }:
		return s.Path(i)
	}
	return ""
}
