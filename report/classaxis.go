package report

// mostNamed is how many classes an axis has the names of.
const mostNamed = 25

// axisOfClasses puts names at both axes of a heat map of n rows, or places in the order where there are many.
func (c *chart) axisOfClasses(r *Run, order []int, n int) {
	var x, y fixedTicks
	if len(order) <= mostNamed {
		for at, class := range order {
			name := short(r.class(class), 14)
			x = append(x, tick{Value: float64(at) + 0.5, Label: name})
			y = append(y, tick{Value: float64(n-at) - 0.5, Label: name})
		}
		c.plot.X.Rotate = true
	} else {
		scale := float64(n) / float64(len(order))
		for _, t := range (wholeTicks{}).Ticks(0, float64(len(order))) {
			at := (t.Value - 0.5) * scale
			x = append(x, tick{Value: at, Label: t.Label})
			y = append(y, tick{Value: float64(n) - at, Label: t.Label})
		}
	}
	c.plot.X.Ticks, c.plot.Y.Ticks = x, y
}

// short is the beginning of a long text.
func short(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return text
}
