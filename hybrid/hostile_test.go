package hybrid_test

import (
	"math"
	"testing"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/stretchr/testify/require"
)

func TestHostileNetworks(t *testing.T) {
	body, err := backbone.NewMLP(backbone.MLPSettings{Widths: []int{192, 4}})
	require.NoError(t, err)
	for _, absurd := range []int{math.MaxInt>>3 + 1, math.MaxInt>>2 + 1, math.MaxInt>>1 + 1, math.MaxInt, -1, math.MinInt} {
		for what, opt := range map[string]hybrid.Option{
			"height": hybrid.WithInput(absurd, 8, 3), "width": hybrid.WithInput(8, absurd, 3), "channels": hybrid.WithInput(8, 8, absurd),
			"hidden": hybrid.WithProjection(absurd, 4), "dim": hybrid.WithProjection(4, absurd),
		} {
			n, err := hybrid.NewNetwork(body, 4, hybrid.WithInput(8, 8, 3), opt)
			require.ErrorContains(t, err, "hybrid: ", "%s %d", what, absurd)
			require.Nil(t, n)
		}
		_, err := hybrid.NewNetwork(body, absurd, hybrid.WithInput(8, 8, 3))
		require.ErrorContains(t, err, "hybrid: ", "%d classes", absurd)
		_, err = hybrid.NewNetwork(body, absurd, hybrid.WithInput(8, 8, 3), hybrid.WithCosineClassifier())
		require.ErrorContains(t, err, "hybrid: ", "%d classes", absurd)
	}
}
