package source

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/stretchr/testify/require"
)

func writeFile(t testing.TB, content []byte, path ...string) {
	t.Helper()
	full := filepath.Join(path...)
	require.NoError(t, os.MkdirAll(filepath.Dir(full), 0o777))
	require.NoError(t, os.WriteFile(full, content, 0o666))
}

// layout writes files: images for names that end in .png or begin with "@", whose shade is their place, else the text.
func layout(t testing.TB, files ...[2]string) string {
	t.Helper()
	dir := t.TempDir()
	for i, f := range files {
		if filepath.Ext(f[0]) == ".png" {
			onePNG(t, 4, uint8(i), dir, filepath.FromSlash(f[0]))
			continue
		}
		writeFile(t, []byte(f[1]), dir, filepath.FromSlash(f[0]))
	}
	return dir
}

func images(names ...string) (all [][2]string) {
	for _, n := range names {
		all = append(all, [2]string{n})
	}
	return all
}

func writeCIFAR10(t testing.TB, dir string) {
	record := make([]byte, 3073)
	for i := range 5 {
		writeFile(t, append(bytes.Clone(record), record...), dir, fmt.Sprintf("data_batch_%d.bin", i+1))
	}
	writeFile(t, record, dir, "test_batch.bin")
}

func idxFile(data []byte, shape ...uint32) []byte {
	raw := []byte{0, 0, 8, byte(len(shape))}
	for _, n := range shape {
		raw = binary.BigEndian.AppendUint32(raw, n)
	}
	return append(raw, data...)
}

// onePNG writes one PNG file.
func onePNG(t testing.TB, side int, shade uint8, path ...string) string {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, side, side))
	for p := range m.Pix {
		m.SetGray(p%side, p/side, color.Gray{Y: shade})
	}
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	writeFile(t, b.Bytes(), path...)
	return filepath.Join(path...)
}

// contents are the images of a part, by their paths below dir, and their classes.
func contents(t *testing.T, dir string, d dataset.Dataset) (all []string) {
	t.Helper()
	if d == nil {
		return nil
	}
	var img dataset.Image
	for i := range d.Len() {
		require.NoError(t, d.Image(i, &img))
		name := fmt.Sprint(i)
		if files, ok := d.(*dataset.Files); ok {
			below, err := filepath.Rel(dir, files.Path(i))
			require.NoError(t, err)
			name = filepath.ToSlash(below)
		}
		all = append(all, name+" "+d.Classes()[d.Label(i)])
	}
	return all
}

func open(path string, s Settings) (*Data, error) { return Open(context.Background(), path, s) }
