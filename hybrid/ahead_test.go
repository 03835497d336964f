package hybrid_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/stretchr/testify/require"
)

func TestEvaluationIsTheSameWhateverWorkers(t *testing.T) {
	_, test := generated(t, 1)
	n := resNet(t, 1)
	for _, batch := range []int{1, 7, 0} {
		evaluate := func(workers int) (any, []float32) {
			e := &hybrid.Evaluator{Batch: batch, Workers: workers}
			confusion, err := e.Confusion(context.Background(), n, test)
			require.NoError(t, err)
			features, labels, err := e.Features(context.Background(), n, test)
			require.NoError(t, err)
			require.Equal(t, dataset.Labels(test), labels)
			return confusion, features.Data()
		}
		confusion, features := evaluate(1)
		for _, workers := range []int{-1, 0, 2, 3, 200} {
			c, f := evaluate(workers)
			require.Equal(t, confusion, c)
			require.Equal(t, features, f)
		}
	}
}

func TestTheFirstBadImageOfAnEvaluationIsReported(t *testing.T) {
	_, test := generated(t, 1)
	for _, workers := range []int{1, 2, 7} {
		var asked atomic.Int64
		e := &hybrid.Evaluator{Batch: 8, Workers: workers}
		_, err := e.Confusion(context.Background(), mlp(t), with{Dataset: test, image: func(i int, dst *dataset.Image) error {
			asked.Add(1)
			if i >= 20 {
				return fmt.Errorf("image %d is corrupt", i)
			}
			return test.Image(i, dst)
		}})
		require.EqualError(t, err, "image 20 is corrupt")
		require.Less(t, asked.Load(), int64(test.Len()))
	}
}

// More images than are computed at once give what each gives in a batch of the caller's own.
func TestPredictManyImages(t *testing.T) {
	_, test := generated(t, 1)
	p := freeze(t, resNet(t, 1))
	var all []*dataset.Image
	for i := range 300 {
		all = append(all, image(t, test, i%test.Len()))
	}
	many, err := p.Predict(all...)
	require.NoError(t, err)
	embeddings, err := p.Embed(all...)
	require.NoError(t, err)
	for from := 0; from < len(all); from += 128 {
		to := min(len(all), from+128)
		few, err := p.Predict(all[from:to]...)
		require.NoError(t, err)
		require.Equal(t, few, many[from:to])
		part, err := p.Embed(all[from:to]...)
		require.NoError(t, err)
		require.Equal(t, part.Data(), embeddings.Rows(from, to).Data())
	}
	all[290] = &dataset.Image{}
	all[210] = nil
	_, err = p.Predict(all...)
	require.EqualError(t, err, "hybrid: image 210: is nil")
}
