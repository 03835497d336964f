package metrics_test

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/metrics"
)

func ExampleConfusion() {
	c, err := metrics.NewConfusion(3)
	if err != nil {
		fmt.Println(err)
		return
	}
	labels, predicted := []int{0, 0, 1, 1, 2, 2}, []int{0, 0, 1, 0, 0, 0}
	for i, label := range labels {
		if err := c.Add(label, predicted[i]); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Print(c)
	fmt.Println("top-1", c.Top1())
	// Output:
	//   label  0  1  2  accuracy
	//       0  2  0  0    100.00
	//       1  1  1  0     50.00
	//       2  2  0  0      0.00
	// top-1 50.00
}

func ExampleConfusion_Report() {
	c, _ := metrics.NewConfusion(3)
	for _, p := range [][2]int{{0, 0}, {0, 0}, {1, 1}, {1, 0}, {2, 0}, {2, 2}} {
		if err := c.Add(p[0], p[1]); err != nil {
			fmt.Println(err)
			return
		}
	}
	report, err := c.Report([]int{5000, 500, 12}, metrics.Groups{})
	fmt.Println(report, err)
	// Output: top-1 66.67  many 75.00  medium n/a  few 50.00 <nil>
}

func ExampleGroups() {
	many, medium, few, err := metrics.Groups{}.Split([]int{500, 101, 100, 20, 19})
	fmt.Println(many, medium, few, err)
	// Output: [0 1] [2 3] [4] <nil>
}

func ExampleByRank() {
	many, medium, few, err := metrics.ByRank{}.Split([]int{5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50})
	fmt.Println(many, medium, few, err)
	// Output: [0 1 2] [3 4 5 6] [7 8 9] <nil>
}

// halves is a grouping of one's own: classes of even index against odd ones.
type halves struct{}

func (halves) Split(counts []int) (many, medium, few []int, err error) {
	for class := range counts {
		if class%2 == 0 {
			many = append(many, class)
		} else {
			few = append(few, class)
		}
	}
	return many, medium, few, nil
}

func ExampleGrouping() {
	var g metrics.Grouping = halves{}
	fmt.Println(g.Split(make([]int, 5)))
	// Output: [0 2 4] [] [1 3] <nil>
}

func ExampleRate() {
	rates := []metrics.Rate{0.452, metrics.Rate(math.NaN())}
	text, err := json.Marshal(rates)
	fmt.Println(rates, string(text), err)
	// Output: [45.20 n/a] [0.452,null] <nil>
}
