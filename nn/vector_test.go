package nn_test

import (
	"math"
	"strconv"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/vectortest"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// operatorCase is one case of operators.json; the fields an operator does not have stay zero.
type operatorCase struct {
	Op                      string
	Kernel, Stride, Padding int
	OutChannels             int `json:"out_channels"`
	Groups, Height, Width   int
	Eps, Momentum           float64

	X, Y, DY, DX                 vectortest.Tensor
	Weight, Bias, DWeight, DBias *vectortest.Tensor
	Gamma, Beta, DGamma, DBeta   vectortest.Tensor
	YEval                        vectortest.Tensor `json:"y_eval"`
	RunningMean                  vectortest.Tensor `json:"running_mean_after"`
	RunningVar                   vectortest.Tensor `json:"running_var_after"`
}

// expected is a parameter's gradient in the files.
type expected struct {
	name  string
	param *autograd.Param
	grad  vectortest.Tensor
}

func TestVectorOperators(t *testing.T) { runOperators(t, "operators") }

func TestVectorLayers(t *testing.T) { runOperators(t, "layers") }

func runOperators(t *testing.T, file string) {
	var cases []operatorCase
	vectortest.Load(t, file, &cases)
	require.NotEmpty(t, cases)
	for i, c := range cases {
		t.Run(strconv.Itoa(i)+" "+c.Op, func(t *testing.T) { c.run(t) })
	}
}

func (c operatorCase) run(t *testing.T) {
	forward, params, after := c.operator(t)
	x := parameter(t, c.X.NHWC())
	tape := autograd.NewTape(autograd.Mode{Train: true})
	y := forward(tape.Param(x))
	wantY := c.Y.NHWC()
	require.Equal(t, tensor.Shape(wantY.Shape), y.Shape())
	vectortest.Close(t, "y", y.Data(), wantY.Data, 0)
	tape.Backward(y, value(t, c.DY.NHWC()))
	vectortest.Close(t, "dx", x.Grad.Data(), c.DX.NHWC().Data, 0)
	for _, p := range params {
		vectortest.Close(t, "gradient of "+p.name, p.param.Grad.Data(), p.grad.Data, 0)
	}
	tape.Commit()
	if after != nil {
		after()
	}
}

// operator returns the layer of the case, the gradients its parameters must get, and what to check after the step is
// committed, if anything.
func (c operatorCase) operator(t *testing.T) (forward func(x *autograd.Var) *autograd.Var, params []expected, after func()) {
	switch c.Op {
	case "conv2d":
		conv := &nn.Conv2d{Weight: parameter(t, c.Weight.HWIO()), Stride: c.Stride, Padding: c.Padding, Groups: c.Groups}
		params = append(params, expected{"weight", conv.Weight, c.DWeight.HWIO()})
		if c.Bias != nil {
			conv.Bias = parameter(t, *c.Bias)
			params = append(params, expected{"bias", conv.Bias, *c.DBias})
		}
		return conv.Forward, params, nil
	case "linear":
		linear := &nn.Linear{Weight: parameter(t, *c.Weight)}
		params = append(params, expected{"weight", linear.Weight, *c.DWeight})
		if c.Bias != nil {
			linear.Bias = parameter(t, *c.Bias)
			params = append(params, expected{"bias", linear.Bias, *c.DBias})
		}
		return linear.Forward, params, nil
	case "batchnorm2d":
		bn := nn.NewBatchNorm2d(len(c.Gamma.Data))
		bn.Weight, bn.Bias, bn.Epsilon, bn.Momentum = parameter(t, c.Gamma), parameter(t, c.Beta), c.Eps, c.Momentum
		params = []expected{{"gamma", bn.Weight, c.DGamma}, {"beta", bn.Bias, c.DBeta}}
		return bn.Forward, params, func() { c.checkRunning(t, bn) }
	case "layer_norm":
		norm := &nn.LayerNorm{Epsilon: c.Eps}
		if c.Weight != nil {
			norm.Weight, norm.Bias = parameter(t, *c.Weight), parameter(t, *c.Bias)
			params = []expected{{"weight", norm.Weight, *c.DWeight}, {"bias", norm.Bias, *c.DBias}}
		}
		return norm.Forward, params, nil
	case "gelu":
		return nn.GELU, nil, nil
	case "gelu_tanh":
		return nn.GELUTanh, nil, nil
	case "silu":
		return nn.SiLU, nil, nil
	case "adaptive_avg_pool2d":
		return func(x *autograd.Var) *autograd.Var { return nn.AdaptiveAvgPool2d(x, c.Height, c.Width) }, nil, nil
	case "relu":
		return nn.ReLU, nil, nil
	case "sigmoid":
		return nn.Sigmoid, nil, nil
	case "tanh":
		return nn.Tanh, nil, nil
	case "softmax":
		return nn.Softmax, nil, nil
	case "log_softmax":
		return nn.LogSoftmax, nil, nil
	case "l2_normalize":
		return nn.L2Normalize, nil, nil
	case "max_pool2d":
		return func(x *autograd.Var) *autograd.Var { return nn.MaxPool2d(x, c.Kernel, c.Stride, c.Padding) }, nil, nil
	case "global_avg_pool2d":
		return nn.GlobalAvgPool2d, nil, nil
	case "shortcut_a":
		return func(x *autograd.Var) *autograd.Var { return nn.ShortcutA(x, c.OutChannels, c.Stride) }, nil, nil
	}
	t.Fatalf("no operator %q", c.Op)
	return nil, nil, nil
}

// checkRunning compares the running statistics after one committed step, and evaluation with them.
func (c operatorCase) checkRunning(t *testing.T, bn *nn.BatchNorm2d) {
	vectortest.Close(t, "running mean", bn.RunningMean.Data(), c.RunningMean.Data, 0)
	vectortest.Close(t, "running variance", bn.RunningVar.Data(), c.RunningVar.Data, 0)
	tape := autograd.NewTape(autograd.Mode{NoGrad: true})
	y := bn.Forward(tape.Const(value(t, c.X.NHWC())))
	vectortest.Close(t, "y in evaluation", y.Data(), c.YEval.NHWC().Data, 0)
	c.checkFrozen(t, bn)
}

// checkFrozen compares training with frozen statistics: a fixed scale γ/√(σ²+ε) and shift.
func (c operatorCase) checkFrozen(t *testing.T, bn *nn.BatchNorm2d) {
	nn.Freeze(bn, true)
	_, err := nn.UnfreezePaths(bn, "weight", "bias")
	require.NoError(t, err)
	x, channels := parameter(t, c.X.NHWC()), len(c.Gamma.Data)
	bn.Weight.ZeroGrad()
	bn.Bias.ZeroGrad()
	tape := autograd.NewTape(training)
	y := bn.Forward(tape.Param(x))
	wantY, dy := c.YEval.NHWC().Data, c.DY.NHWC().Data
	vectortest.Close(t, "y with frozen statistics", y.Data(), wantY, 0)
	dx, dgamma := make([]float64, len(dy)), make([]float64, channels)
	for i, g := range dy {
		k := i % channels
		dx[i] = g * c.Gamma.Data[k] / math.Sqrt(c.RunningVar.Data[k]+c.Eps)
		dgamma[k] += g * (wantY[i] - c.Beta.Data[k]) / c.Gamma.Data[k]
	}
	tape.Backward(y, value(t, c.DY.NHWC()))
	tape.Commit()
	vectortest.Close(t, "dx with frozen statistics", x.Grad.Data(), dx, 0)
	vectortest.Close(t, "gradient of gamma with frozen statistics", bn.Weight.Grad.Data(), dgamma, 0)
	vectortest.Close(t, "gradient of beta with frozen statistics", bn.Bias.Grad.Data(), c.DBeta.Data, 0)
	vectortest.Close(t, "frozen running mean", bn.RunningMean.Data(), c.RunningMean.Data, 0)
	vectortest.Close(t, "frozen running variance", bn.RunningVar.Data(), c.RunningVar.Data, 0)
}

func value(t testing.TB, v vectortest.Tensor) *tensor.Tensor {
	t.Helper()
	x, err := tensor.FromSlice(v.Float32(), v.Shape...)
	require.NoError(t, err)
	return x
}

func parameter(t testing.TB, v vectortest.Tensor) *autograd.Param {
	t.Helper()
	return autograd.NewParam(value(t, v))
}
