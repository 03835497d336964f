package manifest

import (
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBuild(t *testing.T) {
	ours := func(version string, replace *debug.Module) *debug.Module {
		return &debug.Module{Path: module, Version: version, Replace: replace}
	}
	for _, c := range []struct {
		info             debug.BuildInfo
		module, revision string
	}{
		{debug.BuildInfo{}, "unknown", ""},
		{debug.BuildInfo{Main: *ours("(devel)", nil)}, "(devel)", ""},
		{debug.BuildInfo{Main: debug.Module{Path: "example.com/program"}, Deps: []*debug.Module{{Path: module + "/v9", Version: "v9.0.0"}, ours("v1.2.3", nil)}},
			"v1.2.3", ""},
		{debug.BuildInfo{Deps: []*debug.Module{ours("v1.2.3", &debug.Module{Path: "example.com/fork", Version: "v1.2.4"})}}, "v1.2.4", ""},
		{debug.BuildInfo{Deps: []*debug.Module{ours("v1.2.3", &debug.Module{Path: "../longtail"})}}, "(devel)", ""},
		{debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"}}}, "unknown", "abc+changes"},
		{debug.BuildInfo{Settings: []debug.BuildSetting{{Key: "vcs.modified", Value: "false"}, {Key: "vcs.revision", Value: "abc"}}}, "unknown", "abc"},
	} {
		b := build(&c.info)
		require.Equal(t, c.module, b.Module)
		require.Equal(t, c.revision, b.Revision)
	}
}
