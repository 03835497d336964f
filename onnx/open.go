package onnx

import (
	"fmt"
	"strings"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/internal/smallfile"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// Layout says where the channels of a file's images are.
type Layout int

const (
	// ByShape takes the dimension of 1, 3 or 4 values for the channels. It is an error if both may be, or none.
	ByShape Layout = iota
	ChannelsFirst
	ChannelsLast
)

// OpenSettings are those of Open. The zero value makes a backbone of the file's first output.
type OpenSettings struct {
	// Output is the value that has the features, which need not be an output of the file: that before a classifier, say. "" is
	// the first output.
	Output string
	// Layout of the file's images. A backbone takes [N, H, W, C] in any case.
	Layout Layout
	// Height and Width of the images, in place of the file's.
	Height, Width int
}

// Backbone is what an ONNX file computes, with its weights, as a network may use and train it. Its parameters have the names of
// the file; nn.Freeze leaves them as they are. Batch norm has the statistics of the file, and those of batches in training.
type Backbone struct {
	steps         []step
	arrays        map[string]*held // values of the file that are no layer's
	order         []string         // of arrays
	layers        []layer
	input, output string
	first         bool         // the file's images are channels first
	shape         tensor.Shape // of a sample: [H, W, C] or [D]; −1: any
	dim           int
	uses          map[string]int // how often steps read a value
}

var _ backbone.Backbone = (*Backbone)(nil)

// mostBytes is what protobuf allows a file.
const mostBytes = 1 << 31

// Open makes a backbone of an ONNX file. Operators, attributes and versions that this package does not know are errors that
// name them, and so is what is damaged.
func Open(path string, s OpenSettings) (*Backbone, error) {
	file, err := smallfile.Read(path, mostBytes)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	b, err := read(file, s)
	if err != nil {
		return nil, fmt.Errorf("onnx: %s: %w", path, err)
	}
	return b, nil
}

// Read is Open for the bytes of a file.
func Read(file []byte, s OpenSettings) (*Backbone, error) {
	b, err := read(file, s)
	if err != nil {
		return nil, fmt.Errorf("onnx: %w", err)
	}
	return b, nil
}

func read(file []byte, s OpenSettings) (b *Backbone, err error) {
	m, err := readModel(file)
	if err != nil {
		return nil, err
	}
	if err := m.checkVersion(); err != nil {
		return nil, err
	}
	err = tensor.Try(func() error {
		b, err = compile(m, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	return b, nil
}

// The opsets that are read: before, operators had other inputs; of later ones nobody has looked.
const (
	oldest = 9
	newest = 22
)

func (f *model) checkVersion() error {
	v, ok := f.opsets[""]
	if !ok {
		return fmt.Errorf("the file does not say which opset it has")
	}
	if v < oldest || v > newest {
		return fmt.Errorf("the file has opset %d, those from %d to %d are read: convert it (onnx.version_converter)", v, oldest, newest)
	}
	return nil
}

// OutDim is the width of the features.
func (b *Backbone) OutDim() int { return b.dim }

// Input is the shape of a sample, [H, W, C] for images or [D]. A dimension that may be any is −1.
func (b *Backbone) Input() tensor.Shape { return append(tensor.Shape{}, b.shape...) }

// String is as in "ONNX graph of 122 operations".
func (b *Backbone) String() string { return fmt.Sprintf("ONNX graph of %d operations", len(b.steps)) }

// Forward returns the features [N, OutDim] of images [N, H, W, C], or of rows [N, D].
func (b *Backbone) Forward(x *autograd.Var) *autograd.Var {
	s := x.Shape()
	if len(s) != 1+len(b.shape) {
		panic(&tensor.Error{Op: "onnx.Backbone", Shapes: []tensor.Shape{s}, Detail: fmt.Sprintf("the file takes a batch of samples %v", b.shape)})
	}
	for i, n := range b.shape {
		if n >= 0 && n != s[i+1] {
			panic(&tensor.Error{Op: "onnx.Backbone", Shapes: []tensor.Shape{s}, Detail: fmt.Sprintf("the file takes a batch of samples %v", b.shape)})
		}
	}
	r := &run{backbone: b, tape: x.Tape(), values: map[string]val{}}
	r.limit = growth * (s.Len() + b.weights() + 64)
	return r.forward(x)
}

// Visit shows layers under the names of their weights in the file, and other trained values under theirs.
func (b *Backbone) Visit(v nn.Visitor) {
	for _, l := range b.layers {
		v.Sub(l.path, l.of)
	}
	for _, name := range b.order {
		if a := b.arrays[name]; a.param != nil {
			v.Param(name, a.param)
		} else if a.buffer != nil {
			v.Buffer(name, a.buffer)
		}
	}
}

func (b *Backbone) weights() (n int) {
	for _, e := range nn.Entries(b) {
		n += e.Tensor().Len()
	}
	return n
}

// layer is a part with weights, and its path.
type layer struct {
	path string
	of   nn.Visitable
}

// pathOf is that of a layer whose weight has the name in the file.
func pathOf(weight string) string {
	return strings.TrimSuffix(weight, ".weight")
}
