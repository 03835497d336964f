package main

import (
	"fmt"
	"slices"
	"strings"
)

// Sizes of the plot.
const (
	bars  = 40 // classes that have one
	width = 50 // of the longest
)

// tail draws the class counts, the largest first; many, medium and few (above 100, below 20) have colors of their own.
func tail(names []string, counts []int, p painter) string {
	order := make([]int, len(counts))
	longest := 0
	for i := range order {
		order[i] = i
		longest = max(longest, len([]rune(names[i])))
	}
	slices.SortStableFunc(order, func(a, b int) int { return counts[b] - counts[a] })
	most := max(counts[order[0]], 1)
	var b strings.Builder
	shown := min(len(order), bars)
	for k := range shown {
		i := order[k*(len(order)-1)/max(shown-1, 1)] // the first and the last, and evenly between
		bar, color := strings.Repeat("█", counts[i]*width/most), yellow
		if bar == "" && counts[i] > 0 {
			bar = "▏"
		}
		switch {
		case counts[i] > 100:
			color = blue
		case counts[i] < 20:
			color = magenta
		}
		fmt.Fprintf(&b, "%-*s %6d %s\n", min(longest, 30), cut(names[i], 30), counts[i], p.paint(color, bar))
	}
	if len(order) > bars {
		fmt.Fprintf(&b, "(%d of %d classes, evenly spaced by size)\n", bars, len(order))
	}
	return b.String()
}

func cut(text string, n int) string {
	if r := []rune(text); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return text
}

// argument is a path as a word of a command line.
func argument(path string) string {
	if strings.ContainsAny(path, " \t'\"$&|;<>()*?[]{}\\`!#~") {
		return quoted(path)
	}
	return path
}
