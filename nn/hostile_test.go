package nn_test

import (
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
	"pgregory.net/rapid"
)

// Whatever sizes layers and operations are given, they work or panic with *tensor.Error; Try lets any other panic through.
func TestHostileSizes(t *testing.T) {
	absurd := []int{math.MaxInt>>32 + 1, math.MaxInt>>31 + 2, math.MaxInt>>2 + 1, math.MaxInt>>1 + 1, math.MaxInt>>1 + 2, math.MaxInt - 4, math.MaxInt - 1, math.MaxInt, -1, -2, -(math.MaxInt>>1 + 1), math.MinInt}
	size := rapid.SampledFrom(append([]int{0, 1, 2, 3, 4}, absurd...))
	rapid.Check(t, func(t *rapid.T) {
		a, b, c, d := size.Draw(t, "a"), size.Draw(t, "b"), size.Draw(t, "c"), size.Draw(t, "d")
		kernel, out := rapid.IntRange(0, 3).Draw(t, "kernel"), rapid.IntRange(0, 4).Draw(t, "out")
		n := rapid.IntRange(0, 2).Draw(t, "images")
		product := func(sizes ...int) float64 {
			p := 1.0
			for _, n := range sizes {
				p *= math.Max(math.Abs(float64(n)), 1)
			}
			return p
		}
		tape := autograd.NewTape(autograd.Mode{Train: true})
		x := tape.Const(tensor.New(n, 5, 5, 4))
		uses := map[string]func(){
			"Conv2d": func() {
				(&nn.Conv2d{Weight: autograd.NewParam(tensor.New(kernel, kernel, 4, out)), Stride: a, Padding: b, Groups: c}).Forward(x)
			},
			"grouped": func() {
				(&nn.Conv2d{Weight: autograd.NewParam(tensor.New(kernel, kernel, 1, out)), Groups: c}).Forward(x)
			},
			"MaxPool2d":             func() { nn.MaxPool2d(x, a, b, c) },
			"MaxPool2d of a kernel": func() { nn.MaxPool2d(x, kernel, 1, a) },
			"AdaptiveAvgPool2d":     func() { nn.AdaptiveAvgPool2d(x, a, b) },
			"ShortcutA":             func() { nn.ShortcutA(x, a, b) },
			"Rows":                  func() { autograd.Rows(x, a, b) },
			"Gather":                func() { autograd.Gather(x, []int{a, b}) },
			"Permute":               func() { autograd.Permute(x, a, b, c, d) },
			"Reshape":               func() { autograd.Reshape(x, a, b, c) },
		}
		for what, made := range map[string]struct {
			values float64
			make   func()
		}{
			"NewLinear":      {product(a, b), func() { nn.NewLinear(nn.LinearSettings{In: a, Out: b}) }},
			"NewCosine":      {product(a, b), func() { nn.NewCosine(nn.CosineSettings{In: a, Classes: b}) }},
			"NewConv2d":      {product(a/max(d, 1), b, c, c), func() { nn.NewConv2d(nn.Conv2dSettings{In: a, Out: b, Kernel: c, Groups: d, Bias: true}) }},
			"NewConvBN":      {product(a, b, c, c), func() { nn.NewConvBN(nn.ConvBNSettings{In: a, Out: b, Kernel: c}) }},
			"NewBatchNorm2d": {product(a), func() { nn.NewBatchNorm2d(a) }},
			"NewLayerNorm":   {product(a), func() { nn.NewLayerNorm(a) }},
		} {
			if made.values < 1e5 || made.values > 1<<40 { // others can be made, and take a while
				uses[what] = made.make
			}
		}
		for what, use := range uses {
			if b > 4 && int64(b) < 1<<40 && (what == "AdaptiveAvgPool2d" || what == "ShortcutA") || a > 4 && int64(a) < 1<<40 && (what == "AdaptiveAvgPool2d" || what == "ShortcutA") {
				continue
			}
			func() {
				defer func() {
					if p := recover(); p != nil {
						t.Fatalf("%s: %v", what, p)
					}
				}()
				_ = tensor.Try(func() error { use(); return nil })
			}()
		}
	})
}
