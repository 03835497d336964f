package packed

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// mostFiles is how many a range may name.
const mostFiles = 1 << 20

// HasEnding says whether a name ends in one of the endings, in any case.
func HasEnding(name string, endings ...string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc(endings, func(end string) bool { return strings.HasSuffix(name, end) })
}

// Expand returns the files that paths name, which must end in one of endings. A folder stands for the files in it, and
// name-{0000..0146}.tar for all of them.
func Expand(paths []string, endings ...string) (all []string, err error) {
	for _, p := range paths {
		names, err := ranged(p)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			info, err := os.Stat(name)
			switch {
			case err != nil:
				return nil, err
			case info.IsDir():
				in, err := filesIn(name, endings)
				if err != nil {
					return nil, err
				}
				all = append(all, in...)
			case !HasEnding(name, endings...):
				return nil, fmt.Errorf("%s does not end in %s", name, strings.Join(endings, ", "))
			default:
				all = append(all, name)
			}
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no file is named")
	}
	seen := map[string]bool{}
	for _, name := range all {
		if seen[name] {
			return nil, fmt.Errorf("%s is named twice", name)
		}
		seen[name] = true
	}
	return all, nil
}

// filesIn lists a folder's files by name.
func filesIn(dir string, endings []string) (all []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if HasEnding(e.Name(), endings...) && !strings.HasPrefix(e.Name(), ".") {
			all = append(all, filepath.Join(dir, e.Name()))
		}
	}
	if all == nil {
		return nil, fmt.Errorf("the folder %s has no file that ends in %s", dir, strings.Join(endings, ", "))
	}
	return all, nil
}

var braces = regexp.MustCompile(`^(.*)\{([0-9]+)\.\.([0-9]+)\}(.*)$`)

// ranged writes out a range such as {0000..0146}, of numbers as wide as the first.
func ranged(path string) ([]string, error) {
	m := braces.FindStringSubmatch(path)
	if m == nil {
		return []string{path}, nil
	}
	from, err1 := strconv.Atoi(m[2])
	to, err2 := strconv.Atoi(m[3])
	if err1 != nil || err2 != nil || from > to || to-from >= mostFiles {
		return nil, fmt.Errorf("%s: {%s..%s} is no range of numbers that can be", path, m[2], m[3])
	}
	var all []string
	for i := from; i <= to; i++ {
		all = append(all, fmt.Sprintf("%s%0*d%s", m[1], len(m[2]), i, m[4]))
	}
	return all, nil
}
