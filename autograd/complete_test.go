package autograd_test

import (
	"slices"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/stretchr/testify/require"
)

// A parameter is done when all that adds to its gradient has run: what done sees is what there is in the end.
func TestBackwardDone(t *testing.T) {
	params := map[string]*autograd.Param{}
	for i, name := range []string{"first", "shared", "inner", "nested", "argument", "aside", "frozen", "last"} {
		params[name] = autograd.NewParam(gradtest.Normal(uint64(i), 1, 3, 3))
	}
	params["frozen"].Frozen = true
	tape := autograd.NewTape(autograd.Mode{})
	for range 2 { // gradients of the second step are added to those of the first
		tape.Reset(autograd.Mode{})
		of := func(v *autograd.Var, name string) *autograd.Var {
			return autograd.MatMul(v, v.Tape().Param(params[name]))
		}
		x := of(tape.Const(gradtest.Normal(9, 1, 3, 3)), "first")
		_ = of(x, "aside") // the loss does not depend on it
		x = of(of(x, "shared"), "frozen")
		x = autograd.Recompute(x, func(x *autograd.Var) *autograd.Var {
			x = of(of(x, "inner"), "shared")
			return autograd.Recompute(x, func(x *autograd.Var) *autograd.Var { return of(x, "nested") })
		})
		x = autograd.Add(x, autograd.Recompute(tape.Param(params["argument"]), func(x *autograd.Var) *autograd.Var { return autograd.Exp(x) }))
		x = of(x, "last")

		var order []string
		seen := map[string][]float32{}
		tape.BackwardDone(autograd.Sum(x), nil, func(p *autograd.Param) {
			for name, q := range params {
				if p == q {
					order = append(order, name)
					if p.Grad != nil {
						seen[name] = slices.Clone(p.Grad.Data())
					}
				}
			}
		})
		require.Equal(t, []string{"last", "argument", "nested", "inner", "shared", "aside", "first"}, order)
		for _, name := range order {
			if name == "aside" {
				require.Nil(t, params[name].Grad)
				continue
			}
			require.Equal(t, params[name].Grad.Data(), seen[name], name)
		}
	}

	tape.Reset(autograd.Mode{})
	calls := 0
	tape.BackwardDone(autograd.Sum(tape.Param(params["frozen"])), nil, func(*autograd.Param) { calls++ })
	require.Zero(t, calls)
	tape.Reset(autograd.Mode{})
	y := autograd.Sum(tape.Param(params["first"]))
	tape.Backward(y, nil)
	require.Zero(t, calls, "of an earlier pass")
	require.Panics(t, func() { tape.BackwardDone(y, nil, func(*autograd.Param) {}) })
}
