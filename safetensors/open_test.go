package safetensors_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/safetensors"
)

func TestOpenReadsOnlyWhatIsAskedFor(t *testing.T) {
	const size = 256 << 20
	path := filepath.Join(t.TempDir(), "f")
	head := file(`{"__metadata__":{"k":"v"},"small":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},`+
		`"large":{"dtype":"U8","shape":[268435456],"data_offsets":[4,268435460]}}`, 0, 0, 0x80, 0x3f)
	require.NoError(t, os.WriteFile(path, head, 0o666))
	require.NoError(t, os.Truncate(path, int64(len(head))+size)) // zeros that take no room on most disks

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f, err := safetensors.Open(path)
	require.NoError(t, err)
	x, err := f.Tensors[0].Float32()
	require.NoError(t, err)
	runtime.ReadMemStats(&after)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
	require.Equal(t, []float32{1}, x.Data())
	require.Equal(t, map[string]string{"k": "v"}, f.Metadata)
	require.NoError(t, f.Close())
}

func TestReadingAfterClose(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, os.WriteFile(path, written(t, newModel(t), nil), 0o666))
	f, err := safetensors.Open(path)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	_, err = f.Tensors[0].Bytes()
	require.ErrorIs(t, err, os.ErrClosed)
	require.ErrorContains(t, err, "safetensors: "+path+`: tensor "sub.conv": `)
	require.ErrorIs(t, f.Load(newModel(t)), os.ErrClosed)
	require.ErrorIs(t, f.Close(), os.ErrClosed)

	b := written(t, newModel(t), nil)
	f, err = safetensors.Read(bytes.NewReader(b), int64(len(b)))
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.NoError(t, f.Load(newModel(t)), "what Read was given is the caller's to close")
}

func TestAFileThatIsReplacedIsReadOnAsItWas(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows replaces no file that is open")
	}
	path := filepath.Join(t.TempDir(), "f")
	m := newModel(t)
	want := m.bits()
	require.NoError(t, safetensors.Save(path, m, nil))
	f, err := safetensors.Open(path)
	require.NoError(t, err)
	m.clear()
	require.NoError(t, safetensors.Save(path, m, nil))
	require.NoError(t, f.Load(m))
	require.Equal(t, want, m.bits())
	require.NoError(t, f.Close())
}

func TestAFileThatBecomesShorterWhileItIsOpen(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	require.NoError(t, safetensors.Save(path, newModel(t), nil))
	f, err := safetensors.Open(path)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, os.Truncate(path, 300))
	m := newModel(t)
	m.clear()
	before := m.bits()
	require.ErrorContains(t, f.Load(m), "unexpected EOF")
	require.Equal(t, before, m.bits())
}
