package nn

import (
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

// Summary is the size of a network.
type Summary struct {
	Parameters   int   // all of them, frozen or not; a shared one counts once
	MultiplyAdds int64 // of the forward pass of one sample: convolutions and dense products
	Output       tensor.Shape
}

// Summarize runs m once on a zero sample of the given shape (without the batch dimension) and counts. A shape m cannot
// take is an error.
func Summarize(m Module, sample ...int) (Summary, error) {
	s := Summary{}
	for _, e := range Params(m) {
		s.Parameters += e.Param.Value.Len()
	}
	err := tensor.Try(func() error {
		t := autograd.NewTape(autograd.Mode{NoGrad: true})
		y := m.Forward(t.Const(tensor.New(append([]int{1}, sample...)...)))
		if len(y.Shape()) == 0 {
			return &tensor.Error{Op: "nn.Summarize", Shapes: []tensor.Shape{y.Shape()}, Detail: "the output has no batch dimension"}
		}
		s.MultiplyAdds, s.Output = t.MACs(), y.Shape()[1:]
		return nil
	})
	return s, err
}

// String returns one line: parameters, multiply-adds and the shape of the output.
func (s Summary) String() string {
	return fmt.Sprintf("%d parameters, %.1f million multiply-adds an image, output %v", s.Parameters, float64(s.MultiplyAdds)/1e6, s.Output)
}
