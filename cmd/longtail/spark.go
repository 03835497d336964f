package main

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"strings"

	"github.com/longtail-ml/longtail/internal/terminal"
)

var blocks = []rune("▁▂▃▄▅▆▇█")

// spark draws the last n values, the least as the lowest block and the largest as the highest. What is no number is a blank.
func spark(values []float64, n int) string {
	values = values[max(0, len(values)-n):]
	low, high := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			low, high = min(low, v), max(high, v)
		}
	}
	line := make([]rune, len(values))
	for i, v := range values {
		switch at := (v - low) / (high - low) * float64(len(blocks)-1); {
		case math.IsNaN(v) || math.IsInf(v, 0):
			line[i] = ' '
		case high == low:
			line[i] = blocks[0]
		default:
			line[i] = blocks[int(at+0.5)]
		}
	}
	return string(line)
}

// canPlot tells whether a person reads s on a terminal that shows block characters.
func canPlot(s *terminal.Stream) bool {
	if !s.IsTerminal() || os.Getenv("TERM") == "dumb" {
		return false
	}
	if runtime.GOOS == "windows" {
		return os.Getenv("WT_SESSION") != "" || os.Getenv("TERM") != ""
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} { // the first that is set counts
		if v := strings.ToLower(os.Getenv(name)); v != "" {
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return false
}

// Colors of a terminal, for what the pages of reports have in these too: many blue, medium yellow, few magenta.
const (
	blue    = 34
	yellow  = 33
	magenta = 35
)

// painter colors text, or leaves it as it is.
type painter bool

// newPainter colors on a terminal, unless NO_COLOR (no-color.org) is set.
func newPainter(s *terminal.Stream) painter {
	return painter(s.IsTerminal() && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb")
}

func (p painter) paint(color int, text string) string {
	if !p || color == 0 || strings.TrimSpace(text) == "" {
		return text
	}
	return fmt.Sprintf("\x1b[%dm%s\x1b[0m", color, text)
}
