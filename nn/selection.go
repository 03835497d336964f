package nn

import (
	"errors"
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
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

// FreezePaths freezes the parameters of m whose paths match one of the patterns (see MatchPath) and returns how many they
// are. It is an error, and nothing is frozen, if there is no pattern, or one that matches no parameter. A parameter that m
// shows under several paths is frozen if one of them matches. Freeze says what becomes of batch norm.
func FreezePaths(m Visitable, patterns ...string) (n int, err error) {
	var params []Entry
	for _, e := range Entries(m) {
		if e.Param != nil {
			params = append(params, e)
		}
	}
	chosen, err := matching(params, "parameter", patterns)
	if err != nil {
		return 0, err
	}
	distinct := map[*autograd.Param]bool{}
	for _, e := range chosen {
		e.Param.Frozen = true
		distinct[e.Param] = true
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
