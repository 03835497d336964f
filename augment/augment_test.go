package augment

import (
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/dataset"
)

func TestIdentity(t *testing.T) {
	requireWellBehaved(t, Identity{})
	require.Zero(t, frequency(Identity{}, picture(3, 3, 3)))
}

type add uint8

func (a add) Apply(m *dataset.Image, _ *rand.Rand) { m.Pix[0] += uint8(a) }

type double struct{}

func (double) Apply(m *dataset.Image, _ *rand.Rand) { m.Pix[0] *= 2 }

func TestComposeAppliesInOrder(t *testing.T) {
	m := picture(1, 1, 1, 5)
	Compose{add(1), double{}, Compose{add(3)}}.Apply(m, nil)
	require.Equal(t, uint8(15), m.Pix[0])
	Compose{}.Apply(m, nil)
	require.Equal(t, uint8(15), m.Pix[0])
	require.NoError(t, Compose{add(1), Identity{}, Compose(nil)}.Validate())
}

func TestCIFAR(t *testing.T) {
	requireWellBehaved(t, CIFAR())
	require.NoError(t, Validate(CIFAR()))
	require.Equal(t, Compose{Crop{4}, Flip{0.5}, Grayscale{0.2}}, CIFAR())
}

func TestValidate(t *testing.T) {
	require.EqualError(t, Validate(nil), "augment: nil transform: use Identity for none")
	require.EqualError(t, Validate(Crop{-1}), "augment: Crop.Padding is -1: it must be at least 0 and at most 1048576")
	require.EqualError(t, Validate(Flip{1.5}),
		"augment: Flip.P is 1.5: a probability must be at least 0 and at most 1")
	require.EqualError(t, Validate(Grayscale{math.NaN()}),
		"augment: Grayscale.P is NaN: a probability must be at least 0 and at most 1")
	require.EqualError(t, Validate(Compose{Flip{1}, Compose{nil}}), "augment: transform 1 of a Compose of 2: "+
		"augment: transform 0 of a Compose of 1: augment: nil transform: use Identity for none")
	for bad, want := range map[Transform]string{
		ResizedCrop{MinScale: 2}:               "ResizedCrop.MinScale is 2: it must be above 0 and at most 1, or 0 for 0.08",
		ResizedCrop{Width: 5}:                  "ResizedCrop of 5×0: set both Width and Height, or neither to keep the image's size",
		ResizedCrop{MaxScale: 0.05}:            "ResizedCrop.MaxScale is 0.05: it must be at least MinScale, 0.08, and at most 1",
		ResizedCrop{MinRatio: 2}:               "ResizedCrop with ratios from 2 to 1.3333333333333333: they must be in order, from 0.001 to 1000",
		ResizedCrop{Filter: 2}:                 "ResizedCrop: filter 2 is neither Bilinear nor Bicubic",
		Resize{Shorter: -1}:                    "Resize.Shorter is -1: it must be positive and at most 8192, or 0 to leave images as they are",
		CenterCrop{Width: 3}:                   "CenterCrop of 0×3: set both Height and Width, or neither to keep all; at most 67108864 pixels are made",
		CenterCrop{Resize: Resize{Filter: -1}}: "Resize: filter -1 is neither Bilinear nor Bicubic",
		GaussianBlur{P: 3}:                     "GaussianBlur.P is 3: a probability must be at least 0 and at most 1",
		GaussianBlur{MinSigma: 3}: "GaussianBlur from MinSigma 3 to MaxSigma 2: they must be above 0, at most 100 and in " +
			"order",
		Cutout{Size: -1}:          "Cutout.Size is -1: it must be at least 0 and at most 1048576",
		ColorJitter{Hue: 0.6}:     "ColorJitter.Hue is 0.6: it must be at least 0 and at most 0.5",
		ColorJitter{Contrast: -1}: "ColorJitter.Contrast is -1: it must be at least 0 and at most 100",
		ColorJitter{P: -1}:        "ColorJitter.P is -1: a probability must be at least 0 and at most 1",
		RandAugment{N: -1}:        "RandAugment.N is -1: it must be at least 0 and at most 1000",
		RandAugment{M: 31}:        "RandAugment.M is 31: it must be at least 0 and at most 30",
	} {
		require.EqualError(t, Validate(bad), "augment: "+want)
	}
	for _, ok := range []Transform{Crop{}, Flip{}, Grayscale{}, Flip{1}, Identity{}, add(3), ResizedCrop{}, GaussianBlur{}, Resize{}, CenterCrop{},
		Cutout{}, ColorJitter{}, RandAugment{}, AutoAugment{}} {
		require.NoError(t, Validate(ok))
	}
}

func TestTransformsMayBeShared(t *testing.T) {
	tr, m := CIFAR(), picture(32, 32, 3)
	want := clone(m)
	tr.Apply(want, Key{Position: 9}.Rand())
	var wg sync.WaitGroup
	got := make([]*dataset.Image, 8)
	for i := range got {
		wg.Go(func() {
			got[i] = clone(m)
			tr.Apply(got[i], Key{Position: 9}.Rand())
		})
	}
	wg.Wait()
	for _, g := range got {
		require.Equal(t, want, g)
	}
}
