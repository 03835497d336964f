package kernels

import (
	"fmt"
	"os"
	"slices"
	"strings"
)

// variable names a level.
const variable = "LONGTAIL_CPU"

// instructions is a set of instruction sets, one bit for each. They stand beside each other: no order is among them.
type instructions uint

const (
	avx2       instructions = 1 << iota // AVX2, FMA and BMI2
	avx512                              // AVX-512 F, BW, DQ and VL
	neon                                // Advanced SIMD, which every arm64 has
	avx512bf16                          // products of bfloat16 beside avx512
)

// level is a choice of instruction sets under a name, and the sizes of work that suit their registers. Which kernels an
// instruction set provides is in the table of _gen; one that none of the level's provides runs in Go.
type level struct {
	name     string
	sets     instructions
	also     instructions // used where the processor has them
	lanes    int          // float32 values in what kernels call a vector
	tile     tileSize
	blocks   []int // numbers of columns that channel kernels do at a time
	winograd int   // what channels and tiles are rounded up to; products take so many rows at a time, or half for two vectors
}

// levels are all there are. Of those a processor can run, the last is its best. Of the kernels whose work has sizes, the
// products of tiles and of Winograd's algorithm, a level with sizes of its own provides all: those in Go know only theirs.
var levels = []level{
	// Six sums are as many as the Go compiler keeps in registers next to their products.
	{name: "generic", lanes: 1, tile: tileSize{3, 2}, winograd: 3},
	// A vector is two registers of four values.
	{name: "neon", sets: neon, lanes: 8, tile: tileSize{6, 16}, blocks: []int{16, 8}, winograd: 8},
	{name: "avx2", sets: avx2, lanes: 8, tile: tileSize{6, 16}, blocks: []int{16, 8}, winograd: 8},
	{name: "avx512", sets: avx2 | avx512, also: avx512bf16, lanes: 16, tile: tileSize{12, 32}, blocks: []int{64, 32, 16}, winograd: 16},
}

// current is the level all kernels work at. It is set once, before main.
var current = chosenLevel(supported(), os.Getenv(variable))

// available are the levels that a processor with the given instruction sets can run.
func available(supported instructions) []level {
	var can []level
	for _, l := range levels {
		if l.sets&^supported == 0 {
			l.sets |= l.also & supported
			can = append(can, l)
		}
	}
	return can
}

// chosenLevel is the available level of the given name, and for any other name the best.
func chosenLevel(supported instructions, name string) level {
	can := available(supported)
	for _, l := range can {
		if l.name == name {
			return l
		}
	}
	return can[len(can)-1]
}

// Level names the instructions that the kernels use: "avx512", "avx2", "neon", or "generic" for pure Go. It is the best level
// that the processor supports, or a lower one named by the environment variable LONGTAIL_CPU.
func Level() string { return current.name }

// CheckEnvironment reports a level named by LONGTAIL_CPU that is not one of Levels: the best is then in use.
func CheckEnvironment() error { return checkVariable(os.Getenv(variable)) }

func checkVariable(name string) error {
	if can := Levels(); name != "" && !slices.Contains(can, name) {
		return fmt.Errorf("the environment variable %s is %q: this processor and this build have %s: set it to one of them, or unset it",
			variable, name, strings.Join(can, ", "))
	}
	return nil
}

// Levels names all levels that this processor and this build can run, the best one first.
func Levels() []string {
	var names []string
	for _, l := range available(supported()) {
		names = append([]string{l.name}, names...)
	}
	return names
}
