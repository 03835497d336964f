// Command gen writes the assembly of package kernels: each group of kernels into one file of assembly and one of Go
// declarations. See doc.go of package kernels for how to run it.
package main

import (
	"flag"
	"fmt"
	"os"

	. "github.com/mmcloughlin/avo/build"
)

var groups = map[string]func(){
	"tile":      tileKernels,
	"peak":      peakKernels,
	"element":   elementKernels,
	"channel":   channelKernels,
	"exp":       expKernels,
	"transpose": transposeKernels,
	"dot":       dotKernels,
	"winograd":  winogradKernels,
}

func main() {
	group := flag.String("group", "", "the `group` of kernels to write")
	flag.Parse()
	write, ok := groups[*group]
	if !ok {
		fmt.Fprintf(os.Stderr, "gen: no group %q\n", *group)
		os.Exit(2)
	}
	ConstraintExpr("!noasm")
	write()
	Generate()
}
