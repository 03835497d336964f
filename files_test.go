package longtail_test

import (
	"bytes"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A reader goes through a room from its public face down: files use what lies below them, never above. The first file of
// each room is its face; a method may extend a type of a file above, but calls nothing there.
func TestFilesOfARoomUseNothingAboveThem(t *testing.T) {
	for _, room := range []string{"hybrid", "train"} {
		t.Run(room, func(t *testing.T) {
			uses := fileUses(t, room)
			for _, cycle := range cycles(uses) {
				t.Errorf("these files use each other: %s", strings.Join(cycle, ", "))
			}
		})
	}
}

// fileUses returns what files of a room each file uses, with one name as evidence.
func fileUses(t *testing.T, room string) map[string]map[string]string {
	set := token.NewFileSet()
	paths, err := filepath.Glob(filepath.Join(room, "*.go"))
	require.NoError(t, err)
	var files []*ast.File
	for _, p := range paths {
		if strings.HasSuffix(p, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(set, p, nil, 0)
		require.NoError(t, err)
		files = append(files, f)
	}
	exports := exportData(t, "./"+room)
	find := func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	config := types.Config{Importer: importer.ForCompiler(set, "gc", find)}
	pkg, err := config.Check(module+"/"+room, set, files, info)
	require.NoError(t, err)

	uses := map[string]map[string]string{}
	for _, f := range files {
		own := filepath.Base(set.Position(f.Pos()).Filename)
		uses[own] = map[string]string{}
		receivers := map[types.Object]bool{}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv != nil {
				ast.Inspect(fn.Recv, func(n ast.Node) bool {
					if id, ok := n.(*ast.Ident); ok {
						receivers[info.Uses[id]] = true
					}
					return true
				})
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			o := info.Uses[id]
			if o == nil || o.Pkg() != pkg || receivers[o] {
				return true
			}
			if v, isVar := o.(*types.Var); isVar && (v.IsField() || o.Parent() != pkg.Scope()) {
				return true
			}
			if file := filepath.Base(set.Position(o.Pos()).Filename); file != own {
				uses[own][file] = o.Name()
			}
			return true
		})
	}
	return uses
}

// exportData returns the files with the compiler's export data of what a package imports.
func exportData(t *testing.T, room string) map[string]string {
	out, err := exec.Command("go", "list", "-deps", "-export", "-f", "{{.ImportPath}}={{.Export}}", room).Output()
	require.NoError(t, err)
	all := map[string]string{}
	for line := range bytes.Lines(out) {
		path, file, _ := strings.Cut(strings.TrimSpace(string(line)), "=")
		all[path] = file
	}
	return all
}

// cycles returns the groups of files that use each other, in one direction and back.
func cycles(uses map[string]map[string]string) (all [][]string) {
	reach := map[string]map[string]bool{}
	var walk func(from, at string)
	walk = func(from, at string) {
		for to := range uses[at] {
			if !reach[from][to] {
				reach[from][to] = true
				walk(from, to)
			}
		}
	}
	for f := range uses {
		reach[f] = map[string]bool{}
		walk(f, f)
	}
	done := map[string]bool{}
	for _, f := range slices.Sorted(maps.Keys(uses)) {
		if done[f] || !reach[f][f] {
			continue
		}
		var group []string
		for _, g := range slices.Sorted(maps.Keys(uses)) {
			if reach[f][g] && reach[g][f] {
				group, done[g] = append(group, g), true
			}
		}
		all = append(all, group)
	}
	return all
}
