package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
)

// The loops of NEON's products whose instructions count prints, by function and label.
var countedLoops = [][2]string{
	{"rowTile", "tile6x4four"}, {"rowTile", "tile4x4four"}, {"rowTile", "tile6x2four"},
	{"colTile", "full4x6loop"}, {"colTile", "full2x12loop"},
	{"winogradProduct", "widefour"}, {"winogradProduct", "narrowfour"}, {"winogradOuter", "widetile"}, {"winogradOuter", "narrowtile"},
	{"winogradInput", "pairopen"}, {"winogradOutput", "pairtile"},
	{"winogradInput4", "pairtile"}, {"winogradOutput4", "pairtile"}, {"dotRows", "many"}, {"addRows", "many"},
}

var (
	functionLine = regexp.MustCompile(`^TEXT ·(\w+)` + nameNEON)
	branchLine   = regexp.MustCompile(`^\t(?:B|BNE|BGE) (\w+)$`)
)

// loopCount has the numbers of instructions of a loop, and of the registers that it loads.
type loopCount struct{ fma, vector, other, loaded int }

// count prints a table of what the loops of an assembly file are made of. A load of two registers is one instruction.
func count(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	fmt.Printf("| kernel | loop | multiply-adds | vector instructions | share | registers loaded | multiply-adds a register loaded | others |\n|---|---|---|---|---|---|---|---|\n")
	for _, loop := range countedLoops {
		c, ok := countLoop(strings.Split(string(text), "\n"), loop[0], loop[1])
		if !ok {
			return fmt.Errorf("%s has no loop %s in %s", file, loop[1], loop[0])
		}
		fmt.Printf("| %s | %s | %d | %d | %.2f | %d | %.1f | %d |\n", loop[0], loop[1], c.fma, c.vector,
			float64(c.fma)/float64(c.vector), c.loaded, float64(c.fma)/float64(c.loaded), c.other)
	}
	return nil
}

// countLoop counts from a label to the branch back to it.
func countLoop(lines []string, function, label string) (c loopCount, ok bool) {
	within, in := "", false
	for _, l := range lines {
		if m := functionLine.FindStringSubmatch(l); m != nil {
			within, in = m[1], false
		}
		if within != function {
			continue
		}
		if l == label+":" {
			in = true
			continue
		}
		if !in || !strings.HasPrefix(l, "\t") {
			continue
		}
		_, arm, word := strings.Cut(l, " // ")
		switch {
		case word && (strings.HasPrefix(arm, "FMLA") || strings.HasPrefix(arm, "FMLS")):
			c.fma, c.vector = c.fma+1, c.vector+1
		case word:
			c.vector++
		case strings.HasPrefix(l, "\tFLDP"):
			c.vector, c.loaded = c.vector+1, c.loaded+2
		case strings.HasPrefix(l, "\tFMOV") && !strings.HasPrefix(strings.Fields(l)[1], "F"):
			c.vector, c.loaded = c.vector+1, c.loaded+1
		case strings.HasPrefix(l, "\tF"):
			c.vector++
		default:
			c.other++
		}
		if m := branchLine.FindStringSubmatch(l); m != nil && m[1] == label {
			return c, true
		}
	}
	return c, false
}
