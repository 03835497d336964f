// Package gradtest checks gradients: those the engine computes in float32 against central differences.
//
// A Case names the inputs, the operation on a tape and, best, the same formula in float64 as an independent reference:
// then both the values and the gradients must agree to one part in a thousand. Without a reference the differences are
// taken of the float32 operation itself, which finds a wrong gradient but sees only about two digits.
//
// Use it in a unit test of your own operation, layer or loss:
//
//	gradtest.Check(t, gradtest.Case{Inputs: …, Forward: …, Reference: …})
package gradtest

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

// Case is one gradient check.
type Case struct {
	// Inputs are the values differentiated by; Forward gets them as variables in this order.
	Inputs []*tensor.Tensor
	// Params are parameters Forward reads by itself (a layer's weights), differentiated by too.
	Params []*autograd.Param
	// Forward computes the operation. It is called several times and must give the same result each time.
	Forward func(t *autograd.Tape, in []*autograd.Var) *autograd.Var
	// Reference evaluates the same formula in float64 given the values of Inputs, then of Params. nil: Forward itself
	// is differenced in float32.
	Reference func(in [][]float64) []float64
	// Mode of the tape.
	Mode autograd.Mode
	// Tolerance of an error relative to the largest entry of the same tensor; 0 means 1e-3, without Reference 1e-2.
	Tolerance float64
	// Seed of the random upstream gradient.
	Seed uint64
}

// Check fails the test if a value or a gradient is wrong.
func Check(t testing.TB, c Case) {
	t.Helper()
	if err := Compare(c); err != nil {
		t.Error(err)
	}
}

// Compare returns an error that names the first wrong entry and both values, or nil if all agree.
func Compare(c Case) error {
	leaves := make([]*autograd.Param, 0, len(c.Inputs)+len(c.Params))
	for _, x := range c.Inputs {
		leaves = append(leaves, autograd.NewParam(x.Clone()))
	}
	inputs := leaves[:len(c.Inputs):len(c.Inputs)]
	leaves = append(leaves, c.Params...)
	tolerance := c.Tolerance
	if tolerance == 0 {
		if tolerance = 1e-3; c.Reference == nil {
			tolerance = 1e-2
		}
	}

	tape := autograd.NewTape(c.Mode)
	run := func() *autograd.Var {
		tape.Reset(c.Mode)
		in := make([]*autograd.Var, len(inputs))
		for i, p := range inputs {
			in[i] = tape.Param(p)
		}
		return c.Forward(tape, in)
	}

	y := run()
	values := append([]float32(nil), y.Data()...)
	gy := tensor.New(y.Shape()...)
	rng := rand.New(rand.NewPCG(c.Seed, 1))
	for i := range gy.Data() {
		gy.Data()[i] = float32(rng.Float64()*2 - 1)
	}
	saved := make([]*tensor.Tensor, len(leaves))
	for i, p := range leaves {
		saved[i], p.Grad = p.Grad, nil
	}
	defer func() {
		for i, p := range leaves {
			p.Grad = saved[i]
		}
	}()
	tape.Backward(y, gy)

	difference := c.float32Difference(leaves, gy, run)
	if c.Reference != nil {
		points := make([][]float64, len(leaves))
		for i, p := range leaves {
			points[i] = widen(p.Value.Data())
		}
		want := c.Reference(points)
		if err := agree("value", values, want, tolerance); err != nil {
			return err
		}
		difference = c.float64Difference(points, gy)
	}
	for i, p := range leaves {
		if p.Frozen {
			continue
		}
		got := make([]float32, p.Value.Len())
		if p.Grad != nil {
			copy(got, p.Grad.Data())
		}
		want := make([]float64, len(got))
		for j := range want {
			want[j] = difference(i, j)
		}
		if err := agree("gradient of "+leafName(i, len(c.Inputs), p), got, want, tolerance); err != nil {
			return err
		}
	}
	return nil
}

// float64Difference differences the reference: error about 1e-9.
func (c Case) float64Difference(points [][]float64, gy *tensor.Tensor) func(i, j int) float64 {
	return func(i, j int) float64 {
		x := points[i][j]
		h := 1e-5 * math.Max(1, math.Abs(x))
		at := func(v float64) float64 {
			points[i][j] = v
			sum := 0.0
			for k, y := range c.Reference(points) {
				sum += y * float64(gy.Data()[k])
			}
			return sum
		}
		d := (at(x+h) - at(x-h)) / (2 * h)
		points[i][j] = x
		return d
	}
}

// float32Difference differences Forward by the five-point rule, whose larger step outweighs float32's rounding.
func (c Case) float32Difference(leaves []*autograd.Param, gy *tensor.Tensor, run func() *autograd.Var) func(i, j int) float64 {
	return func(i, j int) float64 {
		v := leaves[i].Value.Data()
		x := v[j]
		h := float32(1e-2 * math.Max(1, math.Abs(float64(x))))
		at := func(step float32) float64 {
			v[j] = x + step
			sum := 0.0
			for k, y := range run().Data() {
				sum += float64(y) * float64(gy.Data()[k])
			}
			return sum
		}
		d := (8*(at(h)-at(-h)) - (at(2*h) - at(-2*h))) / (12 * float64(h))
		v[j] = x
		return d
	}
}

func agree(what string, got []float32, want []float64, tolerance float64) error {
	if len(got) != len(want) {
		return fmt.Errorf("gradtest: %s: the operation gives %d entries, the reference %d", what, len(got), len(want))
	}
	largest := 0.0
	for _, w := range want {
		largest = math.Max(largest, math.Abs(w))
	}
	for i, w := range want {
		if d := math.Abs(float64(got[i]) - w); !(d <= tolerance*largest+1e-6) {
			return fmt.Errorf("gradtest: %s: entry %d is %g, want %g: off by %.2g of the largest entry", what, i, got[i], w, d/largest)
		}
	}
	return nil
}

func leafName(i, inputs int, p *autograd.Param) string {
	switch {
	case i < inputs:
		return fmt.Sprintf("input %d", i)
	case p.Name != "":
		return p.Name
	default:
		return fmt.Sprintf("parameter %d", i-inputs)
	}
}

func widen(v []float32) []float64 {
	w := make([]float64, len(v))
	for i, x := range v {
		w[i] = float64(x)
	}
	return w
}

// Normal returns a tensor of independent normal values with the given standard deviation: inputs for a Case.
func Normal(seed uint64, std float64, shape ...int) *tensor.Tensor {
	rng := rand.New(rand.NewPCG(seed, 2))
	x := tensor.New(shape...)
	for i := range x.Data() {
		x.Data()[i] = float32(rng.NormFloat64() * std)
	}
	return x
}
