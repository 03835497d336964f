package autograd_test

import (
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

func ExampleTape() {
	x, _ := tensor.FromSlice([]float32{1, 2, 3}, 3)
	w := autograd.NewParam(x)
	tape := autograd.NewTape(autograd.Mode{Train: true})
	for range 2 { // two steps of gradient descent on Σ w²
		tape.Reset(autograd.Mode{Train: true})
		v := tape.Param(w)
		loss := autograd.Sum(autograd.Mul(v, v))
		w.ZeroGrad()
		tape.Backward(loss, nil)
		for i, g := range w.Grad.Data() {
			w.Value.Data()[i] -= 0.25 * g
		}
		tape.Commit()
		fmt.Println(loss.Value().Item(), w.Value.Data())
	}
	// Output:
	// 14 [0.5 1 1.5]
	// 3.5 [0.25 0.5 0.75]
}

// An operation of one's own: the value in plain Go, and what it adds to the gradient of its input.
func ExampleOp() {
	cube := func(x *autograd.Var) *autograd.Var {
		y := x.Tape().Tensor(x.Shape()...)
		for i, v := range x.Data() {
			y.Data()[i] = v * v * v
		}
		return autograd.Op("cube", y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
			for i, v := range x.Data() {
				gx[0].Data()[i] += 3 * v * v * gy.Data()[i]
			}
		})
	}
	p := autograd.NewParam(tensor.Scalar(2))
	tape := autograd.NewTape(autograd.Mode{})
	y := cube(tape.Param(p))
	tape.Backward(y, nil)
	fmt.Println(y.Value().Item(), p.Grad.Item())
	// Output: 8 12
}

func ExampleSnapshot() {
	p := autograd.NewParam(tensor.Scalar(1))
	frozen := autograd.Snapshot(p.Value)
	p.Value.Data()[0] = 5 // training goes on
	now, then := autograd.NewTape(autograd.Mode{}), autograd.NewTape(autograd.Mode{Weights: frozen})
	fmt.Println(now.Param(p).Value().Item(), then.Param(p).Value().Item())
	// Output: 5 1
}
