package kernels

import "os"

// level is a set of processor instructions. Each includes those before it.
type level int

const (
	generic level = iota // what Go compiles to
	avx2                 // AVX2 and FMA
	avx512               // AVX-512 F, BW, DQ and VL
)

var levelNames = [...]string{"generic", "avx2", "avx512"}

func (l level) String() string { return levelNames[l] }

// current is the level all kernels work at. It is set once, before main.
var current = chosenLevel(supported(), os.Getenv("LONGTAIL_CPU"))

// chosenLevel is the level of the given name where the processor supports it. Other names count for nothing.
func chosenLevel(supported level, name string) level {
	for l := generic; l <= supported; l++ {
		if l.String() == name {
			return l
		}
	}
	return supported
}

// Level names the instructions that the kernels use: "avx512", "avx2", or "generic" for pure Go. It is the best level
// that the processor supports, or a lower one named by the environment variable LONGTAIL_CPU.
func Level() string { return current.String() }
