// Package vectortest reads reference vectors: JSON files of inputs, outputs and gradients computed in float64 by
// another engine. Tests named TestVector… use it; LONGTAIL_VECTORS points them at another directory of the same form, whose
// files take the place of those in testdata.
package vectortest

import (
	"encoding/json"
	"errors"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// Tensor is a reference array in row-major order; images are NCHW and convolution weights OIHW in the files.
type Tensor struct {
	Shape []int     `json:"shape"`
	Data  []float64 `json:"data"`
}

// Float32 returns the values rounded to float32.
func (t Tensor) Float32() []float32 {
	v := make([]float32, len(t.Data))
	for i, x := range t.Data {
		v[i] = float32(x)
	}
	return v
}

// Permute returns the tensor with its axes reordered: axis i of the result is axis order[i] of t.
func (t Tensor) Permute(order ...int) Tensor {
	shape, stride := make([]int, len(order)), make([]int, len(order))
	s := make([]int, len(t.Shape))
	for i, n := len(t.Shape)-1, 1; i >= 0; i-- {
		s[i] = n
		n *= t.Shape[i]
	}
	for i, o := range order {
		shape[i], stride[i] = t.Shape[o], s[o]
	}
	out := Tensor{Shape: shape, Data: make([]float64, 0, len(t.Data))}
	var walk func(axis, at int)
	walk = func(axis, at int) {
		if axis == len(shape) {
			out.Data = append(out.Data, t.Data[at])
			return
		}
		for i := range shape[axis] {
			walk(axis+1, at+i*stride[axis])
		}
	}
	walk(0, 0)
	return out
}

// NHWC reorders an NCHW image tensor to the order the engine keeps; other ranks are returned as they are.
func (t Tensor) NHWC() Tensor {
	if len(t.Shape) != 4 {
		return t
	}
	return t.Permute(0, 2, 3, 1)
}

// HWIO reorders an OIHW convolution weight to the order the engine keeps.
func (t Tensor) HWIO() Tensor { return t.Permute(2, 3, 1, 0) }

// Load decodes the cases of NAME.json into cases, a pointer to a slice.
func Load(t testing.TB, name string, cases any) {
	t.Helper()
	path := filepath.Join("testdata", name+".json")
	if dir := os.Getenv("LONGTAIL_VECTORS"); dir != "" {
		if other := filepath.Join(dir, name+".json"); exists(other) {
			path = other
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("reference vectors: %v", err)
	}
	file := struct{ Cases any }{cases}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatalf("reference vectors %s: %v", name, err)
	}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

// Close fails the test unless |got − want| ≤ relative·max|want| + 1e-6 for every entry. relative 0 means 1e-4, what
// the files ask of float32.
func Close(t testing.TB, what string, got []float32, want []float64, relative float64) {
	t.Helper()
	if relative == 0 {
		relative = 1e-4
	}
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	largest := 0.0
	for _, w := range want {
		largest = math.Max(largest, math.Abs(w))
	}
	for i, w := range want {
		if d := math.Abs(float64(got[i]) - w); !(d <= relative*largest+1e-6) {
			t.Errorf("%s[%d] = %v, want %v (off by %.3g)", what, i, got[i], w, d)
			return
		}
	}
}
