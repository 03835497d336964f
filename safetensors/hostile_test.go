package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/safetensors"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func fileOf(header string, data []byte) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), data...)
}

// Whatever a header says of shapes and places, reading ends in values or an error, and takes no more memory than the file
// has bytes for.
func TestHostileHeaders(t *testing.T) {
	number := rapid.SampledFrom([]string{"0", "1", "2", "4", "8", "-1", "1125899906842624", "4611686018427387904", "9223372036854775807", "9223372036854775808", "1e3", "null"})
	rapid.Check(t, func(t *rapid.T) {
		shape := strings.Join(rapid.SliceOfN(number, 0, 4).Draw(t, "shape"), ",")
		offsets := strings.Join(rapid.SliceOfN(number, 1, 3).Draw(t, "offsets"), ",")
		dtype := rapid.SampledFrom([]string{"F32", "F16", "F64", "U8", "F4", ""}).Draw(t, "dtype")
		raw := fileOf(fmt.Sprintf(`{"a":{"dtype":%q,"shape":[%s],"data_offsets":[%s]}}`, dtype, shape, offsets), make([]byte, rapid.IntRange(0, 9).Draw(t, "bytes")))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f, err := safetensors.Read(bytes.NewReader(raw), int64(len(raw)))
		if err == nil {
			for _, x := range f.Tensors {
				if v, err := x.Float32(); err == nil {
					require.LessOrEqual(t, v.Len(), len(raw))
				}
				_, _ = x.Bytes()
			}
		}
		runtime.ReadMemStats(&after)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
	})
}

func TestShapeBeyondCounting(t *testing.T) {
	raw := fileOf(`{"a":{"dtype":"F32","shape":[1125899906842624,0],"data_offsets":[0,0]}}`, nil)
	f, err := safetensors.Read(bytes.NewReader(raw), int64(len(raw)))
	if strconv.IntSize == 32 {
		require.ErrorContains(t, err, `"a"`)
		return
	}
	require.NoError(t, err)
	_, err = f.Tensors[0].Float32()
	var misuse *tensor.Error
	require.ErrorAs(t, err, &misuse)
	require.ErrorContains(t, err, `"a"`)
}

// A file of holes has as many bytes as it says, and takes none on disk: its tensors fit the file, but no memory.
func TestTensorOfHoles(t *testing.T) {
	const size int64 = 1 << 50
	path := filepath.Join(t.TempDir(), "holes.safetensors")
	require.NoError(t, os.WriteFile(path, fileOf(fmt.Sprintf(`{"a":{"dtype":"U8","shape":[%d],"data_offsets":[0,%d]}}`, size, size), nil), 0o600))
	stat, err := os.Stat(path)
	require.NoError(t, err)
	if err := os.Truncate(path, stat.Size()+size); err != nil {
		t.Skip(err)
	}
	f, err := safetensors.Open(path)
	require.NoError(t, err)
	defer f.Close()
	_, err = f.Tensors[0].Bytes()
	require.ErrorContains(t, err, "memory")
	require.ErrorContains(t, err, path)
}
