package safetensors

import (
	"fmt"
	"unicode/utf8"

	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// entries returns the state of m, checked to be what a file can hold.
func entries(m nn.Visitable) ([]nn.Entry, error) {
	all := nn.Entries(m)
	seen := make(map[string]bool, len(all))
	for _, e := range all {
		x := e.Tensor()
		switch {
		case e.Path == metadataName || !utf8.ValidString(e.Path):
			return nil, fmt.Errorf("the model's path %q cannot be a tensor's name", e.Path)
		case seen[e.Path]:
			return nil, fmt.Errorf("the model shows two things as %q: each needs a path of its own", e.Path)
		case x == nil && e.State == nil:
			return nil, fmt.Errorf("the model shows %q without a value", e.Path)
		case e.Layout == nn.HWIO && len(x.Shape()) != 4:
			return nil, fmt.Errorf("%q of shape %v is no convolution's weight [KH, KW, I, O]", e.Path, x.Shape())
		}
		seen[e.Path] = true
	}
	return all, nil
}

// fileShape is the shape in files of a parameter or buffer.
func fileShape(e nn.Entry) tensor.Shape {
	s := e.Tensor().Shape()
	if e.Layout == nn.HWIO {
		return tensor.Shape{s[3], s[2], s[0], s[1]}
	}
	return s
}

// toFile returns the values in the order of files.
func toFile(e nn.Entry) []float32 {
	x := e.Tensor()
	if e.Layout != nn.HWIO {
		return x.Data()
	}
	out := make([]float32, x.Len())
	eachOIHW(x.Shape(), func(file, memory int) { out[file] = x.Data()[memory] })
	return out
}

// fromFile overwrites the values by those of v, which are in the order of files.
func fromFile(e nn.Entry, v []float32) {
	x := e.Tensor()
	if e.Layout != nn.HWIO {
		copy(x.Data(), v)
		return
	}
	eachOIHW(x.Shape(), func(file, memory int) { x.Data()[memory] = v[file] })
}

// eachOIHW calls fn with the index of every value in the orders [O, I, KH, KW] and [KH, KW, I, O]; hwio is the latter.
func eachOIHW(hwio tensor.Shape, fn func(file, memory int)) {
	taps, in, out := hwio[0]*hwio[1], hwio[2], hwio[3]
	file := 0
	for o := range out {
		for i := range in {
			for k := range taps {
				fn(file, (k*in+i)*out+o)
				file++
			}
		}
	}
}
