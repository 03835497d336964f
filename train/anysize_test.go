package train_test

import (
	"context"
	"fmt"
	stdimage "image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// mixedFolder holds images of many sizes in four classes.
func mixedFolder(t *testing.T) *dataset.Folder {
	dir := t.TempDir()
	for i := range 32 {
		m := stdimage.NewRGBA(stdimage.Rect(0, 0, 5+i%7, 6+i%5))
		for k := range m.Rect.Max.X * m.Rect.Max.Y {
			m.Set(k%m.Rect.Max.X, k/m.Rect.Max.X, color.RGBA{uint8(60 * (i % 4)), uint8(k), uint8(9 * i), 255})
		}
		path := filepath.Join(dir, fmt.Sprintf("class %d", i%4), fmt.Sprintf("%02d.png", i))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		file, err := os.Create(path)
		require.NoError(t, err)
		require.NoError(t, png.Encode(file, m))
		require.NoError(t, file.Close())
	}
	f, err := dataset.OpenFolder(dir, dataset.FolderSettings{Fit: dataset.Whole})
	require.NoError(t, err)
	return f
}

// Images of any size are trained on by views that end in the network's, with the same bits by any number of workers.
func TestImagesOfAnySize(t *testing.T) {
	data := mixedFolder(t)
	weights := func(workers int, view augment.Transform) ([]float32, error) {
		net := resNet(t, 1, hybrid.WithResize(augment.Resize{Shorter: 9}))
		tr := train.Trainer{Streams: hybrid.SC(0).Augment(view), Epochs: 2, Batch: 8, Workers: workers}
		result, err := tr.Fit(context.Background(), net, data, data)
		if err != nil {
			return nil, err
		}
		require.Equal(t, data.Len(), result.Confusion.Total())
		var all []float32
		for _, x := range nn.Tensors(net) {
			all = append(all, x.Data()...)
		}
		return all, nil
	}
	crop := augment.Compose{augment.ResizedCrop{MinScale: 0.3, Height: 8, Width: 8}, augment.Flip{P: 0.5}, augment.RandAugment{N: 2, M: 9}}
	one, err := weights(1, crop)
	require.NoError(t, err)
	four, err := weights(4, crop)
	require.NoError(t, err)
	require.Equal(t, one, four)

	_, err = weights(1, augment.Flip{P: 0.5})
	require.ErrorContains(t, err, "training image ")
	require.ErrorContains(t, err, ".png")
	require.ErrorContains(t, err, "the network takes 8×8×3")
	require.ErrorContains(t, err, "augment.ResizedCrop")
}

// An image that is not of the network's size is named by its file, also in a part of a set.
func TestTestImagesOfAnySizeAreNamed(t *testing.T) {
	part, err := dataset.Subset(mixedFolder(t), []int{3, 9})
	require.NoError(t, err)
	_, err = resNet(t, 1).Evaluate(context.Background(), part, 0)
	require.ErrorContains(t, err, "class 0")
	require.ErrorContains(t, err, ".png")
}
