package hybrid_test

import (
	"bytes"
	"context"
	stdimage "image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/stretchr/testify/require"
)

// photos are images of several sizes, in three classes.
func photos() dataset.Func {
	shapes := []dataset.Shape{{Height: 17, Width: 12, Channels: 3}, {Height: 8, Width: 8, Channels: 3}, {Height: 9, Width: 30, Channels: 3},
		{Height: 40, Width: 40, Channels: 3}}
	return dataset.Func{Images: 9, Names: []string{"a", "b", "c"}, LabelOf: func(i int) int { return i % 3 },
		ReadInto: func(i int, dst *dataset.Image) error {
			dst.Resize(shapes[i%len(shapes)])
			rng := rand.New(rand.NewPCG(uint64(i), 1))
			for k := range dst.Pix {
				dst.Pix[k] = uint8(rng.IntN(256))
			}
			return nil
		}}
}

func resizing(t *testing.T, opts ...hybrid.Option) *hybrid.Network {
	body, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{8 * 6 * 3, 20}, Seed: 3})
	require.NoError(t, err)
	n, err := hybrid.NewNetwork(body, 3, append([]hybrid.Option{hybrid.WithInput(8, 6, 3), hybrid.WithoutProjection(), hybrid.WithSeed(5)}, opts...)...)
	require.NoError(t, err)
	return n
}

// probabilities are the means of those that a plain network gives to views.
func probabilities(t *testing.T, n *hybrid.Network, views ...*dataset.Image) []float64 {
	p, err := n.Freeze()
	require.NoError(t, err)
	all, err := p.Predict(views...)
	require.NoError(t, err)
	sum := make([]float64, n.Classes())
	for _, one := range all {
		for c, q := range one.Probabilities {
			sum[c] += q / float64(len(all))
		}
	}
	return sum
}

// cut is a part of an image of the network's size, mirrored if need be.
func cut(m *dataset.Image, x, y int, mirrored bool) *dataset.Image {
	part := &dataset.Image{}
	part.Resize(dataset.Shape{Height: 8, Width: 6, Channels: 3})
	for row := range 8 {
		copy(part.Row(row), m.Row(y + row)[3*x:])
	}
	if mirrored {
		augment.Mirror(part)
	}
	return part
}

func TestTestTimeAugmentationIsTheMeanOverViews(t *testing.T) {
	plain, data := resizing(t), photos()
	for _, resize := range []augment.Resize{{Shorter: 10}, {Shorter: 9, Filter: augment.Bicubic}} {
		net := resizing(t, hybrid.WithResize(resize))
		require.Equal(t, resize, net.Resize())
		for _, tta := range []hybrid.TTA{hybrid.NoTTA, hybrid.FlipTTA, hybrid.TenCropTTA} {
			e := hybrid.Evaluator{Batch: 4, TTA: tta}
			probs, err := e.Probabilities(context.Background(), net, data)
			require.NoError(t, err)
			confusion, err := e.Confusion(context.Background(), net, data)
			require.NoError(t, err)
			frozen, err := net.Freeze()
			require.NoError(t, err)
			frozen, err = frozen.WithTTA(tta)
			require.NoError(t, err)
			byPredictor, err := frozen.Evaluate(context.Background(), data, 3)
			require.NoError(t, err)
			require.Equal(t, confusion, byPredictor)
			right := 0
			for i := range data.Len() {
				var img, resized dataset.Image
				require.NoError(t, data.Image(i, &img))
				require.NoError(t, data.Image(i, &resized))
				resize.Apply(&resized, nil)
				w, h := resized.Width-6, resized.Height-8
				views := []*dataset.Image{}
				for k, at := range []stdimage.Point{{X: middle(w), Y: middle(h)}, {}, {X: w}, {Y: h}, {X: w, Y: h}} {
					if k == 0 || tta == hybrid.TenCropTTA {
						views = append(views, cut(&resized, at.X, at.Y, false))
					}
					if k == 0 && tta != hybrid.NoTTA || tta == hybrid.TenCropTTA {
						views = append(views, cut(&resized, at.X, at.Y, true))
					}
				}
				want := probabilities(t, plain, views...)
				one, err := frozen.Predict(&img)
				require.NoError(t, err)
				for c, q := range want {
					require.InDelta(t, q, one[0].Probabilities[c], 1e-6, "%v of image %d", tta, i)
					require.InDelta(t, q, probs.Rows(i, i+1).Data()[c], 1e-6)
				}
				if one[0].Class == data.Label(i) {
					right++
				}
			}
			require.InDelta(t, float64(right)/float64(data.Len()), float64(confusion.Top1()), 1e-9)
		}
	}
}

// middle is half of what is left over, to even numbers.
func middle(left int) int {
	if left%4 == 3 {
		return (left + 1) / 2
	}
	return left / 2
}

// Without WithResize flips take images of the network's size, and ten crops larger ones.
func TestTestTimeAugmentationOfImagesAsTheyAre(t *testing.T) {
	net := resizing(t)
	p, err := net.Freeze()
	require.NoError(t, err)
	flip, err := p.WithTTA(hybrid.FlipTTA)
	require.NoError(t, err)
	ten, err := p.WithTTA(hybrid.TenCropTTA)
	require.NoError(t, err)
	large := &dataset.Image{}
	require.NoError(t, photos().Image(3, large))
	exact := cut(large, 2, 1, false)
	got, err := flip.Predict(exact, cut(large, 9, 9, false))
	require.NoError(t, err)
	require.InDeltaSlice(t, probabilities(t, net, exact, cut(large, 2, 1, true)), got[0].Probabilities, 1e-6)
	_, err = flip.Predict(exact, large)
	require.ErrorContains(t, err, "image 1: is 40×40×3")
	require.ErrorContains(t, err, "WithResize")
	_, err = ten.Predict(large)
	require.NoError(t, err)
	_, err = ten.Predict(large, exact)
	require.ErrorContains(t, err, "image 1: is 8×6×3")
	require.ErrorContains(t, err, "ten crops of 8×6")
	embedded := resizing(t, hybrid.WithProjection(0, 4), hybrid.WithResize(augment.Resize{Shorter: 9}))
	p, err = embedded.Freeze()
	require.NoError(t, err)
	ten, err = p.WithTTA(hybrid.TenCropTTA)
	require.NoError(t, err)
	e, err := ten.Embed(large, large)
	require.NoError(t, err)
	require.Equal(t, 2, e.Dim(0), "one view each")
	for _, good := range []hybrid.TTA{hybrid.NoTTA, hybrid.FlipTTA, hybrid.TenCropTTA} {
		var again hybrid.TTA = -1
		require.NoError(t, again.UnmarshalText([]byte(good.String())))
		require.Equal(t, good, again)
	}
	require.ErrorContains(t, new(hybrid.TTA).UnmarshalText([]byte("twelve")), `"twelve" is none of none, flip, ten-crop`)
	for _, bad := range []hybrid.TTA{-1, 3} {
		_, err = p.WithTTA(bad)
		require.ErrorContains(t, err, "test-time augmentation")
		_, err = (&hybrid.Evaluator{TTA: bad}).Confusion(context.Background(), embedded, photos())
		require.ErrorContains(t, err, "test-time augmentation")
	}
}

func TestResizingIsForImages(t *testing.T) {
	body, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{5, 4}})
	require.NoError(t, err)
	_, err = hybrid.NewNetwork(body, 3, hybrid.WithFeatures(5), hybrid.WithResize(augment.Resize{Shorter: 7}))
	require.ErrorContains(t, err, "WithResize is for images")
	net, err := hybrid.NewNetwork(body, 3, hybrid.WithFeatures(5))
	require.NoError(t, err)
	p, err := net.Freeze()
	require.NoError(t, err)
	_, err = p.WithTTA(hybrid.FlipTTA)
	require.ErrorContains(t, err, "flip is for images")
}

func TestResizeThatDoesNotCover(t *testing.T) {
	body, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{8 * 6 * 3, 4}})
	require.NoError(t, err)
	_, err = hybrid.NewNetwork(body, 3, hybrid.WithInput(8, 6, 3), hybrid.WithResize(augment.Resize{Shorter: 7}))
	require.ErrorContains(t, err, "shorter side of 7")
	require.ErrorContains(t, err, "8 or more")
	_, err = hybrid.NewNetwork(body, 3, hybrid.WithInput(8, 6, 3), hybrid.WithResize(augment.Resize{Shorter: -7}))
	require.ErrorContains(t, err, "Resize.Shorter is -7")
}

// A model file says how images are resized, and pictures are predicted as evaluation sees them.
func TestModelFilesKeepTheResize(t *testing.T) {
	resize := augment.Resize{Shorter: 11, Filter: augment.Bicubic}
	net := resizing(t, hybrid.WithResize(resize))
	path := filepath.Join(t.TempDir(), "model.safetensors")
	require.NoError(t, hybrid.Save(path, net, hybrid.About{Classes: []string{"a", "b", "c"}, Fit: dataset.Whole}))
	again, about, err := hybrid.Open(path)
	require.NoError(t, err)
	require.Equal(t, resize, again.Resize())
	require.Equal(t, dataset.Whole, about.Fit)
	require.Equal(t, dataset.Scale{Fit: dataset.Whole}, again.Scale(about.Fit))
	require.Equal(t, dataset.Scale{Height: 8, Width: 6, Fit: dataset.Squash}, resizing(t).Scale(dataset.Squash))
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Contains(t, string(raw), `\"resize\":{\"shorter\":11,\"filter\":\"bicubic\"}`)

	picture := stdimage.NewRGBA(stdimage.Rect(0, 0, 23, 14))
	for i := range picture.Pix {
		picture.Pix[i] = uint8(i * 7)
		if i%4 == 3 {
			picture.Pix[i] = 255
		}
	}
	picture.SetRGBA(3, 3, color.RGBA{A: 255})
	var file bytes.Buffer
	require.NoError(t, png.Encode(&file, picture))
	var whole dataset.Image
	require.NoError(t, dataset.Decode(&file, dataset.Scale{Fit: dataset.Whole}, &whole))
	p, err := again.Freeze()
	require.NoError(t, err)
	want, err := p.Predict(&whole)
	require.NoError(t, err)
	classes, err := p.Classify(picture)
	require.NoError(t, err)
	for _, c := range classes {
		require.Equal(t, want[0].Probabilities[c.Label], c.Probability)
	}
}
