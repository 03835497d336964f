package train_test

import (
	"fmt"
	"log"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
)

// A training loop of one's own: two points to tell apart.
func ExampleStep() {
	points, err := tensor.FromSlice([]float32{1, 2, 2, 1}, 2, 2)
	if err != nil {
		log.Fatal(err)
	}
	labels := []int{0, 1}

	net := nn.Sequential{
		nn.NewLinear(nn.LinearSettings{In: 2, Out: 16, Seed: 1}),
		nn.Func(nn.ReLU),
		nn.NewLinear(nn.LinearSettings{In: 16, Out: 2, Seed: 2}),
	}
	params := nn.Params(net)
	optimizer, err := optim.SGD{Momentum: 0.9, WeightDecay: 1e-4}.New(params)
	if err != nil {
		log.Fatal(err)
	}
	criterion := &loss.CrossEntropy{Smoothing: 0.1}
	step := train.Step{Params: params, Optimizer: optimizer, Tape: autograd.NewTape(autograd.Mode{}), ClipNorm: 1}
	var first, last float64
	for epoch := range 20 {
		value, _, err := step.Take(0.1, autograd.Mode{Train: true}, func(t *autograd.Tape) (*autograd.Var, error) {
			logits := net.Forward(t.Const(points))
			y, _ := criterion.Forward(loss.Input{Logits: logits, Labels: labels, Views: 1})
			return y, nil
		})
		if err != nil {
			log.Fatal(err)
		}
		if epoch == 0 {
			first = value
		}
		last = value
	}
	fmt.Println("the loss fell by half:", last < first/2)
	// Output: the loss fell by half: true
}
