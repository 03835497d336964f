package tensor

import (
	"fmt"
	"math"
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

// maxValues is more than any machine holds: a shape beyond it is a mistake, and its length in bytes might overflow.
const maxValues = min(1<<40, math.MaxInt/4)

// invalid returns what is wrong with the shape, or nil.
func (s Shape) invalid(op string) error {
	n := 1 // of the dimensions that are not 0, so that those of every part can be counted
	for _, d := range s {
		if d < 0 {
			return &Error{Op: op, Shapes: []Shape{s}, Detail: "negative dimension"}
		}
		if d > 0 && n > maxValues/d {
			return &Error{Op: op, Shapes: []Shape{s}, Detail: "more values than memory can hold"}
		}
		n *= max(d, 1)
	}
	return nil
}

func (s Shape) check(op string) {
	if err := s.invalid(op); err != nil {
		panic(err)
	}
}

func lengthDetail(got, want int) string {
	return fmt.Sprintf("%d values do not fill a shape of %d", got, want)
}

func noDimensionDetail(i int) string { return fmt.Sprintf("no dimension %d", i) }

func rowsDetail(from, to int) string { return fmt.Sprintf("no rows %d to %d", from, to) }
