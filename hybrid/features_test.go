package hybrid_test

import (
	"context"
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/nn"
	"github.com/stretchr/testify/require"
)

// The classifier on the features must give what evaluation counts, whatever the batch.
func TestFeaturesAreWhatTheClassifierSees(t *testing.T) {
	_, test := generated(t, 9)
	n := resNet(t, 1)
	confusion, err := n.Evaluate(context.Background(), test, 0)
	require.NoError(t, err)
	first, labels, err := n.FeaturesOf(context.Background(), test, 0)
	require.NoError(t, err)
	require.Equal(t, dataset.Labels(test), labels)
	again, _, err := n.FeaturesOf(context.Background(), test, 7)
	require.NoError(t, err)
	require.InDeltaSlice(t, first.Data(), again.Data(), 1e-5)

	logits := n.Logits(autograd.NewTape(autograd.Mode{NoGrad: true}).Const(first)).Value()
	right := 0
	for i, y := range labels {
		row, best := logits.Rows(i, i+1).Data(), 0
		for c, v := range row {
			if v > row[best] {
				best = c
			}
		}
		if best == y {
			right++
		}
	}
	require.InDelta(t, float64(right)/float64(len(labels)), float64(confusion.Top1()), 1e-12)
}

func TestFeaturesSayWhatIsWrong(t *testing.T) {
	_, test := generated(t, 9)
	n := mlp(t)
	_, _, err := n.FeaturesOf(context.Background(), with{Dataset: test, classes: []string{"a", "b"}}, 0)
	require.EqualError(t, err, "hybrid: the cached data has 2 classes, the network 4")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, _, err = n.FeaturesOf(ctx, test, 0)
	require.ErrorIs(t, err, context.Canceled)
	nn.Params(n.Backbone)[0].Param.Value.Data()[0] = float32(math.NaN())
	_, _, err = n.FeaturesOf(context.Background(), test, 0)
	require.ErrorContains(t, err, "hybrid: image 0: a feature is NaN: the network's weights have grown out of range")
}
