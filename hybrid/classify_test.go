package hybrid_test

import (
	"bytes"
	stdimage "image"
	"image/color"
	"image/jpeg"
	"path/filepath"
	"sync"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
	"github.com/stretchr/testify/require"
)

// opened is the predictor of a network after a file.
func opened(t *testing.T, n *hybrid.Network, about hybrid.About) *hybrid.Predictor {
	t.Helper()
	path := filepath.Join(t.TempDir(), "model.safetensors")
	require.NoError(t, hybrid.Save(path, n, about))
	again, _, err := hybrid.Open(path)
	require.NoError(t, err)
	return freeze(t, again)
}

// photo is a JPEG of smooth colors.
func photo(t *testing.T, width, height int) []byte {
	t.Helper()
	m := stdimage.NewRGBA(stdimage.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.Set(x, y, color.RGBA{uint8(255 * x / width), uint8(255 * y / height), uint8(x * y), 255})
		}
	}
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, m, nil))
	return b.Bytes()
}

func decoded(t *testing.T, raw []byte) stdimage.Image {
	t.Helper()
	m, _, err := stdimage.Decode(bytes.NewReader(raw))
	require.NoError(t, err)
	return m
}

// A picture gets the probabilities that its file, decoded as for training, gets.
func TestClassifyAgreesWithDecode(t *testing.T) {
	n := resNet(t, 1)
	names := []string{"ant", "bee", "cat", "dog"}
	seen := map[float64]bool{}
	for _, fit := range []dataset.Fit{dataset.CenterCrop, dataset.Squash} {
		p := opened(t, n, hybrid.About{Classes: names, Fit: fit})
		for _, size := range [][2]int{{30, 11}, {9, 40}, {8, 8}, {1, 1}} {
			raw := photo(t, size[0], size[1])
			got, err := p.Classify(decoded(t, raw))
			require.NoError(t, err)
			var img dataset.Image
			require.NoError(t, dataset.Decode(bytes.NewReader(raw), dataset.Scale{Height: 8, Width: 8, Fit: fit}, &img))
			want, err := freeze(t, n).Predict(&img)
			require.NoError(t, err)
			require.Len(t, got, 4)
			for i, r := range got {
				require.Equal(t, names[r.Label], r.Class)
				require.Equal(t, want[0].Probabilities[r.Label], r.Probability, "the same bits")
				require.True(t, i == 0 || r.Probability <= got[i-1].Probability)
			}
			require.Equal(t, want[0].Class, got[0].Label)
			require.Equal(t, got[:2], got.Top(2))
			require.Equal(t, got, got.Top(9))
			require.Empty(t, got.Top(-1))
			seen[got[0].Probability] = true
		}
	}
	require.Len(t, seen, 6, "the two ways to fit differ where there is something to fit")
}

func TestClassifyTakesAnyColorModelAndPlace(t *testing.T) {
	p := opened(t, resNet(t, 1), hybrid.About{Classes: []string{"a", "b", "c", "d"}})
	big := stdimage.NewGray(stdimage.Rect(-5, -5, 40, 40))
	for i := range big.Pix {
		big.Pix[i] = uint8(i)
	}
	part := big.SubImage(stdimage.Rect(3, 4, 13, 24))
	rgba := stdimage.NewNRGBA(stdimage.Rect(0, 0, 10, 20))
	for y := range 20 {
		for x := range 10 {
			rgba.Set(x, y, part.At(3+x, 4+y))
		}
	}
	all, err := p.ClassifyAll(part, rgba, rgba.SubImage(stdimage.Rect(0, 5, 10, 15)))
	require.NoError(t, err)
	for i := range all[0] {
		require.InDelta(t, all[0][i].Probability, all[1][i].Probability, 0.02)
		require.Equal(t, all[0][i].Label, all[1][i].Label)
	}
	one, err := p.Classify(rgba)
	require.NoError(t, err)
	require.Equal(t, one, all[1], "beside others or alone")
	none, err := p.ClassifyAll()
	require.NoError(t, err)
	require.Empty(t, none)

	// Equal probabilities come in the order of labels.
	n := mlp(t)
	nn.Tensors(n.Classifier)[0].Zero()
	nn.Tensors(n.Classifier)[1].Zero()
	equal, err := opened(t, n, hybrid.About{Classes: []string{"a", "b", "c", "d"}}).Classify(rgba)
	require.NoError(t, err)
	require.Equal(t, hybrid.Classification{{"a", 0, 0.25}, {"b", 1, 0.25}, {"c", 2, 0.25}, {"d", 3, 0.25}}, equal)
}

func TestManyClassifyAtOnce(t *testing.T) {
	p := opened(t, resNet(t, 1), hybrid.About{Classes: []string{"a", "b", "c", "d"}})
	pictures := []stdimage.Image{decoded(t, photo(t, 20, 10)), decoded(t, photo(t, 9, 9)), decoded(t, photo(t, 8, 30))}
	want, err := p.ClassifyAll(pictures...)
	require.NoError(t, err)
	var all sync.WaitGroup
	for i := range 12 {
		all.Go(func() {
			got, err := p.Classify(pictures[i%3])
			if err != nil || got[0] != want[i%3][0] {
				t.Errorf("picture %d: %v, %v", i%3, got, err)
			}
		})
	}
	all.Wait()
}

func TestWhatCannotBeClassified(t *testing.T) {
	picture := stdimage.NewGray(stdimage.Rect(0, 0, 5, 5))
	names := hybrid.About{Classes: []string{"a", "b", "c", "d"}}
	_, err := freeze(t, mlp(t)).Classify(picture)
	require.ErrorContains(t, err, "Predictor.WithAbout")
	_, err = opened(t, mlp(t), hybrid.About{}).Classify(picture)
	require.ErrorContains(t, err, "does not know the names of its classes")
	p, err := freeze(t, mlp(t)).WithAbout(names)
	require.NoError(t, err)
	_, err = p.Classify(picture)
	require.NoError(t, err)
	_, err = p.WithAbout(hybrid.About{Classes: []string{"a"}})
	require.ErrorContains(t, err, "hybrid: class names: there are 1 for a network of 4 classes")
	for want, bad := range map[string]stdimage.Image{
		"picture 1: dataset: the picture is nil":                        nil,
		"picture 1: dataset: a picture of 0×0 pixels":                   stdimage.NewGray(stdimage.Rectangle{}),
		"picture 1: dataset: a picture of 2000000000×2000000000 pixels": stdimage.NewUniform(color.White),
	} {
		_, err = p.ClassifyAll(picture, bad)
		require.ErrorContains(t, err, want)
	}
	gray := newNetwork(t, newMLP(t, 64, 3), hybrid.WithInput(8, 8, 1))
	_, err = opened(t, gray, names).Classify(picture)
	require.ErrorContains(t, err, "takes images of 1 channels and pictures have three")
}
