// Package leveltest runs the tests of a package that computes by kernels at every level of the processor.
package leveltest

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/longtail-ml/longtail/internal/kernels"
)

// Main is for TestMain. The level is chosen at start, so the lower ones take a process of their own.
func Main(m *testing.M) {
	flag.Parse()
	code := m.Run()
	value := func(name string) string { return flag.Lookup("test." + name).Value.String() }
	if code != 0 || os.Getenv("LONGTAIL_CPU") != "" || value("bench") != "" || value("list") != "" {
		os.Exit(code)
	}
	for _, level := range kernels.Levels() {
		if level == kernels.Level() {
			continue
		}
		again := exec.Command(os.Args[0], "-test.run="+value("run"), "-test.v="+value("v"))
		again.Env = append(os.Environ(), "LONGTAIL_CPU="+level)
		again.Stdout, again.Stderr = os.Stdout, os.Stderr
		if err := again.Run(); err != nil {
			fmt.Printf("failed at level %s: %v\n", level, err)
			os.Exit(1)
		}
	}
}
