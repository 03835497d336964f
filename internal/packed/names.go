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

// Number turns the samples' labels, as texts, into numbers: they are indices into classes if all are numbers, else names of
// them. Numbers are names, too, where all of them are among classes that others than numbers are among as well, unless integers
// says that they were no texts. nil classes are made of the labels: the numbers up to the largest, or the names in
// alphabetical order.
func Number(texts, classes []string, integers bool) (labels []int, names []string, err error) {
	distinct := slices.Clone(texts)
	slices.Sort(distinct)
	distinct = slices.Compact(distinct)
	of, most, numeric := make(map[string]int, len(distinct)), -1, true
	for _, text := range distinct {
		if noNumber(text) {
			numeric = false
			break
		}
		n, _ := strconv.Atoi(text)
		if n < 0 || n >= mostClasses {
			return nil, nil, BadLabel{slices.Index(texts, text), fmt.Sprintf("label %d: a number must be at least 0 and less than %d", n, mostClasses)}
		}
		of[text], most = n, max(most, n)
	}
	if numeric && !integers && slices.ContainsFunc(classes, noNumber) {
		known := make(map[string]bool, len(classes))
		for _, name := range classes {
			known[name] = true
		}
		numeric = slices.ContainsFunc(distinct, func(text string) bool { return !known[text] })
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

func noNumber(text string) bool {
	_, err := strconv.Atoi(text)
	return err != nil
}
