package onnx_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/onnx"
	"github.com/stretchr/testify/require"
)

// ONNX Runtime gives what networks give, and onnx's checker accepts their files, in all forms that Settings can choose.
func TestONNXRuntime(t *testing.T) {
	python, modules := os.Getenv("LONGTAIL_ONNX"), os.Getenv("LONGTAIL_ORT")
	if python == "" || modules == "" {
		t.Skip("LONGTAIL_ONNX names a Python with onnx, LONGTAIL_ORT a node_modules with onnxruntime-node")
	}
	dir := t.TempDir()
	var files, runs []string
	var checks []func()
	for i, n := range append(networks(t), presets(t)...) {
		images, classes := n.of.Input().Features == 0, n.of.Classes()
		x := samples(n.of, 1000)
		logits, embeddings := results(t, n.of, x)
		for k, s := range []onnx.Settings{{Embeddings: embeddings != nil}, {NCHW: images, FoldBatchNorm: true, Batch: 8}} {
			path := filepath.Join(dir, fmt.Sprintf("%d-%d.onnx", i, k))
			require.NoError(t, onnx.Save(path, n.of, hybrid.About{}, s), n.name)
			in, batch := x, 300
			if s.NCHW {
				in = channelsFirst(x)
			}
			if s.Batch > 0 {
				batch = s.Batch
			}
			dims := strings.ReplaceAll(strings.Trim(in.Shape().String(), "[]"), " ", ",")
			file := filepath.Join(dir, dims) // the same images for all networks of that input
			if _, err := os.Stat(file); err != nil {
				raw, err := binary.Append(nil, binary.LittleEndian, in.Data())
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(file, raw, 0o666))
			}
			files = append(files, path)
			runs = append(runs, path, file, dims, fmt.Sprint(batch), path)
			checks = append(checks, func() {
				is := floats(t, path+".logits")
				requireClose(t, logits.Data(), is, 1e-4)
				for r := range 1000 {
					require.Equal(t, top(logits.Data()[classes*r:classes*(r+1)]), top(is[classes*r:classes*(r+1)]), "%s, image %d", n.name, r)
				}
				if s.Embeddings {
					requireClose(t, embeddings.Data(), floats(t, path+".embeddings"), 1e-4)
				}
			})
		}
	}
	check := exec.Command(python, append([]string{"-c", "import onnx, sys\nfor path in sys.argv[1:]: onnx.checker.check_model(onnx.load(path), full_check=True)"}, files...)...)
	out, err := check.CombinedOutput()
	require.NoError(t, err, "%s", out)
	run := exec.Command("node", append([]string{"testdata/run.js"}, runs...)...)
	run.Env = append(os.Environ(), "NODE_PATH="+modules)
	out, err = run.CombinedOutput()
	require.NoError(t, err, "%s", out)
	for _, check := range checks {
		check()
	}
	t.Logf("%d files are accepted and agree", len(files))
}

func top(v []float32) int {
	best := 0
	for i := range v {
		if v[i] > v[best] {
			best = i
		}
	}
	return best
}

func floats(t *testing.T, path string) []float32 {
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	v := make([]float32, len(raw)/4)
	for i := range v {
		v[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
	}
	return v
}
