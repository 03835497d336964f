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
	for _, n := range networks(t) {
		images := n.of.Input().Features == 0
		t.Run(n.name, func(t *testing.T) {
			x := samples(n.of, 1000)
			logits, embeddings := results(t, n.of, x)
			for i, s := range []onnx.Settings{{Embeddings: true}, {NCHW: images, FoldBatchNorm: true, Batch: 8}} {
				path := filepath.Join(t.TempDir(), fmt.Sprintf("%d.onnx", i))
				require.NoError(t, onnx.Save(path, n.of, hybrid.About{}, s))
				out, err := exec.Command(python, "-c", "import onnx, sys; m = onnx.load(sys.argv[1]); onnx.checker.check_model(m, full_check=True)", path).CombinedOutput()
				require.NoError(t, err, string(out))

				in, dims := x, x.Shape()
				if s.NCHW {
					in = channelsFirst(x)
					dims = in.Shape()
				}
				raw := make([]byte, 4*in.Len())
				for i, v := range in.Data() {
					binary.LittleEndian.PutUint32(raw[4*i:], math.Float32bits(v))
				}
				require.NoError(t, os.WriteFile(path+".in", raw, 0o666))
				batch := "300"
				if s.Batch > 0 {
					batch = fmt.Sprint(s.Batch)
				}
				run := exec.Command("node", "testdata/run.js", path, path+".in", strings.ReplaceAll(strings.Trim(dims.String(), "[]"), " ", ","), batch, path)
				run.Env = append(os.Environ(), "NODE_PATH="+modules)
				out, err = run.CombinedOutput()
				require.NoError(t, err, string(out))
				is := floats(t, path+".logits")
				requireClose(t, logits.Data(), is, 1e-4)
				for r := range 1000 {
					require.Equal(t, top(logits.Data()[5*r:5*r+5]), top(is[5*r:5*r+5]), "image %d", r)
				}
				if s.Embeddings {
					requireClose(t, embeddings.Data(), floats(t, path+".embeddings"), 1e-4)
				}
			}
		})
	}
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
