package report

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/longtail-ml/longtail/metrics"
)

var groupField = regexp.MustCompile(`(First|Last|Many|Few): (\d+)`)

// groupingOf is what the manifest of a run says of many, medium and few: "metrics.ByRank{First: 3, Last: 3}". Of groupings of a
// user's own the usual one takes the place.
func groupingOf(text string) (g metrics.Grouping, words string) {
	n := map[string]int{"First": 3, "Last": 3, "Many": 100, "Few": 20}
	for _, m := range groupField.FindAllStringSubmatch(text, -1) {
		n[m[1]], _ = strconv.Atoi(m[2]) // digits, or too many of them, which Split refuses
	}
	if regexp.MustCompile(`^metrics\.ByRank\b`).MatchString(text) {
		return metrics.ByRank{First: n["First"], Last: n["Last"]},
			fmt.Sprintf("many: the %d classes with the most training images; few: the %d with the fewest; medium: the others", n["First"], n["Last"])
	}
	return metrics.Groups{Many: n["Many"], Few: n["Few"]},
		fmt.Sprintf("many: more than %d training images; medium: %d to %d; few: fewer than %d", n["Many"], n["Few"], n["Many"], n["Few"])
}
