package idx

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/internal/alloctest"
	"github.com/stretchr/testify/require"
)

// array is an IDX file.
func array(data []byte, shape ...uint32) []byte {
	raw := []byte{0, 0, 8, byte(len(shape))}
	for _, n := range shape {
		raw = binary.BigEndian.AppendUint32(raw, n)
	}
	return append(raw, data...)
}

func packed(raw []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(raw)
	w.Close()
	return b.Bytes()
}

func write(t *testing.T, raw []byte) string {
	path := filepath.Join(t.TempDir(), "idx")
	require.NoError(t, os.WriteFile(path, raw, 0o666))
	return path
}

func TestRead(t *testing.T) {
	images, labels := array([]byte{0, 50, 100, 150, 200, 255, 1, 2, 3, 4, 5, 6}, 2, 2, 3), array([]byte{2, 0}, 2)
	for name, pack := range map[string]func([]byte) []byte{"plain": bytes.Clone, "gzip": packed} {
		m, err := Read(write(t, pack(images)), write(t, pack(labels)), Settings{})
		require.NoError(t, err, name)
		require.Equal(t, []string{"0", "1", "2"}, m.Classes())
		require.Equal(t, []int{2, 0}, dataset.Labels(m))
		var img dataset.Image
		require.NoError(t, m.Image(0, &img))
		require.Equal(t, dataset.Image{Height: 2, Width: 3, Channels: 3,
			Pix: []uint8{0, 0, 0, 50, 50, 50, 100, 100, 100, 150, 150, 150, 200, 200, 200, 255, 255, 255}}, img)
	}
	m, err := Read(write(t, images), write(t, labels), Settings{Height: 4, Width: 4, Fit: dataset.Squash, Classes: []string{"shirt", "bag", "boot"}})
	require.NoError(t, err)
	require.Equal(t, dataset.Shape{Height: 4, Width: 4, Channels: 3}, m.Shape())
	require.Equal(t, dataset.Squash, dataset.FitOf(m))
	require.Equal(t, "boot", m.Classes()[m.Label(0)])

	for _, s := range []Settings{{Width: 4}, {Height: 4}} {
		m, err = Read(write(t, images), write(t, labels), s)
		require.NoError(t, err)
		require.Equal(t, dataset.Shape{Height: 4, Width: 4, Channels: 3}, m.Shape(), "one side stands for both")
	}
	m, err = Read(write(t, images), write(t, labels), Settings{Fit: dataset.Whole})
	require.NoError(t, err)
	require.Equal(t, dataset.Shape{Height: 2, Width: 3, Channels: 3}, m.Shape())
}

func TestReadErrors(t *testing.T) {
	images, labels := array([]byte{1, 2, 3, 4}, 1, 2, 2), array([]byte{3}, 1)
	for _, c := range []struct {
		name           string
		images, labels []byte
		want           string
	}{
		{"empty", nil, labels, "cut off"},
		{"half a header", images[:9], labels, "cut off"},
		{"cut off", images[:18], labels, "[1 2 2] values, 2 are there"},
		{"compressed and cut off", packed(images)[:20], labels, "cut off"},
		{"too long", append(bytes.Clone(images), 0), labels, "more in it"},
		{"no IDX", []byte("\x89PNG"), labels, "no IDX"},
		{"floats", append([]byte{0, 0, 13}, images[3:]...), labels, "0x0d"},
		{"labels for images", labels, labels, "1 dimensions"},
		{"a forged header", array(nil, 1<<31, 1<<31, 1<<31), labels, "claims"},
		{"a forged header of one set", array(nil, 1<<10, 1<<10, 1<<10), labels, "0 are there"},
		{"other labels", images, array([]byte{1, 2}, 2), "different sets"},
		{"no images", array(nil, 0, 2, 2), array(nil, 0), "show nothing"},
		{"no pixels", array(nil, 1, 0, 2), labels, "show nothing"},
		{"a label of no class", images, labels, "label 3"},
	} {
		_, err := Read(write(t, c.images), write(t, c.labels), Settings{Classes: []string{"a", "b"}})
		require.ErrorContains(t, err, c.want, c.name)
	}
	_, err := Read("nowhere", "nowhere", Settings{})
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = Read(t.TempDir(), "nowhere", Settings{})
	require.ErrorContains(t, err, "regular")
}

func FuzzParse(f *testing.F) {
	f.Add(array([]byte{1, 2, 3, 4}, 1, 2, 2), 3)
	f.Add(packed(array([]byte{1, 2}, 2)), 1)
	f.Fuzz(func(t *testing.T, raw []byte, dims int) {
		if dims = dims & 3; dims == 0 {
			return
		}
		var shape []int
		var data []byte
		var err error
		alloctest.Justified(t, len(raw), func() { shape, data, err = parse(bytes.NewReader(raw), dims) })
		if err != nil {
			return
		}
		n := 1
		for _, d := range shape {
			n *= d
		}
		require.Len(t, data, n)
	})
}
