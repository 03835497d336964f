package parquet

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/features"
	"github.com/longtail-ml/longtail/internal/alloctest"
	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/compress"
	"github.com/stretchr/testify/require"
)

// picture is as Hugging Face's libraries store it.
type pictured struct {
	Bytes []byte  `parquet:"bytes,optional"`
	Path  *string `parquet:"path,optional"`
}

// labelled is a row of an image classification set.
type labelled struct {
	Image *pictured `parquet:"image,optional"`
	Label *int64    `parquet:"label,optional"`
}

func grey(n uint8) *pictured {
	m := image.NewGray(image.Rect(0, 0, 4, 4))
	for i := range m.Pix {
		m.Pix[i] = n
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return &pictured{Bytes: b.Bytes()}
}

func label(n int64) *int64 { return &n }

// metadata are those of Hugging Face's libraries, with class names for a column.
func metadata(column string, names ...string) parquet.WriterOption {
	return parquet.KeyValueMetadata("huggingface", fmt.Sprintf(`{"info": {"features": {"image": {"_type": "Image"}, %q: {"names": [%s], "_type": "ClassLabel"}, `+
		`"boxes": [{"dtype": "int64", "_type": "Value"}]}}}`, column, `"`+strings.Join(names, `", "`)+`"`))
}

func encode[R any](t testing.TB, rows []R, perGroup int, options ...parquet.WriterOption) []byte {
	t.Helper()
	var b bytes.Buffer
	w := parquet.NewGenericWriter[R](&b, options...)
	for len(rows) > 0 {
		n := min(perGroup, len(rows))
		_, err := w.Write(rows[:n])
		require.NoError(t, err)
		require.NoError(t, w.Flush())
		rows = rows[n:]
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func write(t testing.TB, path string, b []byte) string {
	t.Helper()
	require.NoError(t, os.WriteFile(path, b, 0o600))
	return path
}

func settings(t testing.TB) Settings {
	return Settings{Width: 4, Cache: filepath.Join(t.TempDir(), "cache")}
}

func value8(t testing.TB, s *Set, i int) uint8 {
	t.Helper()
	var m dataset.Image
	require.NoError(t, s.Image(i, &m))
	return m.Pix[0]
}

func rows(from, n int) (all []labelled) {
	for i := range n {
		all = append(all, labelled{grey(uint8(from + i)), label(int64((from + i) % 3))})
	}
	return all
}

func TestImages(t *testing.T) {
	for name, codec := range map[string]compress.Codec{"plain": &parquet.Uncompressed, "snappy": &parquet.Snappy, "zstd": &parquet.Zstd, "gzip": &parquet.Gzip} {
		for _, version := range []int{1, 2} {
			dir, s := t.TempDir(), settings(t)
			options := []parquet.WriterOption{metadata("label", "ant", "bee", "cat"), parquet.Compression(codec), parquet.DataPageVersion(version), parquet.PageBufferSize(200)}
			first := rows(0, 10)
			first[4].Image, first[5].Image = nil, &pictured{} // no picture, no bytes in it
			write(t, filepath.Join(dir, "train-00000-of-00002.parquet"), encode(t, first, 4, options...))
			write(t, filepath.Join(dir, "train-00001-of-00002.parquet"), encode(t, rows(10, 5), 100, options...))
			for range 2 { // unpacked, then remembered
				set, err := Open(t.Context(), s, filepath.Join(dir, "train-{00000..00001}-of-00002.parquet"))
				require.NoError(t, err, name)
				require.Equal(t, []string{"ant", "bee", "cat"}, set.Classes())
				require.Equal(t, 13, set.Len())
				require.Equal(t, 2, set.WithoutImage())
				at := 0
				for i := range 15 {
					if i == 4 || i == 5 {
						continue
					}
					require.Equal(t, uint8(i), value8(t, set, at), name)
					require.Equal(t, i%3, set.Label(at))
					at++
				}
				from, _ := set.Place(12)
				require.Equal(t, filepath.Join(dir, "train-00001-of-00002.parquet"), from)
			}
		}
	}
}

func TestColumnsAreFoundOrAskedFor(t *testing.T) {
	type cifar struct {
		Img    pictured `parquet:"img"`
		Fine   int64    `parquet:"fine_label"`
		Coarse int32    `parquet:"coarse_label"`
		Kind   string   `parquet:"kind,dict"`
	}
	dir := t.TempDir()
	all := []cifar{{*grey(1), 0, 1, "owl"}, {*grey(2), 2, 0, "ant"}}
	path := write(t, filepath.Join(dir, "a.parquet"), encode(t, all, 9, metadata("fine_label", "a", "b", "c")))
	for column, want := range map[string][]string{"": {"a", "b", "c"}, "fine_label": {"a", "b", "c"}, "coarse_label": {"0", "1"}, "kind": {"ant", "owl"}} {
		s := settings(t)
		s.Label = column
		set, err := Open(t.Context(), s, path)
		require.NoError(t, err)
		require.Equal(t, want, set.Classes(), column)
		require.Equal(t, uint8(2), value8(t, set, 1))
	}
	s := settings(t)
	s.Label, s.Classes = "kind", []string{"owl", "cat", "ant"}
	set, err := Open(t.Context(), s, path)
	require.NoError(t, err)
	require.Equal(t, []int{0, 2}, dataset.Labels(set))

	plain := write(t, filepath.Join(dir, "b.parquet"), encode(t, all, 9))
	for want, s := range map[string]Settings{
		"name it by Settings.Label":     {},
		`no column "label5"`:            {Label: "label5"},
		"img, fine_label":               {Image: "picture", Label: "kind"},
		"column img has no labels":      {Label: "img"},
		"column fine_label has no imag": {Image: "fine_label", Label: "kind"},
		"not one of the 1 classes":      {Label: "fine_label", Classes: []string{"x"}},
	} {
		s.Cache = t.TempDir()
		_, err := Open(t.Context(), s, plain)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "b.parquet")
	}
	other := write(t, filepath.Join(dir, "c.parquet"), encode(t, all, 9, metadata("fine_label", "a", "b", "d")))
	s = settings(t)
	s.Label = "fine_label"
	_, err = Open(t.Context(), s, path, other)
	require.ErrorContains(t, err, "c.parquet names other classes")
}

func TestRowsThatAreNoSamples(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.parquet")
	for want, all := range map[string][]labelled{
		"row group 1, column image.bytes, row 1: no label": {{grey(1), label(0)}, {grey(1), label(0)}, {grey(1), label(1)}, {grey(2), nil}},
		"label -1":     {{grey(1), label(-1)}},
		"0 bytes":      {{&pictured{Bytes: []byte{}}, label(0)}},
		"no images in": {{nil, label(0)}},
	} {
		write(t, path, encode(t, all, 2))
		_, err := Open(t.Context(), settings(t), path)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, err, "a.parquet")
	}
	write(t, path, encode(t, []labelled{{&pictured{Bytes: []byte("no picture")}, label(0)}}, 1))
	set, err := Open(t.Context(), settings(t), path)
	require.NoError(t, err)
	require.ErrorContains(t, set.Image(0, &dataset.Image{}), "a.parquet: image 0")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Open(ctx, settings(t), path)
	require.ErrorIs(t, err, context.Canceled)
	s := settings(t)
	s.Cache = filepath.Join(path, "none")
	_, err = Open(t.Context(), s, path)
	require.ErrorContains(t, err, "Settings.Cache")
	_, err = Open(t.Context(), s, filepath.Dir(path)+"x")
	require.ErrorIs(t, err, os.ErrNotExist)
}

// Whatever byte is damaged, there is an error or a set, and no panic.
func TestDamage(t *testing.T) {
	whole := encode(t, rows(0, 6), 3, metadata("label", "a", "b", "c"), parquet.Compression(&parquet.Snappy))
	path := filepath.Join(t.TempDir(), "a.parquet")
	for _, c := range []struct {
		b    []byte
		want string
	}{
		{nil, "0 bytes"}, {whole[:len(whole)-1], "without PAR1"}, {bytes.Repeat([]byte("x"), 100), "without PAR1"}, {whole[len(whole)-20:], "no room"},
		{append(bytes.Clone(whole[:len(whole)-4]), "PARE"...), "encrypted"},
	} {
		write(t, path, c.b)
		_, err := Open(t.Context(), settings(t), path)
		require.ErrorContains(t, err, c.want)
		require.ErrorContains(t, err, "a.parquet")
	}
	found := 0
	for at := 4; at < len(whole); at += 7 {
		b := bytes.Clone(whole)
		b[at] ^= 0xff
		tbl, err := openTable(t.Context(), bytes.NewReader(b), int64(len(b)))
		if err == nil {
			_, err = tbl.images(&bytes.Buffer{}, "", "")
		}
		if err != nil {
			found++
		}
	}
	require.Positive(t, found)
}

func TestConcurrentReaders(t *testing.T) {
	path := write(t, filepath.Join(t.TempDir(), "a.parquet"), encode(t, rows(0, 60), 7))
	set, err := Open(t.Context(), settings(t), path)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for k := range 4 {
		wg.Go(func() {
			var m dataset.Image
			for i := range 60 {
				i = (i*7 + k*20) % 60
				if err := set.Image(i, &m); err != nil || m.Pix[0] != uint8(i) {
					t.Errorf("image %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
}

type embedded[F any] struct {
	Embedding []F   `parquet:"embedding,list"`
	Label     int64 `parquet:"label"`
}

func TestFeatures(t *testing.T) {
	dir := t.TempDir()
	single := write(t, filepath.Join(dir, "a.parquet"), encode(t, []embedded[float32]{{[]float32{1, 2}, 1}, {[]float32{3, 4}, 0}, {[]float32{5, 6}, 1}}, 2,
		metadata("label", "ant", "bee")))
	double := write(t, filepath.Join(dir, "b.parquet"), encode(t, []embedded[float64]{{[]float64{7, 8}, 1}}, 2, metadata("label", "ant", "bee")))
	type repeated struct {
		Vector []float32 `parquet:"vector"`
		Kind   string    `parquet:"kind"`
	}
	plain := write(t, filepath.Join(dir, "c.parquet"), encode(t, []repeated{{[]float32{9, 10}, "x"}}, 2))

	set, err := OpenFeatures(t.Context(), FeatureSettings{}, single, double)
	require.NoError(t, err)
	require.Equal(t, []string{"ant", "bee"}, set.Classes())
	require.Equal(t, []int{1, 0, 1, 1}, dataset.Labels(set))
	for i, want := range [][]float32{{1, 2}, {3, 4}, {5, 6}, {7, 8}} {
		x := make([]float32, 2)
		require.NoError(t, set.Vector(i, x))
		require.Equal(t, want, x)
	}
	set, err = OpenFeatures(t.Context(), FeatureSettings{Label: "kind"}, plain)
	require.NoError(t, err)
	require.Equal(t, []string{"x"}, set.Classes())

	short := filepath.Join(dir, "d.parquet")
	for want, all := range map[string][]embedded[float32]{
		"row group 1, column embedding.list.element, row 0 has 1 values": {{[]float32{1, 2}, 0}, {[]float32{1, 2}, 0}, {[]float32{1}, 0}},
		"row 1: a value, or the whole vector, is missing":                {{[]float32{1, 2}, 0}, {nil, 0}},
		"NaN": {{[]float32{1, float32(math.NaN())}, 0}},
	} {
		write(t, short, encode(t, all, 2))
		_, err := OpenFeatures(t.Context(), FeatureSettings{}, short)
		require.ErrorContains(t, err, want)
	}
	write(t, short, encode(t, []embedded[float32]{}, 2))
	_, err = OpenFeatures(t.Context(), FeatureSettings{}, short)
	require.ErrorContains(t, err, "no rows")
	images := write(t, short, encode(t, rows(0, 2), 2))
	_, err = OpenFeatures(t.Context(), FeatureSettings{}, images)
	require.ErrorContains(t, err, "lists of floats")
	_, err = OpenFeatures(t.Context(), FeatureSettings{Features: "image"}, images)
	require.ErrorContains(t, err, "no vectors")
	_, err = Open(t.Context(), settings(t), single)
	require.ErrorContains(t, err, "images")
	var _ dataset.Features = (*features.Set)(nil)
}

func FuzzTable(f *testing.F) {
	f.Add(encode(f, rows(0, 4), 2, metadata("label", "a", "b", "c"), parquet.Compression(&parquet.Snappy)))
	f.Add(encode(f, rows(0, 2), 2, parquet.DataPageVersion(1)))
	f.Add(encode(f, []embedded[float32]{{[]float32{1, 2}, 1}, {[]float32{3, 4}, 0}}, 2))
	f.Fuzz(func(t *testing.T, b []byte) { alloctest.Justified(t, len(b), func() { readTable(t, b) }) })
}

func readTable(t *testing.T, b []byte) {
	table, err := openTable(context.Background(), bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return
	}
	var out bytes.Buffer
	if found, err := table.images(&out, "", ""); err == nil {
		for i, at := range found.Offsets {
			require.LessOrEqual(t, at+int64(found.Sizes[i]), int64(out.Len()))
		}
	}
	all := &vectors{}
	_ = guard(func() error {
		lists, err := table.listColumn("")
		if err != nil {
			return err
		}
		labels, err := table.labelColumn("")
		if err != nil {
			return err
		}
		for g := range table.file.RowGroups() {
			if err := all.group(table, g, lists, labels); err != nil {
				return err
			}
		}
		require.Len(t, all.values, all.width*len(all.labels))
		return nil
	})
}
