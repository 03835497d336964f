package hybrid_test

import (
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/features"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

func featureNetwork(t testing.TB, opts ...hybrid.Option) *hybrid.Network {
	t.Helper()
	body, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{3, 5}, Seed: 1})
	require.NoError(t, err)
	n, err := hybrid.NewNetwork(body, 2, append([]hybrid.Option{hybrid.WithFeatures(3)}, opts...)...)
	require.NoError(t, err)
	return n
}

// What is predicted of features does not depend on the way: by a data set, by rows, by normalised tensors, from a file.
func TestAFeatureNetworkSavesAndPredicts(t *testing.T) {
	for name, opts := range map[string][]hybrid.Option{"as they are": nil,
		"normalised": {hybrid.WithNormalize(augment.Normalize{Mean: []float64{1, 2, 3}, Std: []float64{1, 0.5, 4}})}} {
		n := featureNetwork(t, opts...)
		rows := [][]float32{{1, 2, 3}, {-4, 5, 6}, {0, 0, 0}}
		set, err := features.FromRows(rows, []int{0, 1, 1}, []string{"a", "b"})
		require.NoError(t, err)

		path := filepath.Join(t.TempDir(), "model.safetensors")
		require.NoError(t, hybrid.Save(path, n, hybrid.AboutOf(set)))
		opened, about, err := hybrid.Open(path)
		require.NoError(t, err)
		require.Equal(t, []string{"a", "b"}, about.Classes)
		require.Equal(t, n.Input(), opened.Input())
		require.Equal(t, n.Normalize(), opened.Normalize(), name)

		p, err := opened.Freeze()
		require.NoError(t, err)
		predicted, err := p.PredictFeatures(rows...)
		require.NoError(t, err)
		require.Equal(t, []float32{-4, 5, 6}, rows[1], "rows are only read")
		normalised := tensor.New(3, 3)
		for i, row := range rows {
			copy(normalised.Rows(i, i+1).Data(), row)
			require.NoError(t, n.NormalizeFeatures(normalised.Rows(i, i+1).Data()))
		}
		logits, err := p.Logits(normalised)
		require.NoError(t, err)
		confusion, err := n.Evaluate(t.Context(), set, 2)
		require.NoError(t, err)
		hits := 0.0
		for i, q := range predicted {
			row := logits.Rows(i, i+1).Data()
			require.Equal(t, row[1] > row[0], q.Class == 1, name)
			if q.Class == set.Label(i) {
				hits++
			}
		}
		require.InDelta(t, hits/3, float64(confusion.Top1()), 1e-9)
		x, labels, err := n.FeaturesOf(t.Context(), set, 0)
		require.NoError(t, err)
		require.Equal(t, tensor.Shape{3, 5}, x.Shape())
		require.Equal(t, []int{0, 1, 1}, labels)

		_, err = p.PredictFeatures([]float32{1})
		require.ErrorContains(t, err, "sample 0: has 1 values")
		_, err = p.Predict(&dataset.Image{Height: 1, Width: 1, Channels: 3, Pix: make([]uint8, 3)})
		require.ErrorContains(t, err, "PredictFeatures")
		none, err := p.PredictFeatures()
		require.NoError(t, err)
		require.Empty(t, none)
	}
	images := mlp(t)
	p, err := images.Freeze()
	require.NoError(t, err)
	_, err = p.PredictFeatures([]float32{1})
	require.ErrorContains(t, err, "use Predict")
}

func TestFeatureInputsThatAreNone(t *testing.T) {
	body, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{3, 5}})
	require.NoError(t, err)
	for want, opts := range map[string][]hybrid.Option{
		"features of width -1": {hybrid.WithFeatures(-1)},
		"nn.Linear":            {hybrid.WithFeatures(4)},
		"of 2 values":          {hybrid.WithFeatures(3), hybrid.WithNormalize(augment.Normalize{Mean: []float64{1, 2}, Std: []float64{1, 2}})},
		"Std[0]":               {hybrid.WithFeatures(1), hybrid.WithNormalize(augment.Normalize{Mean: []float64{1}, Std: []float64{0}})},
	} {
		_, err := hybrid.NewNetwork(body, 2, opts...)
		require.ErrorContains(t, err, want)
	}
}
