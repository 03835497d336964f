package onnx

import (
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

// takeInput finds the one value that is not in the file.
func (c *compiler) takeInput(g graph, s OpenSettings) error {
	var inputs []valueInfo
	for _, v := range g.inputs {
		if c.arrays[v.name] == nil {
			inputs = append(inputs, v)
		}
	}
	if len(inputs) != 1 {
		return fmt.Errorf("the graph has %d inputs, and a backbone has one", len(inputs))
	}
	in := inputs[0]
	if in.kind != float32s && in.kind != 0 {
		return fmt.Errorf("the input %q has numbers of ONNX's type %d, and a backbone's are float (type 1)", in.name, in.kind)
	}
	c.input, c.made[in.name] = in.name, true
	for _, d := range in.dims {
		size := -1
		if d.size > 0 && d.size <= 1<<31-1 && d.name == "" {
			size = int(d.size)
		}
		c.shape = append(c.shape, size)
	}
	switch len(c.shape) {
	case 2:
		c.shape = c.shape[1:]
		return nil
	case 4:
	default:
		return fmt.Errorf("the input %q has the shape %v: images of four dimensions or rows of two are possible", in.name, c.shape)
	}
	few := func(n int) bool { return n == 1 || n == 3 || n == 4 }
	first, last := few(c.shape[1]), few(c.shape[3])
	switch {
	case s.Layout == ChannelsFirst || s.Layout == ByShape && first && !last:
		c.first = true
		c.shape = tensor.Shape{c.shape[2], c.shape[3], c.shape[1]}
	case s.Layout == ChannelsLast || s.Layout == ByShape && last && !first:
		c.shape = c.shape[1:]
	default:
		return fmt.Errorf("the input %q has the shape %v, which does not tell where the channels are: set OpenSettings.Layout", in.name, c.shape)
	}
	for i, n := range []int{s.Height, s.Width} {
		if n > 0 && c.shape[i] > 0 && c.shape[i] != n {
			return fmt.Errorf("OpenSettings has images of %d×%d, the file takes %d×%d alone", s.Height, s.Width, c.shape[0], c.shape[1])
		}
		if n > 0 {
			c.shape[i] = n
		}
	}
	return nil
}

// width finds OutDim: the file says it, or a run on zeros does.
func (c *compiler) width(g graph) error {
	for _, v := range g.outputs {
		if v.name == c.output && len(v.dims) == 2 && v.dims[1].name == "" && v.dims[1].size > 0 && v.dims[1].size <= 1<<31-1 {
			c.dim = int(v.dims[1].size)
			return nil
		}
	}
	size := 1.0
	for _, n := range c.shape {
		if n < 1 {
			return fmt.Errorf("the file takes samples of %v, where −1 is any, and does not say how wide %q is: set OpenSettings.Height and Width", c.shape, c.output)
		}
		size *= float64(n)
	}
	if size > most {
		return fmt.Errorf("the file takes samples of %v, of more than %d values", c.shape, most)
	}
	tape := autograd.NewTape(autograd.Mode{NoGrad: true})
	c.dim = c.Forward(tape.Const(tensor.New(append(tensor.Shape{1}, c.shape...)...))).Dim(1)
	return nil
}

// most is how many values a sample may have that is tried.
const most = 1 << 22
