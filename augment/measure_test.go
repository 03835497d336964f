package augment_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/stretchr/testify/require"
)

// known is a set that says how it is normalised.
type known struct{ dataset.Dataset }

func (known) Normalization() (mean, std []float64) { return []float64{0.3, 0.2}, []float64{0.1, 0.4} }

func TestNormalizeOf(t *testing.T) {
	ctx := context.Background()
	two := func(pix ...uint8) dataset.Dataset {
		d, err := dataset.FromPixels(dataset.Shape{Height: 2, Width: 1, Channels: 2}, []string{"a"}, pix, make([]int, len(pix)/4))
		require.NoError(t, err)
		return d
	}
	d := two(0, 51, 255, 51, 255, 51, 0, 51)
	n, err := augment.NormalizeOf(ctx, d)
	require.NoError(t, err)
	require.Equal(t, augment.Normalize{Mean: []float64{0.5, 0.2}, Std: []float64{0.5, 0.01}}, n)

	sub, err := dataset.Subset(known{d}, []int{1})
	require.NoError(t, err)
	n, err = augment.NormalizeOf(ctx, sub)
	require.NoError(t, err)
	require.Equal(t, augment.Normalize{Mean: []float64{0.3, 0.2}, Std: []float64{0.1, 0.4}}, n, "a subset passes on what the set knows")

	many := make([]uint8, 4*5000)
	for i := range many {
		many[i] = uint8(i / 80) // the images become brighter: 1,000 from all over the set tell the mean of all
	}
	n, err = augment.NormalizeOf(ctx, two(many...))
	require.NoError(t, err)
	require.InDelta(t, 124.5/255, n.Mean[0], 1e-3)

	empty, err := dataset.NewMemory(dataset.Shape{Height: 2, Width: 1, Channels: 2}, []string{"a"})
	require.NoError(t, err)
	_, err = augment.NormalizeOf(ctx, empty)
	require.ErrorContains(t, err, "no images")
	_, err = augment.NormalizeOf(ctx, dataset.Func{Images: 2, Names: []string{"a"}, LabelOf: func(int) int { return 0 },
		ReadInto: func(_ int, dst *dataset.Image) error { dst.Resize(dataset.Shape{Channels: 3}); return nil }})
	require.ErrorContains(t, err, "none of 2 images has a pixel")
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err = augment.NormalizeOf(cancelled, d)
	require.ErrorIs(t, err, context.Canceled)
	_, err = augment.NormalizeOf(ctx, broken{d})
	require.ErrorContains(t, err, "image 1: no disk")
}

// CIFAR's reader knows what CIFARNormalize says, through all that is cut out of its set.
func TestCIFARIsNormalizedAsUsual(t *testing.T) {
	dir := t.TempDir()
	for i := range 6 {
		name := fmt.Sprintf("data_batch_%d.bin", i)
		if i == 0 {
			name = "test_batch.bin"
		}
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), make([]byte, 2*3073), 0o600))
	}
	train, _, err := dataset.CIFAR10(dir)
	require.NoError(t, err)
	part, _, err := dataset.Holdout(train, dataset.HoldoutSettings{})
	require.NoError(t, err)
	loaded, err := dataset.Load(context.Background(), part)
	require.NoError(t, err)
	n, err := augment.NormalizeOf(context.Background(), loaded)
	require.NoError(t, err)
	require.Equal(t, augment.CIFARNormalize(), n)
}

type broken struct{ dataset.Dataset }

func (b broken) Image(i int, dst *dataset.Image) error {
	if i == 1 {
		return fmt.Errorf("no disk")
	}
	return b.Dataset.Image(i, dst)
}

func ExampleNormalizeOf() {
	train, _, err := dataset.Generate(dataset.GenerateSettings{Classes: 4, PerClass: 50})
	if err != nil {
		panic(err)
	}
	n, err := augment.NormalizeOf(context.Background(), train) // for hybrid.WithNormalize
	fmt.Println(n.Mean, n.Std, err)
	// Output: [0.3943 0.3866 0.3916] [0.1954 0.1956 0.1964] <nil>
}
