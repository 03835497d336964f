// Command gen writes the assembly of package kernels, one file of assembly and one of Go declarations for each instruction
// set, and the functions that choose between them. See doc.go of package kernels for how to run it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"

	. "github.com/mmcloughlin/avo/build"
)

// groups write the kernels of an instruction set of amd64.
var groups = []func(isa){
	tileKernels, winogradKernels, dotKernels, peakKernels, channelKernels, elementKernels, activationKernels, expKernels,
	pairExpKernels, normalizeKernels, poolKernels, optimKernels, transposeKernels,
}

func main() {
	set := flag.String("set", "", "the instruction `set` of amd64 to write: "+nameAVX2+", "+nameAVX512+" or "+nameAVX512BF16)
	rest := flag.String("rest", "", "the `directory` to write what avo does not: arm64, and the choice of instruction sets")
	counted := flag.String("count", "", "the `file` of NEON's assembly whose loops to count")
	flag.Parse()
	if *counted != "" {
		if err := count(*counted); err != nil {
			fmt.Fprintln(os.Stderr, "gen:", err)
			os.Exit(1)
		}
		return
	}
	if *rest != "" {
		if err := errors.Join(writeNEON(*rest), writeDispatch(*rest)); err != nil {
			fmt.Fprintln(os.Stderr, "gen:", err)
			os.Exit(1)
		}
		return
	}
	for _, s := range []isa{avx2, avx512, avx512bf16} {
		if s.name == *set {
			s.write()
			return
		}
	}
	fmt.Fprintf(os.Stderr, "gen: no instruction set %q\n", *set)
	os.Exit(2)
}

// write writes all kernels that the table has for an instruction set.
func (s isa) write() {
	ConstraintExpr("!noasm")
	if s.pairs {
		pairKernels(s)
	} else {
		for _, g := range groups {
			g(s)
		}
	}
	for _, k := range kernels {
		if k.on(s.name) && !written[k.name] {
			panic("gen: nothing wrote " + k.name + " on " + s.name)
		}
	}
	Generate()
}
