package main

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// A command leaves the folders of others as they are, those of earlier builds too, whose settings.json has no kind.
func TestFoldersOfOtherCommands(t *testing.T) {
	dir := t.TempDir()
	options := " --quick --size 8 --width 2 --embedding 8 --epochs 2 --batch 96 --out "
	all := []struct{ kind, goOn, command string }{
		{"run", "longtail train --resume --out ", "train --method ce"},
		{"comparison", "longtail compare --resume --out ", "compare --methods ce --floor 0"},
		{"sweep", "longtail sweep --resume --out ", "sweep --set lr=0.1,0.2"},
	}
	for _, a := range all {
		succeed(t, a.command+options+filepath.Join(dir, a.kind))
	}
	for _, earlier := range []bool{false, true} {
		for _, has := range all {
			folder := filepath.Join(dir, has.kind)
			path := filepath.Join(folder, "settings.json")
			if earlier {
				text := regexp.MustCompile(`(?m)^ *"kind": .*\n`).ReplaceAllString(read(t, path), "")
				require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
			}
			before := read(t, path)
			for _, a := range all {
				if a.kind == has.kind {
					continue
				}
				name := regexp.MustCompile(`^\w+`).FindString(a.command)
				for _, words := range []string{name + " --resume --out " + folder, a.command + options + folder, a.command + " --resume" + options + folder} {
					fail(t, usage, folder+" holds a "+has.kind+", not a "+a.kind, words)
					fail(t, usage, has.goOn+folder, words)
				}
			}
			require.Equal(t, before, read(t, path))
		}
	}
	for _, a := range all { // each goes on with its own
		_, log := succeed(t, regexp.MustCompile(`^\w+`).FindString(a.command)+" --resume --out "+filepath.Join(dir, a.kind))
		require.NotContains(t, log, "epoch 1/2")
	}
	folder := filepath.Join(dir, "comparison")
	before := read(t, folder, "settings.json")
	fail(t, usage, "add --resume", "compare --methods focal --floor 0"+options+folder)
	require.Equal(t, before, read(t, folder, "settings.json"))
	require.NoError(t, os.WriteFile(filepath.Join(folder, "settings.json"), []byte("{}"), 0o666))
	fail(t, usage, "settings.json names no methods", "compare --resume --out "+folder)
}
