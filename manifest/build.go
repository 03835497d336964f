package manifest

import (
	"runtime"
	"runtime/debug"
)

const module = "github.com/longtail-ml/longtail"

// New returns a manifest with Version and Build filled in. The CPU level, which the engine knows, is the caller's.
func New(cpuLevel string) Manifest {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	b := build(info)
	b.CPULevel = cpuLevel
	return Manifest{Version: Version, Build: b}
}

func build(info *debug.BuildInfo) Build {
	b := Build{Module: "unknown", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if m.Path != module {
			continue
		}
		if m.Replace != nil {
			m = m.Replace
		}
		if b.Module = m.Version; m.Version == "" {
			b.Module = "(devel)" // as Go names a module that has no version, such as one replaced by a folder
		}
	}
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			b.Revision = s.Value + b.Revision
		case s.Key == "vcs.modified" && s.Value == "true":
			b.Revision += "+changes"
		}
	}
	return b
}
