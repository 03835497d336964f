package pytorch_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/internal/alloctest"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/stretchr/testify/require"
)

func FuzzRead(f *testing.F) {
	for _, name := range []string{"zip.pth", "protocol4.pth", "legacy.pth"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(f, err)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var file *safetensors.File
		var err error
		alloctest.Justified(t, len(b), func() { file, err = read(b) })
		if err != nil {
			return
		}
		for _, x := range file.Tensors {
			if raw, err := x.Bytes(); err == nil {
				require.LessOrEqual(t, len(raw), len(b))
			}
		}
	})
}

// FuzzPickle gives the interpreter a pickle in an archive that fits, which mutations of whole files seldom reach.
func FuzzPickle(f *testing.F) {
	f.Add(dictOf(text("w"), tensorOf(storageOf("FloatStorage", "0", number(4)), number(0), tupleOf(number(2), number(2)), tupleOf(number(2), number(1)))))
	f.Add("]q\x00(K\x01M\x01\x01G\x3f\xf0\x00\x00\x00\x00\x00\x00e\x94h\x00\x85\x86\x87\x8a\x02\x01\x02NU\x01aC\x01bldsb")
	f.Fuzz(func(t *testing.T, pickle string) {
		archive := archiveOf(t, pickle, four(sixteen))
		var file *safetensors.File
		var err error
		alloctest.Justified(t, len(archive), func() { file, err = read(archive) })
		if err != nil {
			return
		}
		for _, x := range file.Tensors {
			raw, err := x.Bytes()
			require.NoError(t, err)
			require.LessOrEqual(t, len(raw), 16)
		}
	})
}
