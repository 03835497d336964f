package dataset

// Func is a Dataset of your own, made of functions, which must be safe for concurrent callers.
type Func struct {
	Images   int // how many
	Names    []string
	LabelOf  func(i int) int
	ReadInto func(i int, dst *Image) error // see Dataset.Image
}

// Len is the number of images.
func (f Func) Len() int { return f.Images }

// Label calls LabelOf.
func (f Func) Label(i int) int { return f.LabelOf(i) }

// Classes are the names.
func (f Func) Classes() []string { return f.Names }

// Image calls ReadInto, for an index in range.
func (f Func) Image(i int, dst *Image) error {
	if err := checkIndex(i, f.Images); err != nil {
		return err
	}
	return f.ReadInto(i, dst)
}
