package train_test

import (
	"errors"
	"testing"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// turned is PSC with one prototype of each of four classes, of which some are nearly the same.
func turned(t *testing.T, dim int, to ...int) train.Trainer {
	t.Helper()
	bank, err := prototype.NewLearnable(prototype.Settings{Classes: classes, Dim: dim, Seed: 1})
	require.NoError(t, err)
	v := nn.Params(bank)[0].Param.Value
	v.Zero()
	for class, axis := range to {
		v.Rows(class, class+1).Data()[axis] = 1
		v.Rows(class, class+1).Data()[(axis+1)%dim] = 0.01 * float32(class)
	}
	return train.Trainer{Streams: hybrid.Streams{ordered(hybrid.Term{Name: "psc", Loss: &loss.PrototypicalContrastive{Bank: bank, IncludeOwn: true}})}}
}

func TestPrototypesOfSeveralClassesThatMergeAreWarnedOfOnce(t *testing.T) {
	text := `term "psc" has learned prototypes of 2 classes (1, 3) that point where another's does, with a cosine above 0.9: its embeddings hardly ` +
		`tell these classes apart; keep the own class in the denominator at a temperature of 0.1, or fix the prototypes`
	require.Equal(t, []string{"epoch 0, step 10: " + text}, warned(t, mlp(t), turned(t, 8, 0, 1, 2, 1)))
	require.Empty(t, warned(t, mlp(t), turned(t, 8, 0, 1, 2, 3)))
	narrow := mlp(t, hybrid.WithProjection(0, 2))
	require.Empty(t, warned(t, narrow, turned(t, 2, 0, 1, 0, 1)), "no room for four directions")

	far, err := tensor.FromSlice([]float32{1, 0, 0, 0, 1, 0, 0, 0, 1, 0.9, 0, 0.1}, 4, 3) // fixed ones are meant, but look alike all the same
	require.NoError(t, err)
	fixed, err := prototype.NewFixed(far)
	require.NoError(t, err)
	all := warned(t, mlp(t, hybrid.WithProjection(0, 3)), train.Trainer{Streams: hybrid.Streams{ordered(
		hybrid.Term{Name: "psc", Loss: &loss.PrototypicalContrastive{Bank: fixed, IncludeOwn: true}})}})
	require.Len(t, all, 1)
	require.Contains(t, all[0], "2 classes (0, 3)")

	trainSet, _ := generated(t, 10)
	tr := turned(t, 8, 0, 1, 2, 1)
	ends := errors.New("enough")
	tr.Epochs, tr.Batch, tr.OnWarning = 3, 4, func(w train.Warning) error {
		require.Equal(t, []int{1, 3}, w.Classes)
		return ends
	}
	r, err := tr.Fit(t.Context(), mlp(t), trainSet, nil)
	require.ErrorIs(t, err, ends)
	require.Len(t, r.Epochs, 1)
}
