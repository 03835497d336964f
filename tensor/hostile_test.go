package tensor_test

import (
	"math"
	"testing"

	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var hostile = []int{0, 1, 2, 7, 1 << 20, math.MaxInt>>32 + 1, math.MaxInt>>31 + 1, math.MaxInt>>25 + 2, math.MaxInt>>23 + 1, math.MaxInt>>13 + 4, math.MaxInt>>2 + 1, math.MaxInt>>1 + 1, math.MaxInt, -1, -(math.MaxInt>>1 + 1), math.MinInt}

// Whatever the shape, there is a tensor of its size or a *tensor.Error.
func TestHostileShapes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SliceOfN(rapid.SampledFrom(hostile), 0, 4).Draw(t, "shape")
		values := 1.0
		for _, d := range shape {
			values *= math.Abs(float64(d))
		}
		if values > 1<<22 && values < 1<<40 { // may be there, and would take seconds to clear
			t.Skip()
		}
		from, to := rapid.SampledFrom(hostile).Draw(t, "from"), rapid.SampledFrom(hostile).Draw(t, "to")
		other := rapid.SliceOfN(rapid.SampledFrom(hostile), 0, 3).Draw(t, "other")
		var x *tensor.Tensor
		if err := tensor.Try(func() error { x = tensor.New(shape...); return nil }); err != nil {
			return
		}
		require.Equal(t, int(values), x.Len())
		for _, use := range []func(){
			func() { x.Rows(from, to) }, func() { x.Reshape(other...) }, func() { x.Dim(from) }, func() { x.Item() },
		} {
			_ = tensor.Try(func() error { use(); return nil })
		}
		if y, err := tensor.FromSlice(x.Data(), other...); err == nil {
			require.Equal(t, x.Len(), y.Shape().Len())
		}
	})
}

// Memory that the system does not have is an error too: Go would end the program.
func TestMoreThanThisMachineHas(t *testing.T) {
	err := tensor.Try(func() error { tensor.New(1<<20, 1<<20); return nil })
	if err == nil {
		t.Skip("the system promises more memory than there is")
	}
	var misuse *tensor.Error
	require.ErrorAs(t, err, &misuse)
	require.Contains(t, misuse.Detail, "memory")
}
