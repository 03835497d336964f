package annotation

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
)

// labels numbers the ids of classes in the order in which they come, and in the end in their own.
type labels struct {
	index map[string]int
	ids   []string
	given *Classes // that there are no others than
}

func newLabels(s Settings) *labels {
	l := &labels{index: map[string]int{}, given: s.Classes}
	if l.given != nil {
		for i, id := range l.given.IDs {
			l.index[id] = i
		}
	}
	return l
}

// of returns the label of an id; false: it is of no class that was given.
func (l *labels) of(id string) (int, bool) {
	label, known := l.index[id]
	if !known && l.given == nil {
		label, known = len(l.ids), true
		l.index[id] = label
		l.ids = append(l.ids, id)
	}
	return label, known
}

// finish brings the classes of a set into order.
func (l *labels) finish(set *Set, names map[string]string) {
	if l.given != nil {
		set.Classes = *l.given
		return
	}
	order := sorted(l.ids)
	final := make([]int, len(order))
	for label, was := range order {
		final[was] = label
		set.Classes.IDs = append(set.Classes.IDs, l.ids[was])
	}
	set.Files.Relabel(final)
	set.Classes.Names = named(set.Classes.IDs, names)
}

// sorted returns the order of ids: of numbers by their value, of words by the alphabet.
func sorted(ids []string) []int {
	order, value := make([]int, len(ids)), make([]int64, len(ids))
	numbers := true
	for i, id := range ids {
		v, err := strconv.ParseInt(id, 10, 64)
		order[i], value[i], numbers = i, v, numbers && err == nil
	}
	slices.SortFunc(order, func(a, b int) int {
		if numbers && value[a] != value[b] {
			return cmp.Compare(value[a], value[b])
		}
		return cmp.Compare(ids[a], ids[b])
	})
	return order
}

// named returns a name for each id: its own, or the id where there is none. Where two are alike, the ids tell them apart.
func named(ids []string, names map[string]string) []string {
	all, times := make([]string, len(ids)), map[string]int{}
	for i, id := range ids {
		if all[i] = cmp.Or(names[id], id); names[id] != "" {
			times[all[i]]++
		}
	}
	for i, id := range ids {
		if times[all[i]] > 1 || names[id] == "" && times[id] > 0 {
			all[i] = fmt.Sprintf("%s (%s)", all[i], id)
		}
	}
	return all
}
