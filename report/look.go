package report

import (
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/tensor"
)

// look is an evaluation in the making.
type look struct {
	network   *hybrid.Network
	sets      Sets
	settings  Settings
	evaluator hybrid.Evaluator

	test   *tensor.Tensor // features [N, F] of the test images
	labels []int          // of the test images
	notes  []string
}

// part is how many rows are computed at once: logits of thousands of classes take 64 MiB.
func (l *look) part(width int) int { return max(1, min(4096, 1<<24/max(width, 1))) }

// logits gives the logits of features, some rows at a time. They are not to be kept.
func (l *look) logits(features *tensor.Tensor, do func(from int, logits *tensor.Tensor) error) error {
	return l.each(features, l.network.Classes(), l.network.Logits, do)
}

// each gives what f makes of features, some rows at a time, of the given width.
func (l *look) each(features *tensor.Tensor, width int, f func(*autograd.Var) *autograd.Var, do func(from int, out *tensor.Tensor) error) error {
	mode := autograd.Mode{NoGrad: true}
	tape, part := autograd.NewTape(mode), l.part(width)
	for from := 0; from < features.Dim(0); from += part {
		to := min(from+part, features.Dim(0))
		err := tensor.Try(func() error {
			tape.Reset(mode)
			return do(from, f(tape.Const(features.Rows(from, to))).Value())
		})
		if err != nil {
			return err
		}
	}
	return nil
}
