package longtail_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/longtail-ml/longtail"

// mayImport lists, for each package, the packages of this module it may import. Imports point one way.
var mayImport = map[string][]string{
	"":                  {},
	"tensor":            {"internal/memory"},
	"schedule":          {},
	"metrics":           {},
	"manifest":          {},
	"record":            {"internal/atomicfile"},
	"imagefile":         {"internal/chroma"},
	"npy":               {"internal/atomicfile", "internal/half", "internal/memory"},
	"dataset":           {"imagefile", "internal/atomicfile", "internal/chroma", "internal/foreach", "internal/resample", "internal/smallfile"},
	"dataset/shards":    {"dataset", "imagefile", "internal/packed"},
	"dataset/parquet":   {"dataset", "dataset/features", "imagefile", "internal/atomicfile", "internal/half", "internal/memory", "internal/packed"},
	"dataset/features":  {"dataset", "npy", "safetensors", "internal/smallfile"},
	"sampler":           {"schedule"},
	"augment":           {"dataset", "internal/foreach", "internal/resample"},
	"internal/parallel": {},
	"internal/prefetch": {"internal/cause"},
	"internal/kernels":  {"internal/parallel"},
	"blas":              {"internal/kernels"},
	"autograd":          {"tensor", "blas", "internal/kernels"},
	"autograd/gradtest": {"tensor", "autograd"},
	"nn":                {"tensor", "autograd", "internal/kernels"},
	"backbone":          {"tensor", "autograd", "nn"},
	"prototype":         {"tensor", "autograd", "nn", "internal/cause", "internal/kernels", "internal/parallel"},
	"loss":              {"tensor", "autograd", "nn", "prototype", "schedule", "internal/kernels", "internal/parallel"},
	"optim":             {"tensor", "autograd", "nn", "internal/kernels"},
	"safetensors":       {"tensor", "nn", "internal/atomicfile", "internal/half", "internal/memory"},
	"pytorch":           {"tensor", "safetensors", "internal/memory"},
	"pretrained":        {"tensor", "nn", "safetensors", "pytorch"},
	"checkpoint":        {"nn", "safetensors", "internal/atomicfile", "internal/lock", "internal/smallfile"},
	"posthoc":           {"internal/cause", "internal/nearest", "tensor", "dataset", "autograd", "nn", "loss", "optim", "sampler", "schedule", "metrics", "train"},
	"hybrid": {"tensor", "autograd", "nn", "backbone", "prototype", "loss", "safetensors", "schedule", "sampler", "dataset", "augment",
		"metrics", "internal/kernels", "internal/prefetch"},
	"train": {"tensor", "autograd", "nn", "backbone", "loss", "optim", "checkpoint", "schedule", "sampler", "dataset", "augment", "metrics",
		"manifest", "record", "hybrid", "internal/average", "internal/batch", "internal/cause", "distributed", "internal/describe", "internal/kernels", "internal/memory", "internal/prefetch"},
	"method": {"tensor", "autograd", "nn", "backbone", "prototype", "loss", "optim", "schedule", "sampler", "dataset", "augment", "posthoc", "hybrid", "train"},
	"onnx":   {"tensor", "autograd", "nn", "backbone", "hybrid", "internal/atomicfile", "internal/half", "internal/kernels", "internal/smallfile"},
	"experiment": {"distributed", "internal/atomicfile", "internal/lock", "tensor", "autograd", "nn", "augment", "backbone", "checkpoint", "dataset", "dataset/annotation", "dataset/features", "dataset/shards", "dataset/source", "hybrid", "manifest", "method", "metrics", "optim", "posthoc", "pretrained", "record",
		"safetensors", "schedule", "train", "internal/describe", "internal/smallfile"},
	"report":              {"autograd", "dataset", "experiment", "hybrid", "internal/atomicfile", "internal/nearest", "internal/smallfile", "manifest", "metrics", "nn", "posthoc", "safetensors", "tensor"},
	"distributed":         {"internal/kernels"},
	"distributed/mpi":     {"distributed"},
	"docs/results/plot":   {},
	"internal/atomicfile": {},
	"internal/cause":      {},
	"internal/chroma":     {},
	"internal/foreach":    {"internal/cause"},
	"internal/half":       {},
	"internal/lock":       {},
	"internal/memory":     {},
	"internal/nearest":    {"blas", "internal/cause", "tensor"},
	"internal/resample":   {},
	"internal/packed":     {"dataset", "imagefile", "internal/atomicfile", "internal/smallfile"},
	"internal/smallfile":  {},
	"internal/terminal":   {},
	"internal/average":    {"autograd", "hybrid", "internal/batch", "nn", "tensor"},
	"internal/batch":      {"augment", "autograd", "dataset", "hybrid", "loss", "tensor"},
	"internal/describe":   {"augment", "autograd", "dataset", "hybrid", "manifest", "nn", "schedule", "tensor"},
	"internal/vectortest": {},
	"internal/alloctest":  {},
	"internal/leveltest":  {"internal/kernels"},
	"embedding":           {"dataset", "hybrid", "internal/atomicfile", "internal/nearest", "internal/smallfile", "npy", "safetensors", "tensor"},
	"serve":               {"embedding", "hybrid", "imagefile", "tensor"},

	"dataset/annotation": {"dataset", "imagefile", "internal/smallfile"},
	"dataset/idx":        {"dataset"},
	"dataset/source":     {"dataset", "dataset/annotation", "dataset/idx", "dataset/shards", "imagefile", "internal/atomicfile", "internal/smallfile"},
}

func TestImportsPointOneWay(t *testing.T) {
	seen := map[string]bool{}
	require.NoError(t, filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && path != "." && strings.ContainsAny(d.Name()[:1], "._") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		room := filepath.ToSlash(filepath.Dir(path))
		if room == "." {
			room = ""
		}
		if strings.HasPrefix(room, "examples/") || strings.HasPrefix(room, "cmd/") || room == "bench" {
			return nil // programs may import everything
		}
		allowed, known := mayImport[room]
		require.True(t, known, "package %q is not in the list of rooms", room)
		seen[room] = true
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		require.NoError(t, err)
		for _, i := range file.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			require.NoError(t, err)
			require.NotEqual(t, "log", name, "%s: library code does not log", path)
			require.False(t, strings.HasPrefix(name, "github.com/parquet-go/") && room != "dataset/parquet", "%s: only users of dataset/parquet link %s", path, name)
			require.False(t, strings.HasPrefix(name, "github.com/ebitengine/purego") && room != "distributed/mpi", "%s: only users of distributed/mpi link %s", path, name)
			if ours, ok := strings.CutPrefix(name, module+"/"); ok {
				require.True(t, slices.Contains(allowed, ours), "%s must not import %s", path, ours)
			}
		}
		return nil
	}))
	require.Len(t, seen, len(mayImport), "a listed room is empty")
}

// The program in the README is an example that compiles.
func TestReadmeProgramCompiles(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, after, found := strings.Cut(string(readme), "```go\n")
	require.True(t, found)
	block, _, found := strings.Cut(after, "```")
	require.True(t, found)
	program, err := os.ReadFile("examples/minimal/main.go")
	require.NoError(t, err)
	_, program2, _ := strings.Cut(string(program), "\n")
	require.Equal(t, program2, block)
}

// What docs/onnx.md shows in Go is a part of examples that run.
func TestONNXPageShowsExamples(t *testing.T) {
	page, err := os.ReadFile("docs/onnx.md")
	require.NoError(t, err)
	examples, err := os.ReadFile("onnx/example_test.go")
	require.NoError(t, err)
	blocks := strings.Split(string(page), "```go\n")
	require.Greater(t, len(blocks), 1)
	for _, b := range blocks[1:] {
		block, _, _ := strings.Cut(b, "```")
		require.Contains(t, string(examples), block)
	}
}

// What docs/from-pytorch.md shows is a part of an example that runs.
func TestPyTorchPageShowsAnExample(t *testing.T) {
	page, err := os.ReadFile("docs/from-pytorch.md")
	require.NoError(t, err)
	_, after, found := strings.Cut(string(page), "```go\n")
	require.True(t, found)
	block, _, _ := strings.Cut(after, "```")
	example, err := os.ReadFile("train/step_example_test.go")
	require.NoError(t, err)
	require.Contains(t, string(example), block)
}
