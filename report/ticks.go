package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ticks puts about five at round numbers.
type ticks struct{}

// Ticks returns them.
func (ticks) Ticks(low, high float64) (all []tick) {
	if !(high > low) || math.IsInf(high-low, 0) {
		return []tick{{Value: low, Label: number(low)}}
	}
	base, step := math.Pow(10, math.Floor(math.Log10((high-low)/5))), 0.0
	for _, k := range []float64{1, 2, 5, 10} {
		if step = k * base; (high-low)/step <= 6 {
			break
		}
	}
	for i := math.Ceil(low/step - 1e-9); i*step <= high+1e-9*step; i++ {
		all = append(all, tick{Value: i * step, Label: number(i * step)})
	}
	return all
}

// logTicks puts them at 1, 2 and 5 times powers of ten, or at the powers alone where that would be many.
type logTicks struct{}

// Ticks returns them.
func (logTicks) Ticks(low, high float64) (all []tick) {
	if !(low > 0) || !(high >= low) {
		return nil
	}
	wide := math.Log10(high / low)
	for e := math.Floor(math.Log10(low)); e <= math.Ceil(math.Log10(high)); e++ {
		for _, k := range []float64{1, 2, 5} {
			v := k * math.Pow(10, e)
			if v < low*(1-1e-9) || v > high*(1+1e-9) || k > 1 && wide > 2.5 {
				continue
			}
			all = append(all, tick{Value: v, Label: number(v)})
		}
	}
	return all
}

// number is v as axes and tables have it: 12,345 or 0.05.
func number(v float64) string {
	text := strconv.FormatFloat(v, 'g', 6, 64)
	if math.Abs(v) < 1e-12 {
		return "0"
	}
	if a := math.Abs(v); a >= 1e6 || a < 1e-4 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	whole, rest, _ := strings.Cut(text, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "−", whole[1:]
	}
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if rest != "" {
		rest = "." + rest
	}
	return sign + whole + rest
}

// count is a whole number with commas.
func count(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// percent is a fraction in percent, or n/a.
func percent(v float64) string {
	if math.IsNaN(v) {
		return "n/a"
	}
	return fmt.Sprintf("%.1f", 100*v)
}
