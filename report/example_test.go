package report_test

import (
	"fmt"
	"strings"

	"github.com/longtail-ml/longtail/report"
)

// A run of one's own is a page too: what is not known is left out.
func Example() {
	run := &report.Run{Name: "mine", Classes: []string{"cat", "dog", "okapi"}}
	run.Figures.Title = "Cross-entropy"
	run.Figures.TrainCounts = []int{800, 500, 9}
	for _, accuracy := range []float64{91, 88, 30} {
		run.Figures.PerClass = append(run.Figures.PerClass, &accuracy)
	}
	run.Curves = report.Curves{"loss": {{At: 0, Value: 1.1}, {At: 1, Value: 0.6}}, "test/top1": {{At: 1, Value: 0.89}}}
	var page strings.Builder
	if err := report.Write(&page, run); err != nil {
		fmt.Println(err)
	}
	fmt.Println(strings.Contains(page.String(), "<h1>mine: Cross-entropy</h1>"))
	// Output: true
}
