package metrics

import (
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"
)

// Confusion counts predictions by true class and predicted class. It needs memory for the pairs that occur, not for
// classes², so thousands of classes are no burden.
type Confusion struct {
	cells           map[[2]int]int // by label and predicted class
	images, correct []int          // by label
}

// mostClasses is more than any data set has.
const mostClasses = 1 << 24

// NewConfusion returns an empty confusion of the classes 0 to classes-1. Fewer than one class, or more than 16 million, is an
// error.
func NewConfusion(classes int) (*Confusion, error) {
	if classes < 1 || classes > mostClasses {
		return nil, fmt.Errorf("metrics: confusion of %d classes: there must be at least 1 and at most %d", classes, mostClasses)
	}
	return &Confusion{map[[2]int]int{}, make([]int, classes), make([]int, classes)}, nil
}

// Add counts one image of class label for which predicted was predicted. A class out of range is an error, and nothing
// is counted.
func (c *Confusion) Add(label, predicted int) error {
	n := c.Classes()
	if label < 0 || label >= n || predicted < 0 || predicted >= n {
		return fmt.Errorf("metrics: label %d, predicted %d: both must be classes from 0 to %d", label, predicted, n-1)
	}
	c.add(label, predicted, 1)
	return nil
}

func (c *Confusion) add(label, predicted, images int) {
	c.cells[[2]int{label, predicted}] += images
	c.images[label] += images
	if label == predicted {
		c.correct[label] += images
	}
}

// Merge adds the counts of other, which is left as it is. It must have as many classes.
func (c *Confusion) Merge(other *Confusion) error {
	if other == nil {
		return errors.New("metrics: Merge: the other confusion is nil")
	}
	if c.Classes() != other.Classes() {
		return fmt.Errorf("metrics: Merge: %d classes and %d classes: both must come from the same data set",
			c.Classes(), other.Classes())
	}
	for pair, n := range other.cells {
		c.add(pair[0], pair[1], n)
	}
	return nil
}

// At returns how many images of class label were predicted as predicted; 0 for classes out of range.
func (c *Confusion) At(label, predicted int) int { return c.cells[[2]int{label, predicted}] }

// Classes returns the number of classes.
func (c *Confusion) Classes() int { return len(c.images) }

// Total returns the number of images counted.
func (c *Confusion) Total() int { return sum(c.images) }

// Top1 returns the fraction of images predicted correctly, NaN without images.
func (c *Confusion) Top1() Rate { return ratio(sum(c.correct), c.Total()) }

// PerClass returns for each class the fraction of its images predicted correctly (its recall), NaN for a class without
// images.
func (c *Confusion) PerClass() []Rate {
	rates := make([]Rate, c.Classes())
	for class := range rates {
		rates[class] = ratio(c.correct[class], c.images[class])
	}
	return rates
}

const widest = 20 // classes that a table shows

// String returns a table, a row for each label and a column for each predicted class, or one line when there are more
// than 20 classes.
func (c *Confusion) String() string {
	n := c.Classes()
	if n > widest {
		return fmt.Sprintf("confusion of %d classes, %d images, top-1 %v\n", n, c.Total(), c.Top1())
	}
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "label")
	for p := range n {
		fmt.Fprintf(w, "\t%d", p)
	}
	fmt.Fprint(w, "\taccuracy\t\n")
	for label, accuracy := range c.PerClass() {
		fmt.Fprint(w, label)
		for p := range n {
			fmt.Fprintf(w, "\t%d", c.At(label, p))
		}
		fmt.Fprintf(w, "\t%v\t\n", accuracy)
	}
	w.Flush() // a strings.Builder takes every write
	return b.String()
}

func sum(counts []int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}
