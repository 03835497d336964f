package experiment

import (
	"context"
	"math"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/stretchr/testify/require"
)

// Figures agree with those of the network itself, whatever the order of the classes, and of a part of them.
func TestEvaluate(t *testing.T) {
	dir := t.TempDir()
	r := newRun(t, tiny(), "logit-adjusted", dir)
	do(t, r)
	net, about, err := hybrid.Open(dir)
	require.NoError(t, err)
	e, err := Evaluate(context.Background(), net, about, r.Test, nil)
	require.NoError(t, err)
	confusion, err := net.Evaluate(context.Background(), r.Test, 0)
	require.NoError(t, err)
	require.Equal(t, confusion.Top1(), e.Top1)
	require.Equal(t, confusion.MacroF1(), e.MacroF1)
	report, err := confusion.Report(about.Counts, nil)
	require.NoError(t, err)
	require.Equal(t, []any{report.Many, report.Medium, report.Few}, []any{e.Many, e.Medium, e.Few})
	images := 0
	for _, b := range e.Reliability {
		images += b.Images
	}
	require.Equal(t, r.Test.Len(), images)

	predictor, err := net.Freeze()
	require.NoError(t, err)
	nll := 0.0
	var img dataset.Image
	for i := range r.Test.Len() {
		require.NoError(t, r.Test.Image(i, &img))
		p, err := predictor.Predict(&img)
		require.NoError(t, err)
		nll -= math.Log(p[0].Probabilities[r.Test.Label(i)]) / float64(r.Test.Len())
	}
	require.InDelta(t, nll, e.NLL, 1e-5)

	// Three classes in another order.
	names := r.Test.Classes()
	some, err := dataset.NewMemory(dataset.Shape{Height: 8, Width: 8, Channels: 3}, []string{names[5], names[0], names[2]})
	require.NoError(t, err)
	for i := range r.Test.Len() {
		for label, class := range []int{5, 0, 2} {
			if r.Test.Label(i) == class {
				require.NoError(t, r.Test.Image(i, &img))
				require.NoError(t, some.Append(label, img.Pix))
			}
		}
	}
	part, err := Evaluate(context.Background(), net, about, some, nil)
	require.NoError(t, err)
	for _, class := range []int{0, 2, 5} {
		require.Equal(t, e.Classes[class], part.Classes[class])
	}
	require.Zero(t, part.Classes[1].Images)

	about.Classes[5] = "bird"
	_, err = Evaluate(context.Background(), net, about, some, nil)
	require.ErrorContains(t, err, "the model has no class "+names[5]+": it has ")
	_, err = Evaluate(context.Background(), net, hybrid.About{}, some, nil)
	require.ErrorContains(t, err, "the images have 3 classes, the model 10")
}

// The experts are weighed without labels, and the model stays as it is.
func TestEvaluateAggregates(t *testing.T) {
	dir := t.TempDir()
	r := newRun(t, tiny(), "sade", dir)
	do(t, r)
	net, about, err := hybrid.Open(dir)
	require.NoError(t, err)
	before := net.Classifier
	plain, err := Evaluate(t.Context(), net, about, r.Test, nil)
	require.NoError(t, err)
	require.Nil(t, plain.Experts)
	e, err := EvaluateWith(t.Context(), net, about, r.Test, EvaluateSettings{Aggregate: true})
	require.NoError(t, err)
	require.Len(t, e.Experts, 3)
	require.InDelta(t, 1, e.Experts[0]+e.Experts[1]+e.Experts[2], 1e-9)
	require.NotEqual(t, plain.NLL, e.NLL)
	require.Same(t, before, net.Classifier)

	do(t, newRun(t, tiny(), "ce", filepath.Join(dir, "ce")))
	net, about, err = hybrid.Open(filepath.Join(dir, "ce"))
	require.NoError(t, err)
	_, err = EvaluateWith(t.Context(), net, about, r.Test, EvaluateSettings{Aggregate: true})
	require.ErrorContains(t, err, "experts need a backbone of several branches")
}
