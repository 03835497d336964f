package metrics

import "fmt"

// Report is how well a classifier does on a test set. As JSON it has fractions, and null for what was not measured.
type Report struct {
	Top1     Rate   `json:"top1"`      // over all test images
	Many     Rate   `json:"many"`      // mean of the accuracies of the many-shot classes
	Medium   Rate   `json:"medium"`    // likewise
	Few      Rate   `json:"few"`       // likewise
	Balanced Rate   `json:"balanced"`  // mean of the accuracies of all classes
	MacroF1  Rate   `json:"macro_f1"`  // mean of the F1 of all classes
	PerClass []Rate `json:"per_class"` // accuracy of each class
}

// Report sums the confusion up. trainCounts holds the number of training images of each class, which g groups them by;
// a nil g is Groups{}. A group's accuracy is the mean over its classes that have test images. Counts that do not fit
// the classes, negative counts, and whatever g reports are errors.
func (c *Confusion) Report(trainCounts []int, g Grouping) (Report, error) {
	if len(trainCounts) != c.Classes() {
		return Report{}, fmt.Errorf("metrics: %d training counts for %d classes: give one for each class",
			len(trainCounts), c.Classes())
	}
	for class, n := range trainCounts {
		if n < 0 {
			return Report{}, fmt.Errorf("metrics: training count of class %d is %d: counts start at 0", class, n)
		}
	}
	if g == nil {
		g = Groups{}
	}
	many, medium, few, err := g.Split(trainCounts)
	if err != nil {
		return Report{}, err
	}
	for _, group := range [][]int{many, medium, few} {
		for _, class := range group {
			if class < 0 || class >= c.Classes() {
				return Report{}, fmt.Errorf("metrics: %T.Split returned class %d: classes go from 0 to %d",
					g, class, c.Classes()-1)
			}
		}
	}
	r := c.PerClass()
	return Report{Top1: c.Top1(), Many: mean(r, many), Medium: mean(r, medium), Few: mean(r, few),
		Balanced: c.BalancedAccuracy(), MacroF1: c.MacroF1(), PerClass: r}, nil
}

// String returns top-1 and the groups in percent on one line.
func (r Report) String() string {
	return fmt.Sprintf("top-1 %v  many %v  medium %v  few %v", r.Top1, r.Many, r.Medium, r.Few)
}
