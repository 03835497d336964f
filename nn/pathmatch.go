package nn

import (
	"fmt"
	"path"
	"strings"
)

// MatchPath reports whether a pattern of dotted names matches the path or something it lies under: "backbone.layer1"
// matches "backbone.layer1" and "backbone.layer1.0.conv1.weight", but not "backbone.layer10". Within a name "*", "?" and
// "[a-z]" are those of path.Match; "**" stands for any number of names, so "**.bias" matches every bias. A pattern with
// an empty name or an open bracket is an error.
func MatchPath(pattern, of string) (bool, error) {
	names := strings.Split(pattern, ".")
	for _, name := range names {
		if name == "" {
			return false, fmt.Errorf("nn: the pattern %q has an empty name: names are joined by single dots, and ** matches "+
				"everything", pattern)
		}
		if _, err := path.Match(name, ""); err != nil {
			return false, fmt.Errorf("nn: the pattern %q is malformed at %q: see path.Match for what a name may have", pattern, name)
		}
	}
	return matchNames(names, strings.Split(of, ".")), nil
}

// matchNames matches well-formed patterns with the first of names.
func matchNames(patterns, names []string) bool {
	if len(patterns) == 0 {
		return true
	}
	if patterns[0] == "**" && matchNames(patterns[1:], names) {
		return true
	}
	if len(names) == 0 {
		return false
	}
	if patterns[0] == "**" {
		return matchNames(patterns, names[1:])
	}
	ok, _ := path.Match(patterns[0], names[0])
	return ok && matchNames(patterns[1:], names[1:])
}
