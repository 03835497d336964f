package embedding_test

import (
	"bytes"
	"context"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/features"
	"github.com/longtail-ml/longtail/embedding"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

func network(t testing.TB, seed uint64, options ...hybrid.Option) *hybrid.Predictor {
	t.Helper()
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4, Seed: seed})
	require.NoError(t, err)
	n, err := hybrid.NewNetwork(body, 3, append([]hybrid.Option{hybrid.WithInput(16, 16, 3), hybrid.WithProjection(0, 8), hybrid.WithSeed(seed)}, options...)...)
	require.NoError(t, err)
	p, err := n.Freeze()
	require.NoError(t, err)
	return p
}

func generated(t testing.TB, perClass int) *dataset.Memory {
	t.Helper()
	d, _, err := dataset.Generate(dataset.GenerateSettings{Classes: 3, Size: 16, PerClass: perClass, TestPerClass: 1, Seed: 4})
	require.NoError(t, err)
	return d
}

// random is a set of vectors in classes of three.
func random(t testing.TB, n, dim int) *embedding.Set {
	t.Helper()
	rng := rand.New(rand.NewPCG(uint64(n), uint64(dim)))
	s := &embedding.Set{Vectors: tensor.New(n, dim), Classes: []string{"ant", "bee", "cat"}}
	for i := range s.Vectors.Data() {
		s.Vectors.Data()[i] = float32(rng.NormFloat64())
	}
	for i := range n {
		s.Labels, s.Names = append(s.Labels, i%3), append(s.Names, "dir/"+strings.Repeat("x", i%4)+".png")
	}
	return s
}

func cosine(a, b []float32) float64 {
	ab, aa, bb := 0.0, 0.0, 0.0
	for i := range a {
		ab, aa, bb = ab+float64(a[i])*float64(b[i]), aa+float64(a[i])*float64(a[i]), bb+float64(b[i])*float64(b[i])
	}
	return ab / math.Sqrt(aa*bb)
}

func TestOfEmbedsAsThePredictorDoes(t *testing.T) {
	d := generated(t, 50)
	for name, p := range map[string]*hybrid.Predictor{"projection": network(t, 1), "features": network(t, 1, hybrid.WithoutProjection())} {
		t.Run(name, func(t *testing.T) {
			s, err := embedding.Of(t.Context(), p, d, embedding.Settings{Thumbnails: 24})
			require.NoError(t, err)
			require.Equal(t, tensor.Shape{150, p.EmbeddingDim()}, s.Vectors.Shape())
			require.Equal(t, dataset.Labels(d), s.Labels)
			require.Nil(t, s.Names)
			require.Equal(t, "image 7", s.Name(7))
			var img dataset.Image
			for _, i := range []int{0, 77, 149} {
				require.InDelta(t, 1, cosine(s.Vectors.Rows(i, i+1).Data(), s.Vectors.Rows(i, i+1).Data()), 1e-6)
				if name == "projection" {
					require.NoError(t, d.Image(i, &img))
					alone, err := p.Embed(&img)
					require.NoError(t, err)
					require.Equal(t, alone.Data(), s.Vectors.Rows(i, i+1).Data())
				}
				m, err := jpeg.Decode(bytes.NewReader(s.Thumbnails[i]))
				require.NoError(t, err)
				require.Equal(t, 24, m.Bounds().Dx())
			}
			require.NoError(t, s.CheckModel(p))
			require.ErrorContains(t, s.CheckModel(network(t, 2)), "embed the images with this model")
		})
	}
	_, err := embedding.Of(t.Context(), network(t, 1), d, embedding.Settings{Thumbnails: -1})
	require.ErrorContains(t, err, "Thumbnails is -1")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = embedding.Of(ctx, network(t, 1), d, embedding.Settings{})
	require.ErrorIs(t, err, context.Canceled)
}

// Sets that are compared are of one model, with classes that are told apart by name.
func TestCheckSet(t *testing.T) {
	known, asked := random(t, 6, 4), random(t, 9, 4)
	asked.Classes = []string{"cat", "ant", "bee", "dog"} // of which there is no image
	to, err := known.CheckSet(asked)
	require.NoError(t, err)
	require.Equal(t, []int{2, 0, 1, -1}, to)
	asked.Labels[8] = 3
	_, err = known.CheckSet(asked)
	require.ErrorContains(t, err, "the class dog is not one of the other set's 3")
	_, err = known.CheckSet(random(t, 6, 5))
	require.ErrorContains(t, err, "4 and of 5 values")
	known.Probe, asked.Probe = []float32{1, 0, 0, 0}, []float32{0, 1, 0, 0}
	_, err = known.CheckSet(asked)
	require.ErrorContains(t, err, "different models")
}

// Files have their paths for names, and thumbnails of their own size.
func TestOfFiles(t *testing.T) {
	dir := t.TempDir()
	var img dataset.Image
	d := generated(t, 2)
	for i := range d.Len() {
		require.NoError(t, d.Image(i, &img))
		folder := filepath.Join(dir, d.Classes()[d.Label(i)])
		require.NoError(t, os.MkdirAll(folder, 0o777))
		var b bytes.Buffer
		picture, err := img.Picture()
		require.NoError(t, err)
		require.NoError(t, png.Encode(&b, picture))
		require.NoError(t, os.WriteFile(filepath.Join(folder, string(rune('a'+i))+".png"), b.Bytes(), 0o666))
	}
	files, err := dataset.OpenFolder(dir, dataset.FolderSettings{Height: 16, Width: 16})
	require.NoError(t, err)
	some, err := dataset.Subset(files, []int{4, 1})
	require.NoError(t, err)
	s, err := embedding.Of(t.Context(), network(t, 1), some, embedding.Settings{})
	require.NoError(t, err)
	require.Equal(t, []string{dataset.PathOf(files, 4), dataset.PathOf(files, 1)}, s.Names)
	require.Nil(t, s.Thumbnails)
}

func TestSetsAreReadAsTheyWereWritten(t *testing.T) {
	s := random(t, 7, 5)
	s.Names[2], s.Names[3] = "line\nend", `"quoted`
	s.Probe = []float32{1, 2, 3, 4, 5}
	for i := range s.Len() {
		s.Thumbnails = append(s.Thumbnails, bytes.Repeat([]byte{byte(i)}, i))
	}
	path := filepath.Join(t.TempDir(), "set.safetensors")
	require.NoError(t, s.Save(path))
	again, err := embedding.Open(path)
	require.NoError(t, err)
	require.Equal(t, s.Thumbnails[6], again.Thumbnails[6])
	require.Empty(t, again.Thumbnails[0])
	s.Thumbnails, again.Thumbnails = nil, nil
	require.Equal(t, s, again)
	f, err := features.Open(path, features.Settings{})
	require.NoError(t, err)
	require.Equal(t, s.Labels, dataset.Labels(f))
	require.Equal(t, s.Classes, f.Classes())

	path = filepath.Join(t.TempDir(), "set.npy")
	require.NoError(t, random(t, 3, 5).Save(path))
	unnamed := *s
	unnamed.Names = nil
	require.NoError(t, unnamed.Save(path))
	again, err = embedding.Open(path)
	require.NoError(t, err)
	require.Nil(t, again.Names, "those of the set saved before")
	require.NoError(t, s.Save(path))
	again, err = embedding.Open(path)
	require.NoError(t, err)
	s.Probe = nil
	require.Equal(t, s, again)
	f, err = features.Open(path, features.Settings{})
	require.NoError(t, err)
	require.Equal(t, s.Labels, dataset.Labels(f))
}

func TestFilesThatAreNone(t *testing.T) {
	dir := t.TempDir()
	require.ErrorContains(t, random(t, 2, 2).Save(filepath.Join(dir, "set.csv")), "neither .safetensors nor .npy")
	_, err := embedding.Open(filepath.Join(dir, "set.csv"))
	require.ErrorContains(t, err, "neither .safetensors nor .npy")
	_, err = embedding.Open(filepath.Join(dir, "none.safetensors"))
	require.ErrorContains(t, err, "none.safetensors")
	whole := filepath.Join(dir, "whole.safetensors")
	s := random(t, 4, 3)
	s.Thumbnails = [][]byte{{1}, {2}, {3}, {4}}
	require.NoError(t, s.Save(whole))
	raw, err := os.ReadFile(whole)
	require.NoError(t, err)
	rng := rand.New(rand.NewPCG(1, 1))
	for range 300 { // whatever is damaged is read or refused
		bad := slices.Clone(raw)
		for range 3 {
			bad[rng.IntN(len(bad))] ^= byte(1 << rng.IntN(8))
		}
		path := filepath.Join(dir, "bad.safetensors")
		require.NoError(t, os.WriteFile(path, bad[:len(bad)-rng.IntN(2)*rng.IntN(len(bad))], 0o666))
		if s, err := embedding.Open(path); err == nil {
			require.NoError(t, s.Check())
		} else {
			require.ErrorContains(t, err, path)
		}
	}
	for want, change := range map[string]func(*embedding.Set){
		"3 labels":              func(s *embedding.Set) { s.Labels = s.Labels[:3] },
		"label 3, not one of 3": func(s *embedding.Set) { s.Labels[1] = 3 },
		"1 names":               func(s *embedding.Set) { s.Names = s.Names[:1] },
		"1 thumbnails":          func(s *embedding.Set) { s.Thumbnails = make([][]byte, 1) },
		"the probe has 1":       func(s *embedding.Set) { s.Probe = []float32{1} },
		"vector 1 has the value NaN at position 0": func(s *embedding.Set) { s.Vectors.Data()[2] = float32(math.NaN()) },
		"[N, D]": func(s *embedding.Set) { s.Vectors = nil },
	} {
		s := random(t, 4, 2)
		change(s)
		require.ErrorContains(t, s.Check(), want)
		_, err := embedding.NewIndex(s)
		require.ErrorContains(t, err, want)
		require.ErrorContains(t, s.Save(filepath.Join(dir, "x.npy")), want)
	}
}

func TestNearestAgainstSorting(t *testing.T) {
	s := random(t, 60, 5)
	copy(s.Vectors.Rows(9, 10).Data(), s.Vectors.Rows(4, 5).Data()) // equal: the lower row comes first
	x, err := embedding.NewIndex(s)
	require.NoError(t, err)
	queries := random(t, 7, 5).Vectors
	copy(queries.Rows(2, 3).Data(), s.Vectors.Rows(4, 5).Data())
	for _, k := range []int{1, 5, 60, 1000} {
		got, err := x.Nearest(t.Context(), queries, k)
		require.NoError(t, err)
		for r := range 7 {
			require.Len(t, got[r], min(k, 60))
			rows := make([]int, 60)
			cosines := make([]float64, 60)
			for i := range rows {
				rows[i], cosines[i] = i, cosine(queries.Rows(r, r+1).Data(), s.Vectors.Rows(i, i+1).Data())
			}
			slices.SortStableFunc(rows, func(a, b int) int {
				switch {
				case cosines[a]-cosines[b] > 1e-9:
					return -1
				case cosines[b]-cosines[a] > 1e-9:
					return 1
				}
				return 0
			})
			for i, n := range got[r] {
				require.Equal(t, rows[i], n.Row)
				require.InDelta(t, cosines[rows[i]], float64(n.Cosine), 1e-5)
			}
		}
	}
	_, err = x.Nearest(t.Context(), queries, 0)
	require.ErrorContains(t, err, "at least 1")
	_, err = x.Nearest(t.Context(), tensor.New(1, 4), 1)
	require.ErrorContains(t, err, "[R, 5]")
	got, err := x.Nearest(t.Context(), tensor.New(0, 5), 1)
	require.NoError(t, err)
	require.Empty(t, got)
}

func TestDuplicates(t *testing.T) {
	s := random(t, 50, 6)
	for i, v := range s.Vectors.Rows(3, 4).Data() {
		s.Vectors.Rows(40, 41).Data()[i] = 2 * v // the same direction
		s.Vectors.Rows(20, 21).Data()[i] = v
	}
	s.Vectors.Rows(20, 21).Data()[0] += 0.05
	clear(s.Vectors.Rows(30, 32).Data()) // two of nothing are no pair
	x, err := embedding.NewIndex(s)
	require.NoError(t, err)
	pairs, total, err := x.Duplicates(t.Context(), 0.99, 10)
	require.NoError(t, err)
	require.Equal(t, 3, total)
	require.Equal(t, 3, pairs[0].A)
	require.Equal(t, 40, pairs[0].B)
	require.InDelta(t, 1, pairs[0].Cosine, 1e-6)
	require.Equal(t, [][2]int{{3, 20}, {20, 40}}, [][2]int{{pairs[1].A, pairs[1].B}, {pairs[2].A, pairs[2].B}})
	pairs, total, err = x.Duplicates(t.Context(), 1, 1)
	require.NoError(t, err)
	require.Equal(t, 1, total)
	require.Len(t, pairs, 1)
	pairs, total, err = x.Duplicates(t.Context(), -0.999999, 7)
	require.NoError(t, err)
	require.Equal(t, 50*49/2, total)
	require.Len(t, pairs, 7)
	for _, bad := range []float64{-1, 1.01, math.NaN()} {
		_, _, err = x.Duplicates(t.Context(), bad, 1)
		require.Error(t, err)
	}
}

func TestProjector(t *testing.T) {
	s := random(t, 5, 3)
	s.Names[1] = "tab\there"
	dir := filepath.Join(t.TempDir(), "projector")
	require.NoError(t, s.SaveProjector(dir, false))
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		return string(text)
	}
	require.Equal(t, 5, strings.Count(read("tensors.tsv"), "\n"))
	require.Equal(t, 10, strings.Count(read("tensors.tsv"), "\t"))
	require.True(t, strings.HasPrefix(read("metadata.tsv"), "class\tname\nant\tdir/.png\nbee\ttab here\n"))
	require.NotContains(t, read("projector_config.pbtxt"), "sprite")
	require.ErrorContains(t, s.SaveProjector(dir, true), "thumbnails")

	d := generated(t, 2)
	pictured, err := embedding.Of(t.Context(), network(t, 1), d, embedding.Settings{Thumbnails: 20})
	require.NoError(t, err)
	require.NoError(t, pictured.SaveProjector(dir, true))
	sheet, err := png.Decode(strings.NewReader(read("sprite.png")))
	require.NoError(t, err)
	require.Equal(t, 60, sheet.Bounds().Dx(), "three by three for six")
	require.Contains(t, read("projector_config.pbtxt"), "single_image_dim: 20")
}
