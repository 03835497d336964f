package nn_test

import (
	"fmt"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

func row(values ...float32) *tensor.Tensor {
	x := tensor.New(1, len(values))
	copy(x.Data(), values)
	return x
}

func ExampleLinear() {
	l := nn.NewLinear(nn.LinearSettings{In: 2, Out: 3, Seed: 1})
	copy(l.Weight.Value.Data(), []float32{1, 0, 0, 1, 1, 1})
	copy(l.Bias.Value.Data(), []float32{0, 0, 0.5})
	tape := autograd.NewTape(autograd.Mode{})
	y := l.Forward(tape.Const(row(2, 3)))
	fmt.Println(y.Shape(), y.Data())
	tape.Backward(autograd.Sum(y), nil)
	fmt.Println(l.Weight.Grad.Data(), l.Bias.Grad.Data())
	// Output:
	// [1 3] [2 3 5.5]
	// [2 3 2 3 2 3] [1 1 1]
}

func ExampleConv2d() {
	conv := nn.NewConv2d(nn.Conv2dSettings{In: 3, Out: 16, Kernel: 3, Stride: 2, Padding: 1, Seed: 1})
	conv.Bias = autograd.NewParam(tensor.New(16)) // none by default
	tape := autograd.NewTape(autograd.Mode{})
	y := conv.Forward(tape.Const(tensor.New(8, 32, 32, 3)))
	fmt.Println(y.Shape())
	// Output: [8 16 16 16]
}

func ExampleBatchNorm2d() {
	bn := nn.NewBatchNorm2d(1)
	x := tensor.New(2, 1)
	copy(x.Data(), []float32{1, 5})
	tape := autograd.NewTape(autograd.Mode{Train: true})
	y := bn.Forward(tape.Const(x)) // by the mean and variance of the batch
	tape.Commit()                  // only now the running statistics move
	fmt.Printf("%.2f, running mean %.2f\n", y.Data(), bn.RunningMean.Data())
	// Output: [-1.00 1.00], running mean [0.30]
}

// A residual block: the last convolution takes the shortcut before its ReLU.
func ExampleConvBN() {
	rng := rand.New(rand.NewPCG(1, 1))
	first, second := nn.NewConvBN(nn.ConvBNSettings{In: 16, Out: 32, Kernel: 3, Stride: 2, Padding: 1, ReLU: true, Rand: rng}), nn.NewConvBN(nn.ConvBNSettings{In: 32, Out: 32, Kernel: 3, Padding: 1, ReLU: true, Rand: rng})
	tape := autograd.NewTape(autograd.Mode{Train: true})
	x := tape.Const(tensor.New(4, 32, 32, 16))
	y := second.ForwardAdd(first.Forward(x), nn.ShortcutA(x, 32, 2))
	fmt.Println(y.Shape())
	// Output: [4 16 16 32]
}

func ExampleCosine() {
	c := nn.NewCosine(nn.CosineSettings{In: 2, Classes: 2, Seed: 1})
	copy(c.Weight.Value.Data(), []float32{10, 0, 0, 0.1}) // lengths do not matter
	c.Scale = 10
	y := c.Forward(autograd.NewTape(autograd.Mode{}).Const(row(3, 4)))
	fmt.Printf("%.1f\n", y.Data())
	// Output: [6.0 8.0]
}

func ExampleSequential() {
	rng := rand.New(rand.NewPCG(1, 1))
	net := nn.Sequential{nn.NewLinear(nn.LinearSettings{In: 4, Out: 8, Rand: rng}), nn.Func(nn.ReLU), nn.NewLinear(nn.LinearSettings{In: 8, Out: 2, Rand: rng})}
	y := net.Forward(autograd.NewTape(autograd.Mode{}).Const(tensor.New(5, 4)))
	fmt.Println(y.Shape())
	// Output: [5 2]
}

func ExampleEntries() {
	rng := rand.New(rand.NewPCG(1, 1))
	net := nn.Sequential{nn.NewConvBN(nn.ConvBNSettings{In: 3, Out: 8, Kernel: 3, Padding: 1, ReLU: true, Rand: rng}), nn.Func(nn.GlobalAvgPool2d), nn.NewLinear(nn.LinearSettings{In: 8, Out: 2, Rand: rng})}
	for _, e := range nn.Entries(net) {
		fmt.Println(e.Path, e.Tensor().Shape())
	}
	// Output:
	// 0.conv.weight [3 3 3 8]
	// 0.bn.weight [8]
	// 0.bn.bias [8]
	// 0.bn.running_mean [8]
	// 0.bn.running_var [8]
	// 2.weight [2 8]
	// 2.bias [2]
}

// scaled is a module of one's own: a layer and a factor that is learnt.
type scaled struct {
	linear *nn.Linear
	factor *autograd.Param
}

func (s scaled) Forward(x *autograd.Var) *autograd.Var {
	return autograd.MatMul(s.linear.Forward(x), x.Tape().Param(s.factor))
}

func (s scaled) Visit(v nn.Visitor) {
	v.Sub("linear", s.linear)
	v.Param("factor", s.factor)
}

func ExampleVisitor() {
	m := scaled{nn.NewLinear(nn.LinearSettings{In: 3, Out: 1, Seed: 1}), autograd.NewParam(tensor.New(1, 1))}
	for _, e := range nn.Params(m) {
		fmt.Println(e.Path)
	}
	// Output:
	// linear.weight
	// linear.bias
	// factor
}

func ExampleName() {
	net := nn.Sequential{nn.NewLinear(nn.LinearSettings{In: 4, Out: 8, Seed: 1})}
	nn.Name(net)
	fmt.Println(tensor.Try(func() error {
		net.Forward(autograd.NewTape(autograd.Mode{}).Const(tensor.New(5, 3)))
		return nil
	}))
	// Output: nn.Linear (0.weight) [5 3], [8 4]: input and weight [out, in] differ in width
}

// A frozen backbone takes no gradient; the classifier behind it does.
func ExampleFreeze() {
	rng := rand.New(rand.NewPCG(1, 1))
	backbone, classifier := nn.NewLinear(nn.LinearSettings{In: 3, Out: 4, Rand: rng}), nn.NewLinear(nn.LinearSettings{In: 4, Out: 2, Rand: rng})
	nn.Freeze(backbone, true)
	tape := autograd.NewTape(autograd.Mode{Train: true})
	y := nn.Sequential{backbone, classifier}.Forward(tape.Const(row(1, 2, 3)))
	tape.Backward(autograd.Sum(y), nil)
	fmt.Println(backbone.Weight.Grad == nil, classifier.Weight.Grad == nil)
	// Output: true false
}

func ExampleSummarize() {
	rng := rand.New(rand.NewPCG(1, 1))
	net := nn.Sequential{nn.NewConvBN(nn.ConvBNSettings{In: 3, Out: 64, Kernel: 3, Padding: 1, ReLU: true, Rand: rng}), nn.Func(nn.GlobalAvgPool2d), nn.NewLinear(nn.LinearSettings{In: 64, Out: 10, Rand: rng})}
	s, err := nn.Summarize(net, 32, 32, 3)
	fmt.Println(s, err)
	// Output: 2506 parameters, 1.8 million multiply-adds an image, output [10] <nil>
}

func ExampleL2Normalize() {
	y := nn.L2Normalize(autograd.NewTape(autograd.Mode{}).Const(row(3, 4)))
	fmt.Printf("%.1f\n", y.Data())
	// Output: [0.6 0.8]
}

func ExampleLogSumExp() {
	tape := autograd.NewTape(autograd.Mode{})
	fmt.Printf("%.4f %.4f\n", nn.LogSumExp(tape.Const(row(1, 2, 3))).Data(), nn.Softmax(tape.Const(row(1, 2, 3))).Data())
	// Output: [3.4076] [0.0900 0.2447 0.6652]
}

func ExampleMaxPool2d() {
	x := autograd.NewTape(autograd.Mode{}).Const(row(1, 5, 2, 3, 0, 4, 9, 8).Reshape(1, 2, 4, 1))
	fmt.Println(nn.MaxPool2d(x, 2, 2, 0).Data(), nn.GlobalAvgPool2d(x).Data())
	// Output: [5 9] [4]
}

func ExampleHeNormal() {
	w := autograd.NewParam(tensor.New(200, 50))
	nn.HeNormal(w.Value, 50, rand.New(rand.NewPCG(1, 1)))
	sum := 0.0
	for _, v := range w.Value.Data() {
		sum += float64(v) * float64(v)
	}
	fmt.Printf("variance %.2f\n", sum/float64(w.Value.Len()))
	// Output: variance 0.04
}
