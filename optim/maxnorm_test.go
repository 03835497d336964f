package optim_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// classifierOf is a matrix of rows, a bias and a convolution, with gradients.
func classifierOf(t *testing.T, rows ...[]float32) []nn.Entry {
	t.Helper()
	var all []float32
	for _, r := range rows {
		all = append(all, r...)
	}
	w, err := tensor.FromSlice(all, len(rows), len(rows[0]))
	require.NoError(t, err)
	entries := []nn.Entry{{Path: "weight", Param: autograd.NewParam(w)}, {Path: "bias", Param: autograd.NewParam(tensor.New(len(rows)))},
		{Path: "conv", Param: autograd.NewParam(tensor.New(2, 1, 1, 1))}}
	for _, e := range entries {
		e.Param.Grad = tensor.New(e.Param.Value.Shape()...)
		for i := range e.Param.Grad.Data() {
			e.Param.Grad.Data()[i] = float32(i%3) - 2
		}
	}
	return entries
}

// Steps and projections once more, in float64.
func TestMaxNormAgainstPlainProjection(t *testing.T) {
	for _, c := range []struct {
		rule  optim.MaxNorm
		bound float64 // of rows of length 5, 1 and 2
	}{{optim.MaxNorm{}, 1.4}, {optim.MaxNorm{Share: optim.Off}, 1}, {optim.MaxNorm{Share: 1}, 5}, {optim.MaxNorm{Bound: 3}, 3}} {
		entries := classifierOf(t, []float32{3, 4}, []float32{0, -1}, []float32{2, 0})
		c.rule.Rule = optim.SGD{Momentum: 0.9, WeightDecay: 0.1}
		o, err := c.rule.New(entries)
		require.NoError(t, err)
		value, momentum := map[string][]float64{}, map[string][]float64{}
		for _, e := range entries {
			for _, v := range e.Param.Value.Data() {
				value[e.Path] = append(value[e.Path], float64(v))
			}
			momentum[e.Path] = make([]float64, e.Param.Value.Len())
		}
		for range 4 {
			o.Step(0.3)
			for _, e := range entries {
				v, m := value[e.Path], momentum[e.Path]
				for i := range v {
					m[i] = 0.9*m[i] + float64(e.Param.Grad.Data()[i]) + 0.1*v[i]
					v[i] -= 0.3 * m[i]
				}
			}
			w := value["weight"]
			for r := 0; r < len(w); r += 2 {
				if n := math.Hypot(w[r], w[r+1]); n > c.bound {
					w[r], w[r+1] = w[r]*c.bound/n, w[r+1]*c.bound/n
				}
			}
			for _, e := range entries {
				for i, v := range e.Param.Value.Data() {
					require.InDelta(t, value[e.Path][i], float64(v), 1e-5, "%s[%d]", e.Path, i)
				}
			}
		}
	}
}

// The bound is state: an optimizer that is made of weights further on takes it over.
func TestMaxNormKeepsItsBound(t *testing.T) {
	entries := classifierOf(t, []float32{3, 4}, []float32{0, 1})
	o, err := optim.MaxNorm{Rule: optim.SGD{Momentum: 0.9}}.New(entries)
	require.NoError(t, err)
	paths := map[string]float32{}
	for _, e := range nn.Entries(o) {
		paths[e.Path] = e.Buffer.Data()[0]
	}
	require.InDelta(t, 1.4, paths["max-norm.weight"], 1e-6)
	require.Len(t, paths, 4, "three momenta and a bound")

	entries[0].Param.Frozen = true
	before := entries[0].Param.Value.Clone()
	o.Step(1)
	require.Equal(t, before.Data(), entries[0].Param.Value.Data(), "frozen")
}

// A frozen matrix keeps its rows, and those behind it keep to their bound.
func TestMaxNormBehindAFrozenMatrix(t *testing.T) {
	entries := append(classifierOf(t, []float32{3, 4}, []float32{0, 1}), classifierOf(t, []float32{3, 4}, []float32{0, 1})...)
	for i := range entries {
		entries[i].Path = fmt.Sprintf("%d.%s", i, entries[i].Path)
	}
	o, err := optim.MaxNorm{Rule: optim.SGD{}, Bound: 2}.New(entries)
	require.NoError(t, err)
	entries[0].Param.Frozen = true
	o.Step(0)
	first, second := entries[0].Param.Value.Data(), entries[len(entries)/2].Param.Value.Data()
	require.InDelta(t, 5, math.Hypot(float64(first[0]), float64(first[1])), 1e-6)
	require.InDelta(t, 2, math.Hypot(float64(second[0]), float64(second[1])), 1e-6)
}

func TestMaxNormSaysWhatIsWrong(t *testing.T) {
	sgd := optim.SGD{}
	for want, r := range map[string]optim.MaxNorm{
		"MaxNorm.Rule is not set":  {},
		"MaxNorm.Share is 2":       {Rule: sgd, Share: 2},
		"MaxNorm.Share is NaN":     {Rule: sgd, Share: math.NaN()},
		"MaxNorm.Share is -0.5":    {Rule: sgd, Share: -0.5},
		"MaxNorm.Bound is +Inf":    {Rule: sgd, Bound: math.Inf(1)},
		"MaxNorm.Bound is -1":      {Rule: sgd, Bound: -1},
		"SGD.WeightDecay is -1":    {Rule: optim.SGD{WeightDecay: -1}},
		"no longer than 0: give":   {Rule: sgd, Share: optim.Off},
		"is not a parameter: take": {Rule: sgd, Bound: 1},
	} {
		entries := classifierOf(t, []float32{0, 0}, []float32{0, 1})
		if r.Bound == 1 {
			entries = append(entries, nn.Entry{Path: "b", Buffer: tensor.New(1)})
		}
		_, err := r.New(entries)
		require.ErrorContains(t, err, want)
	}
	entries := classifierOf(t, []float32{float32(math.NaN()), 1})
	_, err := optim.MaxNorm{Rule: sgd}.New(entries)
	require.ErrorContains(t, err, `"weight"`)
	_, err = optim.Groups{Rule: optim.MaxNorm{Rule: sgd}, NoVectorDecay: true}.New(classifierOf(t, []float32{1, 1}))
	require.ErrorContains(t, err, "WithWeightDecay", "groups belong inside")
	_, err = optim.MaxNorm{Rule: optim.Groups{Rule: sgd, NoVectorDecay: true}}.New(classifierOf(t, []float32{1, 1}))
	require.NoError(t, err)
}
