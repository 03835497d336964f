package hybrid_test

import (
	stdimage "image"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// Pictures prepared one by one and computed together have the bits of each alone, whatever stands beside it.
func TestPreparedPicturesHaveTheBitsOfClassify(t *testing.T) {
	names := []string{"ant", "bee", "cat", "dog"}
	for _, tta := range []hybrid.TTA{hybrid.NoTTA, hybrid.FlipTTA, hybrid.TenCropTTA} {
		p := opened(t, resNet(t, 1, hybrid.WithResize(augment.Resize{Shorter: 10})), hybrid.About{Classes: names})
		p, err := p.WithTTA(tta)
		require.NoError(t, err)
		plain, err := p.WithTTA(hybrid.NoTTA)
		require.NoError(t, err)
		var pictures []stdimage.Image
		var prepared, single []*tensor.Tensor
		for i := range 150 { // more than are computed at once
			m := decoded(t, photo(t, 9+i%4, 30-i%7))
			pictures = append(pictures, m)
			x, err := p.Prepare(m)
			require.NoError(t, err)
			prepared = append(prepared, x)
			x, err = plain.Prepare(m)
			require.NoError(t, err)
			single = append(single, x)
		}
		all, err := p.ClassifyPrepared(prepared...)
		require.NoError(t, err)
		embeddings, err := p.EmbedPrepared(single...)
		require.NoError(t, err)
		for i := 0; i < len(pictures); i += 37 {
			want, err := p.Classify(pictures[i])
			require.NoError(t, err)
			require.Equal(t, want, all[i])
			some, err := p.ClassifyPrepared(prepared[i/2 : i+1]...)
			require.NoError(t, err)
			require.Equal(t, want, some[i-i/2])
			alone, err := p.EmbedPrepared(single[i])
			require.NoError(t, err)
			require.Equal(t, embeddings.Rows(i, i+1).Data(), alone.Data())
		}
	}
}

func TestPreparedPicturesThatAreNone(t *testing.T) {
	p := freeze(t, resNet(t, 1))
	require.Equal(t, hybrid.About{}, p.About())
	require.Equal(t, hybrid.Input{Height: 8, Width: 8, Channels: 3}, p.Input())
	require.Equal(t, 8, p.EmbeddingDim())
	_, err := p.ClassifyPrepared()
	require.ErrorContains(t, err, "names of its classes")
	for _, x := range []*tensor.Tensor{nil, tensor.New(1, 8, 9, 3), tensor.New(8, 8, 3)} {
		_, err = p.EmbedPrepared(tensor.New(1, 8, 8, 3), x)
		require.ErrorContains(t, err, "picture 1 is not of shape [1 8 8 3]")
	}
	_, err = p.Prepare(stdimage.NewGray(stdimage.Rect(0, 0, 0, 0)))
	require.ErrorContains(t, err, "hybrid: ")
	body, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{4, 4}})
	require.NoError(t, err)
	n, err := hybrid.NewNetwork(body, 3, hybrid.WithFeatures(4))
	require.NoError(t, err)
	_, err = freeze(t, n).Prepare(stdimage.NewGray(stdimage.Rect(0, 0, 4, 4)))
	require.ErrorContains(t, err, "features of width 4")
}
