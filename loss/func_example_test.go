package loss_test

import (
	"fmt"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// Mean absolute error, 1 − p of the label, which wrong labels mislead less than cross-entropy.
func ExampleFunc() {
	mae := loss.Func(func(logits *autograd.Var, labels []int) *autograd.Var {
		oneHot := tensor.New(logits.Shape()...)
		for i, y := range labels {
			oneHot.Rows(i, i+1).Data()[y] = 1
		}
		p := autograd.Mul(nn.Softmax(logits), logits.Tape().Const(oneHot))
		return autograd.Scale(autograd.Sum(p), -1/float64(len(labels))) // and 1, which has no gradient
	})
	fmt.Printf("%.2f\n", value(mae, schedule.Progress{}, []int{0, 1}, 0, 0, 0, 0)) // a term: hybrid.Term{Name: "mae", Loss: mae}
	// Output: -0.50
}

// Embeddings are pushed apart, whatever their classes.
func ExampleEmbeddingFunc() {
	spread := loss.EmbeddingFunc(func(z *autograd.Var, labels []int) *autograd.Var {
		return autograd.Mean(autograd.MatMulT(z, z)) // the mean cosine of all pairs
	})
	z, _ := tensor.FromSlice([]float32{1, 0, 0, 1}, 2, 2)
	y, stats := spread.Forward(loss.Input{Embedding: autograd.NewTape(autograd.Mode{}).Const(z), Labels: []int{0, 1}, Views: 1})
	fmt.Println(y.Value().Item(), stats.Anchors)
	// Output: 0.5 2
}

func TestFuncsAreCheckedAsLossesAre(t *testing.T) {
	tape := autograd.NewTape(autograd.Mode{})
	x, mix := tape.Const(tensor.New(2, 3)), &loss.Mix{Labels: []int{0, 1}, Weight: []float32{1, 1}}
	logits := loss.Func(func(x *autograd.Var, _ []int) *autograd.Var { return autograd.Mean(x) })
	embedding := loss.EmbeddingFunc(func(x *autograd.Var, _ []int) *autograd.Var { return autograd.Mean(x) })
	for want, fn := range map[string]func(){
		"label 3 of row 1 is not one of 3 classes": func() { logits.Forward(loss.Input{Logits: x, Labels: []int{0, 3}}) },
		"loss.Func: has no form for mixed samples": func() { logits.Forward(loss.Input{Logits: x, Labels: []int{0, 1}, Mix: mix}) },
		"loss.EmbeddingFunc: has no form for mixed samples": func() {
			embedding.Forward(loss.Input{Embedding: x, Labels: []int{0, 1}, Mix: mix})
		},
		"loss.EmbeddingFunc [2 3], [1]": func() { embedding.Forward(loss.Input{Embedding: x, Labels: []int{0}}) },
	} {
		require.ErrorContains(t, tensor.Try(func() error { fn(); return nil }), want)
	}
	require.Equal(t, loss.Needs{Logits: true}, logits.Needs())
	require.Equal(t, loss.Needs{Embedding: true}, embedding.Needs())
}
