package main

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/longtail-ml/longtail"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/manifest"
)

type versionCmd struct {
	JSON bool `name:"json" help:"Write JSON."`
}

func (versionCmd) Help() string { return example("longtail version", "longtail version --json") }

// Run tells version and build, and fails if LONGTAIL_CPU names no level that is here.
func (v *versionCmd) Run(c *console) error {
	build := manifest.New(kernels.Level()).Build
	if v.JSON {
		return errors.Join(kernels.CheckEnvironment(), writeJSON(c, struct {
			Version string         `json:"version"`
			Build   manifest.Build `json:"build"`
		}{longtail.Version, build}))
	}
	revision := build.Revision
	if revision == "" {
		revision = strings.Trim(build.Module, "()") // "(devel)" is a build outside a repository
	}
	_, err := fmt.Fprintf(c.out, "longtail %s (%s), %s, %s, %s instructions, %d CPUs\n", longtail.Version, revision, build.Go, build.Platform,
		build.CPULevel, runtime.NumCPU())
	return errors.Join(kernels.CheckEnvironment(), err)
}
