package methods_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/method"
	"github.com/stretchr/testify/require"
)

const module = "github.com/longtail-ml/longtail/"

// What a snippet needs around it to be a program's file. All of them use all of these but loss and train.
const header = `package page

import (
	"context"

	"` + module + `backbone"
	"` + module + `dataset"
	"` + module + `hybrid"
	"` + module + `loss"
	"` + module + `method"
	"` + module + `train"
)

var ( // not all of them name these
	_ train.Trainer
	_ loss.Loss
)

`

func TestSnippetsCompile(t *testing.T) {
	exports := compiled(t, "context", module+"backbone", module+"dataset", module+"hybrid", module+"loss", module+"method", module+"train")
	set := token.NewFileSet()
	find := func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) }
	config := types.Config{Importer: importer.ForCompiler(set, "gc", find)}
	for _, m := range method.All() {
		t.Run(m.Name, func(t *testing.T) {
			p := read(t, m.Name+".md")
			_, after, found := strings.Cut(p.section("Train"), "```go\n")
			require.True(t, found, "no snippet")
			snippet, _, _ := strings.Cut(after, "```")
			file, err := parser.ParseFile(set, m.Name+".md", header+snippet, 0)
			require.NoError(t, err)
			_, err = config.Check("page", set, []*ast.File{file}, nil)
			require.NoError(t, err)
			preset := regexp.MustCompile(`method\.\w+\(`).FindString(p.facts["Preset"])
			require.Contains(t, snippet, "m := "+preset)
			require.Equal(t, m.Second != nil, strings.Contains(snippet, "m.Finish("), "Finish belongs to a second stage")
			require.False(t, m.Recipe == nil && strings.Contains(snippet, "m.Recipe("), "the method has no Recipe to call")
		})
	}
}

// compiled returns the files with the compiler's export data of packages and all they import.
func compiled(t *testing.T, packages ...string) map[string]string {
	t.Helper()
	list := exec.Command("go", append([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}"}, packages...)...)
	list.Stderr = os.Stderr
	out, err := list.Output()
	require.NoError(t, err)
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		path, file, _ := strings.Cut(strings.TrimSpace(line), " ")
		files[path] = file
	}
	return files
}
