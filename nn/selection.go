package nn

import (
	"errors"
	"fmt"
	"slices"
)

// Select returns the part of m whose paths match one of the patterns (see MatchPath), under the same paths: a backbone
// alone, to save it or to load it into a network with another classifier. The selection reads through to m. It is an error
// if there is no pattern, or one that matches nothing.
func Select(m Visitable, patterns ...string) (Visitable, error) {
	entries, err := matching(Entries(m), "entry", patterns)
	if err != nil {
		return nil, err
	}
	return selection(entries), nil
}

// FreezePaths freezes, as Freeze does, the parameters and statistics of m whose paths match one of the patterns (see
// MatchPath), and returns how many they are; the statistics of a layer are frozen together and count as one. What m shows
// under several paths is frozen if one of them matches. It is an error, and nothing is frozen, if there is no pattern, or
// one that matches nothing.
func FreezePaths(m Visitable, patterns ...string) (n int, err error) {
	return setFrozen(freezable(m), "parameter or statistic", patterns, true)
}

// UnfreezePaths is the reverse of FreezePaths: what matches is trained.
func UnfreezePaths(m Visitable, patterns ...string) (n int, err error) {
	return setFrozen(freezable(m), "parameter or statistic", patterns, false)
}

// FreezeStatistics is FreezePaths for statistics alone: batch norm normalises by its running statistics and keeps them,
// while weight and bias learn. That is usual in fine-tuning with small batches.
func FreezeStatistics(m Visitable, patterns ...string) (n int, err error) {
	return setFrozen(statistics(m), "statistic", patterns, true)
}

// UnfreezeStatistics is the reverse of FreezeStatistics: batch norm normalises by the batch and its running statistics
// follow, even where the parameters are frozen.
func UnfreezeStatistics(m Visitable, patterns ...string) (n int, err error) {
	return setFrozen(statistics(m), "statistic", patterns, false)
}

// freezable returns the entries of m that can be frozen.
func freezable(m Visitable) []Entry {
	return slices.DeleteFunc(Entries(m), func(e Entry) bool { return e.frozen == nil })
}

// statistics returns those of freezable that are no parameters.
func statistics(m Visitable) []Entry {
	return slices.DeleteFunc(freezable(m), func(e Entry) bool { return e.Param != nil })
}

// setFrozen sets the switches of the entries that match a pattern and returns how many there are.
func setFrozen(entries []Entry, kind string, patterns []string, frozen bool) (int, error) {
	chosen, err := matching(entries, kind, patterns)
	if err != nil {
		return 0, err
	}
	distinct := map[*bool]bool{}
	for _, e := range chosen {
		*e.frozen = frozen
		distinct[e.frozen] = true
	}
	return len(distinct), nil
}

// selection is a fixed list of entries, some module's.
type selection []Entry

// Visit shows the entries.
func (s selection) Visit(v Visitor) {
	for _, e := range s {
		e.Path = v.prefix + e.Path
		v.visit(e)
	}
}

// matching returns the entries that match a pattern. Each pattern must match one of them, which kind names.
func matching(entries []Entry, kind string, patterns []string) ([]Entry, error) {
	if len(patterns) == 0 {
		return nil, errors.New("nn: no pattern is given: name the paths to choose, or ** for all")
	}
	used := make([]bool, len(patterns))
	var chosen []Entry
	for _, e := range entries {
		hit := false
		for i, p := range patterns {
			ok, err := MatchPath(p, e.Path)
			if err != nil {
				return nil, err
			}
			hit, used[i] = hit || ok, used[i] || ok
		}
		if hit {
			chosen = append(chosen, e)
		}
	}
	for i, p := range patterns {
		if used[i] {
			continue
		}
		if len(entries) == 0 {
			return nil, fmt.Errorf("nn: the pattern %q matches no %s: there is none", p, kind)
		}
		return nil, fmt.Errorf("nn: the pattern %q matches no %s: their paths go from %q to %q, see nn.Entries", p, kind,
			entries[0].Path, entries[len(entries)-1].Path)
	}
	return chosen, nil
}
