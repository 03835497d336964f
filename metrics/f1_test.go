package metrics_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/metrics"
)

func TestF1ByHand(t *testing.T) {
	c := example(t) // of labels 0: 0; 1: 1 and three times 0; 3: 0; 4: 4 and 0
	// Class 0: one hit, 6 predictions, 1 image. Class 1: 1, 1, 4. Class 3: none. Class 4: 1, 1, 2.
	requireRates(t, []metrics.Rate{2. / 7, 2. / 5, none, 0, 2. / 3}, c.F1(), "F1")
	require.InDelta(t, (2./7+2./5+0+2./3)/4, float64(c.MacroF1()), 1e-12)
	require.InDelta(t, (1+0.25+0+0.5)/4, float64(c.BalancedAccuracy()), 1e-12)
}

func TestF1OfAClassWithoutImagesIsNotMeasured(t *testing.T) {
	c := count(t, 3, [2]int{0, 2}, [2]int{0, 0}) // class 2 is predicted and has no images
	requireRates(t, []metrics.Rate{2. / 3, none, none}, c.F1(), "F1")
}

func TestMeasuresWithoutImages(t *testing.T) {
	c := count(t, 2)
	top1, err := c.Top1Under([]float64{1, 1})
	require.NoError(t, err)
	requireRates(t, []metrics.Rate{none, none, none, none}, []metrics.Rate{c.MacroF1(), c.BalancedAccuracy(), top1, metrics.Mean(nil)},
		"F1, balanced accuracy, top-1, mean of none")
}
