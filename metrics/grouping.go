package metrics

import (
	"cmp"
	"fmt"
	"slices"
)

// Grouping splits classes into many-, medium- and few-shot ones by their numbers of training images. Each class is in
// one group; a group may be empty. Split returns class indices in ascending order and does not change counts.
type Grouping interface {
	Split(counts []int) (many, medium, few []int, err error)
}

// Groups splits by thresholds: many-shot classes have more than Many training images, few-shot classes fewer than Few,
// medium-shot classes from Few to Many, both included. The zero value is the usual 100 and 20 (arXiv 1904.05160).
type Groups struct {
	Many int // 0 means 100
	Few  int // 0 means 20
}

// Split returns the classes of each group. Thresholds that are negative or overlap are an error.
func (g Groups) Split(counts []int) (many, medium, few []int, err error) {
	above, below := cmp.Or(g.Many, 100), cmp.Or(g.Few, 20)
	if g.Many < 0 || g.Few < 0 {
		return nil, nil, nil, fmt.Errorf("metrics: Groups with Many %d and Few %d: neither may be negative", above, below)
	}
	if below-1 > above {
		return nil, nil, nil, fmt.Errorf("metrics: Groups with Many %d and Few %d: a class of %d images would be both, "+
			"lower Few or raise Many", above, below, below-1)
	}
	for class, n := range counts {
		switch {
		case n > above:
			many = append(many, class)
		case n < below:
			few = append(few, class)
		default:
			medium = append(medium, class)
		}
	}
	return many, medium, few, nil
}

// ByRank splits by rank, as papers on CIFAR-10-LT do, where few classes have fewer than 20 images: the First classes
// with the most training images are many-shot, the Last with the fewest few-shot, those between medium-shot. Among
// classes of equal count the lower index ranks first. The zero value is 3 and 3.
type ByRank struct {
	First int // 0 means 3
	Last  int // 0 means 3
}

// Split returns the classes of each group. Negative sizes, or more classes in First and Last than there are, are an
// error.
func (r ByRank) Split(counts []int) (many, medium, few []int, err error) {
	first, last := cmp.Or(r.First, 3), cmp.Or(r.Last, 3)
	if r.First < 0 || r.Last < 0 {
		return nil, nil, nil, fmt.Errorf("metrics: ByRank with First %d and Last %d: neither may be negative", first, last)
	}
	if last > len(counts)-first {
		return nil, nil, nil, fmt.Errorf("metrics: ByRank with First %d and Last %d: there are only %d classes",
			first, last, len(counts))
	}
	order := make([]int, len(counts))
	for class := range order {
		order[class] = class
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(counts[b], counts[a]) })
	many, medium, few = order[:first:first], order[first:len(order)-last:len(order)-last], order[len(order)-last:]
	for _, group := range [][]int{many, medium, few} {
		slices.Sort(group)
	}
	return many, medium, few, nil
}
