package tensor

import (
	"fmt"
	"slices"
	"strings"
)

// Shape lists the dimensions of a tensor, the slowest first. The empty shape is a scalar's.
type Shape []int

// Len returns the number of values: the product of the dimensions, 1 for a scalar.
func (s Shape) Len() int {
	n := 1
	for _, d := range s {
		n *= d
	}
	return n
}

// Equal reports whether both have the same dimensions in the same order.
func (s Shape) Equal(other Shape) bool { return slices.Equal(s, other) }

// String returns the dimensions as in "[128 32 32 3]".
func (s Shape) String() string {
	return "[" + strings.Trim(fmt.Sprint([]int(s)), "[]") + "]"
}

func (s Shape) clone() Shape { return slices.Clone(s) }

func (s Shape) check(op string) {
	for _, d := range s {
		if d < 0 {
			panic(&Error{Op: op, Shapes: []Shape{s}, Detail: "negative dimension"})
		}
	}
}

func lengthDetail(got, want int) string {
	return fmt.Sprintf("%d values do not fill a shape of %d", got, want)
}

func noDimensionDetail(i int) string { return fmt.Sprintf("no dimension %d", i) }

func rowsDetail(from, to int) string { return fmt.Sprintf("no rows %d to %d", from, to) }
