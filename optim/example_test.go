package optim_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/tensor"
)

// descend takes steps down p², whose gradient is 2p.
func descend(rule optim.Rule, lr float64, steps int) {
	p := autograd.NewParam(tensor.Scalar(1))
	p.Grad = tensor.Scalar(0)
	opt, err := rule.New([]nn.Entry{{Path: "p", Param: p}})
	if err != nil {
		fmt.Println(err)
		return
	}
	var values []float32
	for range steps {
		p.Grad.Data()[0] = 2 * p.Value.Item()
		opt.Step(lr)
		values = append(values, p.Value.Item())
	}
	fmt.Printf("%.4f\n", values)
}

func ExampleSGD() {
	descend(optim.SGD{}, 0.1, 3)
	descend(optim.SGD{Momentum: 0.9}, 0.1, 3)
	descend(optim.SGD{Nesterov: true}, 0.1, 3)
	// Output:
	// [0.8000 0.6400 0.5120]
	// [0.8000 0.4600 0.0620]
	// optim: SGD.Nesterov needs momentum: set SGD.Momentum, commonly to 0.9
}

func ExampleAdam() {
	descend(optim.Adam{}, 0.1, 3)
	// Output: [0.9000 0.8004 0.7016]
}

func ExampleAdamW() {
	descend(optim.AdamW{WeightDecay: 0.5}, 0.1, 3)
	// Output: [0.8500 0.7082 0.5750]
}

// A step of training by hand: clear the gradients, go back through the tape, clip, step.
func ExampleOptimizer() {
	layer := &nn.Linear{Weight: autograd.NewParam(tensor.New(1, 2))}
	params := nn.Params(layer)
	opt, err := optim.SGD{Momentum: 0.9}.New(params)
	if err != nil {
		panic(err)
	}
	x, err := tensor.FromSlice([]float32{3, 4}, 1, 2)
	if err != nil {
		panic(err)
	}
	tape := autograd.NewTape(autograd.Mode{Train: true})
	for range 2 {
		tape.Reset(autograd.Mode{Train: true})
		optim.ZeroGrad(params)
		tape.Backward(autograd.Reshape(layer.Forward(tape.Const(x))), nil)
		fmt.Printf("norm %.0f, ", optim.ClipNorm(params, 1))
		opt.Step(1)
		fmt.Printf("weight %.2f\n", layer.Weight.Value.Data())
	}
	for _, e := range nn.Entries(opt) {
		fmt.Println(e.Path, e.Buffer.Shape())
	}
	// Output:
	// norm 5, weight [-0.60 -0.80]
	// norm 5, weight [-1.74 -2.32]
	// momentum.weight [1 2]
}

func ExampleGradNorm() {
	p := autograd.NewParam(tensor.New(2))
	p.Grad = tensor.New(2)
	copy(p.Grad.Data(), []float32{3, 4})
	fmt.Println(optim.GradNorm([]nn.Entry{{Path: "p", Param: p}}))
	// Output: 5
}

// A backbone learns at a tenth of the classifier's rate; biases and batch norm do not decay.
func ExampleGroups() {
	rng := rand.New(rand.NewPCG(1, 1))
	net := nn.Sequential{nn.NewConvBN(nn.ConvBNSettings{In: 3, Out: 4, Kernel: 3, Padding: 1, ReLU: true, Rand: rng}), nn.Func(nn.GlobalAvgPool2d), nn.NewLinear(nn.LinearSettings{In: 4, Out: 2, Rand: rng})}
	rule := optim.Groups{
		Rule:          optim.SGD{Momentum: 0.9, WeightDecay: 1e-4},
		Groups:        []optim.Group{{Match: []string{"0"}, LearningRate: 0.1}},
		NoVectorDecay: true,
	}
	opt, err := rule.New(nn.Params(net))
	if err != nil {
		panic(err)
	}
	for _, e := range nn.Entries(opt) {
		fmt.Println(e.Path)
	}

	rule.Groups[0].Match = []string{"backbone"}
	_, err = rule.New(nn.Params(net))
	fmt.Println(err)
	// Output:
	// momentum.0.conv.weight
	// momentum.0.bn.weight
	// momentum.0.bn.bias
	// momentum.2.weight
	// momentum.2.bias
	// optim: Groups[0] matches no parameter with "backbone": their paths go from "0.conv.weight" to "2.bias", see nn.Params
}
