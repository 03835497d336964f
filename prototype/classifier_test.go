package prototype_test

import (
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/stretchr/testify/require"
)

// The gradient reaches the classifier through the head, and only the head is the bank's own.
func TestClassifierRows(t *testing.T) {
	classifier := nn.NewLinear(nn.LinearSettings{In: 6, Out: 4, Rand: rng(1)})
	head := nn.Sequential{nn.NewLinear(nn.LinearSettings{In: 6, Out: 5, Rand: rng(2)}), nn.NewBatchNorm2d(5), nn.Func(nn.ReLU), nn.NewLinear(nn.LinearSettings{In: 5, Out: 3, Rand: rng(3)})}
	b := &prototype.ClassifierRows{Weight: classifier.Weight, Head: head}
	tape := autograd.NewTape(autograd.Mode{Train: true})
	v := b.Vectors(tape)
	for i, row := range gram(v.Value()) {
		require.InDelta(t, 1, row[i], 1e-6)
	}
	tape.Backward(autograd.Sum(autograd.Rows(v, 0, 2)), nil)
	require.NotZero(t, classifier.Weight.Grad.Data()[0])
	require.NotZero(t, head[0].(*nn.Linear).Weight.Grad.Data()[0])
	var paths []string
	for _, e := range nn.Params(b) {
		paths = append(paths, e.Path)
	}
	require.Equal(t, []string{"head.0.weight", "head.0.bias", "head.1.weight", "head.1.bias", "head.3.weight", "head.3.bias"}, paths)

	bare := &prototype.ClassifierRows{Weight: classifier.Weight}
	require.Equal(t, nn.L2Normalize(tape.Param(classifier.Weight)).Data(), bare.Vectors(tape).Data())
	require.Empty(t, nn.Entries(bare))
}
