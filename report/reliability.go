package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/longtail-ml/longtail/metrics"
)

// reliability draws accuracy against confidence, before and after the temperature.
func (c Calibration) reliability() *chart {
	ch := newChart("reliability", "Reliability", "confidence (%)", "accuracy (%)")
	ch.height = 360
	ch.line("as confident as right", xys{{X: 0, Y: 0}, {X: 100, Y: 100}}, shaded, dashes[1])
	ch.line("before, ECE "+metrics.ECE(c.Before).String()+"%", binPoints(c.Before), colors[4], nil)
	ch.line("after "+c.temperatures()+", ECE "+metrics.ECE(c.After).String()+"%", binPoints(c.After), colors[0], dashes[3])
	ch.plot.X.Min, ch.plot.X.Max = 0, 100
	ch.within(0, 100)
	ch.alt = fmt.Sprintf("The expected calibration error is %s%%, and %s%% after temperature scaling.", metrics.ECE(c.Before), metrics.ECE(c.After))
	return ch
}

// temperatures are those fitted, in words.
func (c Calibration) temperatures() string {
	var all []string
	for _, t := range c.Temperatures {
		all = append(all, number(math.Round(t*1e3)/1e3))
	}
	return "T " + strings.Join(all, " and ")
}

// fitted says what the temperatures were fitted on.
func (c Calibration) fitted() string {
	switch len(c.Temperatures) {
	case 0:
		return "No temperature was fitted: that takes held-out images, or two test images."
	case 1:
		return "The temperature was fitted on held-out images."
	}
	return "No images were held out: each half of the test images was scaled by a temperature fitted on the other half."
}

func binPoints(bins []metrics.Bin) (points xys) {
	for _, b := range bins {
		if b.Images > 0 {
			points = append(points, xy{X: 100 * float64(b.Confidence), Y: 100 * float64(b.Accuracy)})
		}
	}
	return points
}
