package packed

import (
	"fmt"
	"slices"
	"strconv"
)

// mostClasses is how many classes numbers alone make: a larger label is a mistake.
const mostClasses = 1 << 20

// BadLabel is the error of a label that is not one of the classes.
type BadLabel struct {
	Index int // of the sample
	Why   string
}

func (b BadLabel) Error() string { return fmt.Sprintf("sample %d has %s", b.Index, b.Why) }

// Number turns the samples' labels, as texts, into numbers: they are indices into classes if all are numbers and they are not
// to be named, else names of them. nil classes are made of the labels: the numbers up to the largest, or the names in
// alphabetical order.
func Number(texts, classes []string, named bool) (labels []int, names []string, err error) {
	distinct := slices.Clone(texts)
	slices.Sort(distinct)
	distinct = slices.Compact(distinct)
	of, most, numeric := make(map[string]int, len(distinct)), -1, !named
	for _, text := range distinct {
		n, err := strconv.Atoi(text)
		if numeric = numeric && err == nil; !numeric {
			break
		}
		if n < 0 || n >= mostClasses {
			return nil, nil, BadLabel{slices.Index(texts, text), fmt.Sprintf("label %d: a number must be at least 0 and less than %d", n, mostClasses)}
		}
		of[text], most = n, max(most, n)
	}
	names = slices.Clone(classes)
	if classes == nil && numeric {
		for i := range most + 1 {
			names = append(names, strconv.Itoa(i))
		}
	}
	if classes == nil && !numeric {
		names = distinct
	}
	if !numeric {
		of = make(map[string]int, len(names))
		for i, name := range names {
			of[name] = i
		}
	}
	labels = make([]int, len(texts))
	for i, text := range texts {
		label, known := of[text]
		if !known || label >= len(names) {
			return nil, nil, BadLabel{i, fmt.Sprintf("label %q: it is not one of the %d classes", text, len(names))}
		}
		labels[i] = label
	}
	return labels, names, nil
}
