package safetensors

import (
	"fmt"
	"io"

	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// NewFile returns the directory of a file of another format, which can then be looked into and loaded as a safetensors
// file can. Errors begin with the format's name, and name the file unless name is empty. Close closes closer, which may be
// nil. Two tensors of one name are an error.
func NewFile(format, name string, tensors []Tensor, closer io.Closer) (*File, error) {
	f := &File{Tensors: tensors, format: format, name: name, closer: closer}
	seen := map[string]bool{}
	for i, t := range tensors {
		if seen[t.Name] {
			return nil, f.errorf("the file names %q twice", t.Name)
		}
		seen[t.Name] = true
		tensors[i].file = f
	}
	return f, nil
}

// NewTensor returns a tensor for NewFile. bytes returns its values as Tensor.Bytes does, whenever they are asked for, by any
// number of goroutines.
func NewTensor(name, dtype string, shape tensor.Shape, bytes func() ([]byte, error)) Tensor {
	return Tensor{Name: name, DType: dtype, Shape: shape, read: bytes}
}

// readBytes returns the values of a tensor that lies elsewhere.
func (t Tensor) readBytes() ([]byte, error) {
	b, err := t.read()
	if err != nil {
		return nil, t.file.errorf("tensor %q: %w", t.Name, err)
	}
	if size, known := sizes[t.DType]; known && int64(len(b)) != size*int64(t.Shape.Len()) {
		return nil, t.file.errorf("tensor %q: %d bytes for %s of shape %v", t.Name, len(b), t.DType, t.Shape)
	}
	return b, nil
}

// FileShape is the shape that a parameter or buffer has in files, as PyTorch has it.
func FileShape(e nn.Entry) (tensor.Shape, error) {
	switch x := e.Tensor(); {
	case x == nil:
		return nil, fmt.Errorf("safetensors: %q is neither a parameter nor a buffer", e.Path)
	case e.Layout == nn.HWIO && len(x.Shape()) != 4:
		return nil, fmt.Errorf("safetensors: %q of shape %v is no convolution's weight [KH, KW, I, O]", e.Path, x.Shape())
	}
	return fileShape(e), nil
}
