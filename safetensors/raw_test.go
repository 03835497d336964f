package safetensors_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/safetensors"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

func TestSaveRaw(t *testing.T) {
	path := filepath.Join(t.TempDir(), "raw.safetensors")
	all := []safetensors.Raw{{Name: "labels", DType: "I64", Shape: tensor.Shape{2}, Bytes: []byte("\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00")},
		{Name: "x", DType: "F32", Shape: tensor.Shape{1, 1}, Bytes: []byte{0, 0, 0x80, 0x3f}}, {Name: "none", DType: "F32", Shape: tensor.Shape{0, 3}, Bytes: nil}, {Name: "names", DType: "U8", Shape: tensor.Shape{3}, Bytes: []byte("abc")}}
	require.NoError(t, safetensors.SaveRaw(path, all, map[string]string{"a": "b"}))
	f, err := safetensors.Open(path)
	require.NoError(t, err)
	defer f.Close()
	require.Equal(t, map[string]string{"a": "b"}, f.Metadata)
	for _, r := range all {
		x, err := f.Tensor(r.Name)
		require.NoError(t, err)
		require.Equal(t, r.DType, x.DType)
		require.True(t, r.Shape.Equal(x.Shape))
		b, err := x.Bytes()
		require.NoError(t, err)
		require.Equal(t, string(r.Bytes), string(b))
	}
	for want, bad := range map[string][]safetensors.Raw{
		`"x"`:            {all[1], all[1]},
		`"__metadata__"`: {{Name: "__metadata__", DType: "U8", Shape: tensor.Shape{0}, Bytes: nil}},
		`"F31"`:          {{Name: "x", DType: "F31", Shape: tensor.Shape{0}, Bytes: nil}},
		"3 bytes":        {{Name: "x", DType: "F32", Shape: tensor.Shape{1}, Bytes: make([]byte, 3)}},
	} {
		path := filepath.Join(t.TempDir(), "bad.safetensors")
		require.ErrorContains(t, safetensors.SaveRaw(path, bad, nil), want)
		_, err := os.Stat(path)
		require.ErrorIs(t, err, os.ErrNotExist)
	}
}
