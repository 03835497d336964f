package shards

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/internal/alloctest"
	"github.com/longtail-ml/longtail/internal/packed"
	"github.com/stretchr/testify/require"
)

// entry is a file of an archive.
type entry struct{ name, text string }

// picture is a PNG of one grey.
func picture(grey uint8) string {
	m := image.NewGray(image.Rect(0, 0, 4, 4))
	for i := range m.Pix {
		m.Pix[i] = grey
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.String()
}

func tarOf(t testing.TB, entries ...entry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		require.NoError(t, w.WriteHeader(&tar.Header{Name: e.name, Size: int64(len(e.text)), Mode: 0o600}))
		_, err := w.Write([]byte(e.text))
		require.NoError(t, err)
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

// grey is the value of image i.
func grey(t testing.TB, s *Set, i int) uint8 {
	t.Helper()
	var m dataset.Image
	require.NoError(t, s.Image(i, &m))
	require.Equal(t, dataset.Shape{Height: 4, Width: 4, Channels: 3}, m.Shape())
	return m.Pix[0]
}

func TestSamplesOfArchives(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	write(t, filepath.Join(dir, "a-01.tar"), tarOf(t, entry{"./x/1.jpg.txt", "no"}, entry{"x/2.png", picture(10)}, entry{"x/2.cls", "1\n"},
		entry{"x/3.cls", "0"}, entry{"x/3.json", "{}"}, entry{"x/3.mask.png", "?"}, entry{"x/3.PNG", picture(20)}))
	write(t, filepath.Join(dir, "a-02.tar"), tarOf(t, entry{"y/.hidden", ""}, entry{"4.png", picture(30)}, entry{"4.cls", "3"}))
	s := settings(t)
	for name, paths := range map[string][]string{"folder": {dir}, "range": {filepath.Join(dir, "a-{01..02}.tar")}} {
		for range 2 { // looked through, then remembered
			set, err := Open(ctx, s, paths...)
			require.NoError(t, err, name)
			require.Equal(t, []int{1, 0, 3}, dataset.Labels(set))
			require.Equal(t, []string{"0", "1", "2", "3"}, set.Classes())
			require.Equal(t, 1, set.WithoutImage())
			for i, want := range []uint8{10, 20, 30} {
				require.Equal(t, want, grey(t, set, i))
			}
			path, offset := set.Place(2)
			require.Equal(t, filepath.Join(dir, "a-02.tar"), path)
			require.Equal(t, int64(1024), offset)
			require.Error(t, set.Image(3, &dataset.Image{}))
			sum, err := dataset.Sum(ctx, set, dataset.SumSettings{})
			require.NoError(t, err)
			require.Contains(t, sum, "names, sizes, 3 images")
		}
	}
	whole := s
	whole.Fit, whole.Width = dataset.Whole, 0
	set, err := Open(ctx, whole, dir)
	require.NoError(t, err)
	require.Equal(t, uint8(20), grey(t, set, 1), "of its own size, which is 4×4")
	s.Classes = []string{"a", "b", "c"}
	_, err = Open(ctx, s, dir)
	require.ErrorContains(t, err, "a-02.tar")
	require.ErrorContains(t, err, `label "3"`)
}

func TestLabelsByNameAndInJSON(t *testing.T) {
	dir, s := t.TempDir(), settings(t)
	path := write(t, filepath.Join(dir, "a.tar"), tarOf(t, entry{"1.png", picture(1)}, entry{"1.json", `{"class": "owl", "id": 7}`}, entry{"1.txt", "bird"},
		entry{"2.png", picture(2)}, entry{"2.json", `{"class": "ant", "id": 0}`}, entry{"2.txt", "insect"}))
	for field, want := range map[string][]string{"class": {"ant", "owl"}, "id": {"0", "1", "2", "3", "4", "5", "6", "7"}, "": {"bird", "insect"}} {
		s.Label = field
		set, err := Open(t.Context(), s, path)
		require.NoError(t, err)
		require.Equal(t, want, set.Classes())
	}
	s.Label, s.Classes = "class", []string{"owl", "bee", "ant"}
	set, err := Open(t.Context(), s, path)
	require.NoError(t, err)
	require.Equal(t, []int{0, 2}, dataset.Labels(set))
	for field, text := range map[string]string{"kind": "class, id", "class": "owl"} {
		s.Label, s.Classes = field, []string{"x"}
		_, err = Open(t.Context(), s, path)
		require.ErrorContains(t, err, text)
	}
}

// An archive that changed is looked through again; one that changes under a set is an error, not another image.
func TestArchivesThatChange(t *testing.T) {
	s := settings(t)
	path := write(t, filepath.Join(t.TempDir(), "a.tar"), tarOf(t, entry{"1.png", picture(1)}, entry{"1.cls", "0"}))
	set, err := Open(t.Context(), s, path)
	require.NoError(t, err)
	write(t, path, tarOf(t, entry{"0.json", "{}"}, entry{"1.png", picture(2)}, entry{"1.cls", "1"}))
	require.NoError(t, os.Chtimes(path, time.Time{}, time.Now().Add(time.Hour)))
	require.ErrorContains(t, set.Image(0, &dataset.Image{}), "changed")
	set, err = Open(t.Context(), s, path)
	require.NoError(t, err)
	require.Equal(t, []int{1}, dataset.Labels(set))
	require.Equal(t, uint8(2), grey(t, set, 0))

	indices, err := filepath.Glob(filepath.Join(s.Cache, "*.json"))
	require.NoError(t, err)
	require.Len(t, indices, 1)
	text, err := os.ReadFile(indices[0])
	require.NoError(t, err)
	for _, damaged := range [][]byte{nil, text[:len(text)/2], bytes.Replace(text, []byte(`"Offsets":[`), []byte(`"Offsets":[1`), 1)} {
		write(t, indices[0], damaged)
		set, err = Open(t.Context(), s, path)
		require.NoError(t, err)
		require.Equal(t, uint8(2), grey(t, set, 0), "a damaged index is made anew")
	}
	s.Cache = filepath.Join(path, "none") // no folder can be there
	set, err = Open(t.Context(), s, path)
	require.NoError(t, err)
	require.Equal(t, uint8(2), grey(t, set, 0), "no index can be written")
}

func zipped(t testing.TB, b []byte) []byte {
	t.Helper()
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, err := w.Write(b)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return z.Bytes()
}

func TestZippedArchives(t *testing.T) {
	s, dir := settings(t), t.TempDir()
	path := filepath.Join(dir, "a.tar.gz")
	for i, n := range []uint8{5, 6} {
		write(t, path, zipped(t, tarOf(t, entry{"1.png", picture(n)}, entry{"1.cls", fmt.Sprint(n)})))
		require.NoError(t, os.Chtimes(path, time.Time{}, time.Now().Add(time.Duration(i)*time.Hour)))
		for range 2 {
			set, err := Open(t.Context(), s, path)
			require.NoError(t, err)
			require.Equal(t, n, grey(t, set, 0))
			name, _ := set.Place(0)
			require.Equal(t, path, name)
		}
		all, err := filepath.Glob(filepath.Join(s.Cache, "*.unpacked"))
		require.NoError(t, err)
		require.Len(t, all, 1, "what was unpacked of an earlier archive is removed")
		set, err := Open(t.Context(), s, path)
		require.NoError(t, err)
		require.NoError(t, os.Chtimes(all[0], time.Time{}, time.Now().Add(time.Minute)))
		require.Equal(t, n, grey(t, set, 0), "another process may have unpacked it again")
	}
	whole, err := os.ReadFile(path)
	require.NoError(t, err)
	for name, damaged := range map[string][]byte{"cut off": whole[:len(whole)/2], "no gzip": []byte("plain text of some length"), "empty": nil} {
		write(t, path, damaged)
		_, err = Open(t.Context(), s, path)
		require.ErrorContains(t, err, "a.tar.gz", name)
		require.ErrorContains(t, err, "offset", name)
	}
	left, err := os.ReadDir(s.Cache)
	require.NoError(t, err)
	for _, f := range left {
		require.NotContains(t, f.Name(), "tmp", "nothing half unpacked is left")
	}
	s.Cache = filepath.Join(path, "none")
	write(t, path, whole)
	_, err = Open(t.Context(), s, path)
	require.ErrorContains(t, err, "Settings.Cache")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Open(ctx, settings(t), path)
	require.ErrorIs(t, err, context.Canceled)
}

func TestDamagedArchives(t *testing.T) {
	good := []entry{{"1.png", picture(1)}, {"1.cls", "0"}, {"2.png", picture(2)}, {"2.cls", "0"}}
	whole := tarOf(t, good...)
	second := 512 + 512*((len(good[0].text)+511)/512) + 1024 // offset of the second image's header
	flipped := bytes.Clone(whole)
	flipped[second+3] ^= 0xff
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"empty":                {nil, "offset 0"},
		"text":                 {bytes.Repeat([]byte("text"), 512), "damaged"},
		"cut off in a header":  {whole[:second+100], "damaged"},
		"cut off in an image":  {whole[:second+600], "offset"},
		"cut off between":      {whole[:second], fmt.Sprintf("ends at offset %d", second)},
		"a header is changed":  {flipped, "damaged"},
		"appended":             {append(bytes.Clone(whole), whole...), fmt.Sprintf("offset %d", len(whole))},
		"no label":             {tarOf(t, good[0]), `"1" at offset 512 has no label`},
		"no label, then more":  {tarOf(t, good[0], good[2], good[3]), `"1" at offset 512 has no label`},
		"two images":           {tarOf(t, good[0], entry{"1.jpg", "x"}, good[1]), "second image"},
		"an empty image":       {tarOf(t, entry{"1.png", ""}, good[1]), "0 bytes"},
		"an empty label":       {tarOf(t, good[0], entry{"1.cls", " "}), `label ""`},
		"a label of two lines": {tarOf(t, good[0], entry{"1.cls", "a\nb"}), "one line"},
		"a long label":         {tarOf(t, good[0], entry{"1.cls", string(make([]byte, mostLabel+1))}), "a label is expected"},
		"a large number":       {tarOf(t, good[0], entry{"1.cls", "1048576"}), "label 1048576"},
		"a negative number":    {tarOf(t, good[0], entry{"1.cls", "-1"}), "label -1"},
		"no images":            {tarOf(t, entry{"a.txt", "0"}), "no images"},
	} {
		path := write(t, filepath.Join(t.TempDir(), "x.tar"), c.content)
		_, err := Open(t.Context(), settings(t), path)
		require.ErrorContains(t, err, c.want, name)
		require.ErrorContains(t, err, "x.tar", name)
	}
	path := write(t, filepath.Join(t.TempDir(), "x.tar"), tarOf(t, entry{"1.png", "no picture"}, entry{"1.cls", "0"}))
	set, err := Open(t.Context(), settings(t), path)
	require.NoError(t, err)
	err = set.Image(0, &dataset.Image{})
	require.ErrorContains(t, err, "x.tar: image 0 at offset 512")
	bad, err := dataset.Check(t.Context(), set, nil)
	require.NoError(t, err)
	require.Len(t, bad, 1)

	s := settings(t)
	s.Label = "y"
	for text, want := range map[string]string{"": "1.json at offset", `{"x": 1}`: "it has x", `{"y": 1.5}`: "1.5", `{"y": null}`: "null", `[1]`: "1.json"} {
		write(t, path, tarOf(t, good[0], entry{"1.json", text}))
		require.NoError(t, os.Chtimes(path, time.Time{}, time.Unix(int64(len(text)), 0)))
		_, err := Open(t.Context(), s, path)
		require.ErrorContains(t, err, want, text)
	}
	write(t, path, tarOf(t, good[0], good[1]))
	_, err = Open(t.Context(), s, path)
	require.ErrorContains(t, err, "no .json")
}

func TestPathsThatAreNone(t *testing.T) {
	dir := t.TempDir()
	plain := write(t, filepath.Join(dir, "a.zip"), nil)
	archive := write(t, filepath.Join(dir, "b.tar"), tarOf(t))
	for want, paths := range map[string][]string{"no file is named": nil, "a.zip": {plain}, "twice": {archive, archive}, "c-7.tar": {filepath.Join(dir, "c-{7..9}.tar")},
		"{9..7}": {filepath.Join(dir, "c-{9..7}.tar")}, "{0..99999999}": {filepath.Join(dir, "c-{0..99999999}.tar")}, "has no file": {t.TempDir()}} {
		_, err := Open(t.Context(), settings(t), paths...)
		require.ErrorContains(t, err, want)
	}
	s := settings(t)
	s.Width = -1
	_, err := Open(t.Context(), s, archive)
	require.ErrorContains(t, err, "-1")
}

// Readers are independent of each other, and what a set takes does not grow with its archives.
func TestConcurrentReadersInBoundedMemory(t *testing.T) {
	var entries []entry
	large := string(make([]byte, 1<<16))
	const n = 200
	for i := range n {
		entries = append(entries, entry{fmt.Sprintf("%03d.png", i), picture(uint8(i))}, entry{fmt.Sprintf("%03d.cls", i), "0"}, entry{fmt.Sprintf("%03d.npy", i), large})
	}
	path := write(t, filepath.Join(t.TempDir(), "a.tar"), tarOf(t, entries...))
	entries = nil
	s := settings(t)
	_, err := Open(t.Context(), s, path)
	require.NoError(t, err)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	set, err := Open(t.Context(), s, path)
	require.NoError(t, err)
	runtime.GC()
	runtime.ReadMemStats(&after)
	require.Less(t, int64(after.HeapAlloc)-int64(before.HeapAlloc), int64(1<<18), "the archive has 13 MB")
	var wg sync.WaitGroup
	for k := range 4 {
		wg.Go(func() {
			var m dataset.Image
			for i := range n {
				i = (i*7 + k*50) % n
				if err := set.Image(i, &m); err != nil || m.Pix[0] != uint8(i) {
					t.Errorf("image %d: %v", i, err)
				}
			}
		})
	}
	wg.Wait()
}

func FuzzScan(f *testing.F) {
	small := picture(1)
	f.Add(tarOf(f, entry{"1.png", small}, entry{"1.cls", "0"}), "")
	f.Add(tarOf(f, entry{"1.png", small}, entry{"1.json", `{"y": 3}`}, entry{"a.txt", "x"}), "y")
	f.Add(tarOf(f, entry{"1.cls", "0"}, entry{"1.jpg", "x"}, entry{"2.jpg", "y"}, entry{"2.txt", "ant"})[:2048], "")
	f.Fuzz(func(t *testing.T, b []byte, field string) {
		var all packed.Found
		var err error
		alloctest.Justified(t, len(b), func() { all, err = scan(context.Background(), bytes.NewReader(b), int64(len(b)), field) })
		if err != nil {
			return
		}
		require.Len(t, all.Sizes, len(all.Offsets))
		require.Len(t, all.Labels, len(all.Offsets))
		for i, at := range all.Offsets {
			require.LessOrEqual(t, at+int64(all.Sizes[i]), int64(len(b)))
			require.NotEmpty(t, all.Names[all.Labels[i]])
		}
	})
}
