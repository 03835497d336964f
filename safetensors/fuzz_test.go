package safetensors_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/internal/alloctest"
	"github.com/longtail-ml/longtail/safetensors"
)

func FuzzRead(f *testing.F) {
	f.Add(written(f, newModel(f), map[string]string{"a": "b"}))
	f.Add(file(`{"h":{"dtype":"F16","shape":[2,1],"data_offsets":[0,4]},"x":{"dtype":"?","shape":[],"data_offsets":[4,5]}}`, 1, 2, 3, 4, 5))
	f.Add(file(`{"__metadata__":{"a":"b"}}`))
	f.Add(file(`{"x":{"dtype":"U8","shape":[4611686018427387904,4],"data_offsets":[0,9223372036854775807]}}`))
	f.Add(file(`{"x":{"dtype":"F32","shape":[1125899906842624,0],"data_offsets":[0,0]}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var file *safetensors.File
		var err error
		alloctest.Justified(t, len(b), func() { file, err = read(b) })
		if err != nil {
			return
		}
		total := 0
		for _, x := range file.Tensors {
			raw, err := x.Bytes()
			require.NoError(t, err)
			total += len(raw)
			if v, err := x.Float32(); err == nil {
				require.Equal(t, x.Shape, v.Shape())
			}
		}
		require.LessOrEqual(t, total, len(b))
		_ = file.Load(newModel(t))
		_, _ = file.LoadPartial(newModel(t), safetensors.ReplacePrefix("sub.", ""))
	})
}
