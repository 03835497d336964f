package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/onnx"
	"github.com/stretchr/testify/require"
)

func TestExport(t *testing.T) {
	_, run := trained(t)
	path := filepath.Join(t.TempDir(), "model.onnx")
	out, _ := succeed(t, "export --json --nchw --normalize --softmax --features --fold --batch 2 "+run+" -o", path)
	said := parseJSON[exported](t, out)
	require.Equal(t, "pixels from 0 to 255 [2, 3, 16, 16], channels first", said.Input)
	require.Equal(t, []string{"probabilities", "features"}, said.Outputs)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, info.Size(), said.Bytes)
	b, err := onnx.Open(path, onnx.OpenSettings{})
	require.NoError(t, err)
	require.Equal(t, 3, b.OutDim())

	model := filepath.Join(run, "model.safetensors")
	before := read(t, model)
	fail(t, usage, "the model itself", "export "+model+" -o", model)
	require.Equal(t, before, read(t, model))
	fail(t, usage, "--batch=-1", "export --batch=-1 "+model+" -o", path)
	fail(t, failed, "missing", "export missing -o", path)
	fail(t, failed, filepath.Join("no", "where"), "export "+model+" -o", filepath.Join("no", "where", "model.onnx"))
	code, _, log := line("export " + model)
	require.Equal(t, usage, code)
	require.Contains(t, log, "--out")
}
