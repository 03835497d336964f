package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/features"
	"github.com/longtail-ml/longtail/dataset/parquet"
	"github.com/longtail-ml/longtail/dataset/source"
	"github.com/longtail-ml/longtail/embedding"
	"github.com/longtail-ml/longtail/tensor"
	pq "github.com/parquet-go/parquet-go"
	"github.com/stretchr/testify/require"
)

type picture struct {
	Bytes []byte `parquet:"bytes"`
	Path  string `parquet:"path"`
}

type row struct {
	Image picture `parquet:"image"`
	Label int64   `parquet:"label"`
}

// file writes images, each of a shade of its own.
func file(t *testing.T, path string, labels ...int64) {
	t.Helper()
	var rows []row
	for i, label := range labels {
		m := image.NewGray(image.Rect(0, 0, 9, 7))
		for p := range m.Pix {
			m.SetGray(p%9, p/9, color.Gray{Y: uint8(i)})
		}
		var b bytes.Buffer
		require.NoError(t, png.Encode(&b, m))
		rows = append(rows, row{picture{Bytes: b.Bytes()}, label})
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
	require.NoError(t, pq.WriteFile(path, rows, pq.KeyValueMetadata("huggingface", `{"info": {"features": {"label": {"names": ["ant", "owl"], "_type": "ClassLabel"}}}}`)))
}

// What the error about Parquet files tells to do leads to a data set that opens.
func TestParquetBecomesArchives(t *testing.T) {
	in, out := t.TempDir(), t.TempDir()
	file(t, filepath.Join(in, "data", "train-00000-of-00001.parquet"), 1, 0, 1, 1, 1)
	file(t, filepath.Join(in, "data", "test-00000-of-00001.parquet"), 0, 1)
	_, err := source.Open(t.Context(), in, source.Settings{})
	require.ErrorIs(t, err, source.ErrParquet)
	require.ErrorContains(t, err, "examples/parquet")

	whole := parquet.Settings{Fit: dataset.Whole}
	n, err := run(filepath.Join(out, "train"), 2, whole, filepath.Join(in, "data", "train-00000-of-00001.parquet"))
	require.NoError(t, err)
	require.Equal(t, 5, n)
	_, err = run(filepath.Join(out, "test"), 2, whole, filepath.Join(in, "data", "test-00000-of-00001.parquet"))
	require.NoError(t, err)
	d, err := source.Open(t.Context(), out, source.Settings{Cache: t.TempDir(), SplitSettings: dataset.SplitSettings{FolderSettings: dataset.FolderSettings{Fit: dataset.Whole}}})
	require.NoError(t, err)
	require.Equal(t, []string{"ant", "owl"}, d.Train.Classes())
	require.Equal(t, []int{1, 0, 1, 1, 1}, dataset.Labels(d.Train))
	require.Equal(t, []int{0, 1}, dataset.Labels(d.Test))
	var img dataset.Image
	require.NoError(t, d.Train.Image(4, &img))
	require.Equal(t, dataset.Shape{Height: 7, Width: 9, Channels: 3}, img.Shape())
	require.Equal(t, uint8(4), img.Pix[0])

	_, err = run(filepath.Join(out, "test"), 2, whole, filepath.Join(in, "data", "test-00000-of-00001.parquet"))
	require.ErrorIs(t, err, os.ErrExist, "archives that are there stay")
}

// Embeddings become a file that is read as they were.
func TestEmbeddingsBecomeParquet(t *testing.T) {
	from, to := filepath.Join(t.TempDir(), "x.safetensors"), filepath.Join(t.TempDir(), "x.parquet")
	vectors, err := tensor.FromSlice([]float32{0, 1, 1, 0, 0.6, 0.8}, 3, 2)
	require.NoError(t, err)
	set := &embedding.Set{Vectors: vectors, Labels: []int{1, 0, 1}, Classes: []string{"ant", "owl"}, Names: []string{"a.png", "b.png", "c.png"}}
	require.NoError(t, set.Save(from))
	n, err := save(to, from)
	require.NoError(t, err)
	require.Equal(t, 3, n)
	back, err := parquet.OpenFeatures(t.Context(), parquet.FeatureSettings{}, to)
	require.NoError(t, err)
	want, err := features.New(2, vectors.Data(), set.Labels, set.Classes)
	require.NoError(t, err)
	require.Equal(t, want, back)
	_, err = save(to, to)
	require.ErrorContains(t, err, to)
}
