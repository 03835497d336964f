package tensor_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

func TestFromSliceChecksLength(t *testing.T) {
	_, err := tensor.FromSlice(make([]float32, 5), 2, 3)
	require.EqualError(t, err, "tensor.FromSlice [2 3]: 5 values do not fill a shape of 6")
	_, err = tensor.FromSlice(nil, -1, 0)
	require.EqualError(t, err, "tensor.FromSlice [-1 0]: negative dimension")
	_, err = tensor.FromSlice(nil, 1<<30, 1<<30)
	require.EqualError(t, err, "tensor.FromSlice [1073741824 1073741824]: more values than memory can hold")
	x, err := tensor.FromSlice([]float32{7})
	require.NoError(t, err)
	require.Equal(t, float32(7), x.Item())
}

func TestViewsShareMemory(t *testing.T) {
	x := tensor.New(3, 2, 2)
	x.Rows(1, 2).Data()[3] = 5
	require.Equal(t, float32(5), x.Data()[7])
	x.Reshape(12).Data()[0] = 2
	require.Equal(t, float32(2), x.Data()[0])
	c := x.Clone()
	c.Zero()
	require.Equal(t, float32(5), x.Data()[7])
	x.CopyFrom(c)
	require.Equal(t, make([]float32, 12), x.Data())
	require.Equal(t, 0, x.Rows(3, 3).Len())
}

func TestAppendingToAViewDoesNotReachTheNextRow(t *testing.T) {
	x := tensor.New(2, 2)
	_ = append(x.Rows(0, 1).Data(), 9)
	require.Zero(t, x.Data()[2])
}

func TestMisusePanicsWithError(t *testing.T) {
	x := tensor.New(2, 3)
	for want, fn := range map[string]func(){
		"tensor.New [-2]: negative dimension":                          func() { tensor.New(-2) },
		"tensor.Reshape [2 3], [7]: 6 values do not fill a shape of 7": func() { x.Reshape(7) },
		"tensor.Rows [2 3]: no rows 1 to 3":                            func() { x.Rows(1, 3) },
		"tensor.Dim [2 3]: no dimension 2":                             func() { x.Dim(2) },
		"tensor.Dim [2 3]: no dimension -3":                            func() { x.Dim(-3) },
		"tensor.Item [2 3]: needs exactly one value":                   func() { x.Item() },
		"tensor.CopyFrom [2 3], [3 2]: shapes differ":                  func() { x.CopyFrom(tensor.New(3, 2)) },
	} {
		err := tensor.Try(func() error { fn(); return nil })
		var shape *tensor.Error
		require.ErrorAs(t, err, &shape)
		require.EqualError(t, err, want)
	}
}

func TestTryPassesOtherPanicsAndErrors(t *testing.T) {
	require.PanicsWithValue(t, "other", func() { _ = tensor.Try(func() error { panic("other") }) })
	mine := errors.New("mine")
	require.Equal(t, mine, tensor.Try(func() error { return mine }))
	require.NoError(t, tensor.Try(func() error { return nil }))
}

func TestErrorNamesThePath(t *testing.T) {
	err := &tensor.Error{Op: "nn.Linear", Path: "classifier.weight", Shapes: []tensor.Shape{{4, 7}, {3, 5}}, Detail: "widths differ"}
	require.EqualError(t, err, "nn.Linear (classifier.weight) [4 7], [3 5]: widths differ")
}

func ExampleFromSlice() {
	x, err := tensor.FromSlice([]float32{1, 2, 3, 4, 5, 6}, 3, 2)
	if err != nil {
		panic(err)
	}
	fmt.Println(x.Shape(), x.Rows(1, 2).Data())
	// Output: [3 2] [3 4]
}

func ExampleTry() {
	err := tensor.Try(func() error {
		tensor.New(2, 3).Reshape(4)
		return nil
	})
	fmt.Println(err)
	// Output: tensor.Reshape [2 3], [4]: 6 values do not fill a shape of 4
}
