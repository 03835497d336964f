package safetensors_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/longtail-ml/longtail/tensor"
)

func linear(in, out int) *nn.Linear {
	return &nn.Linear{Weight: autograd.NewParam(tensor.New(out, in)), Bias: autograd.NewParam(tensor.New(out))}
}

// named is a model of named parts.
type named map[string]nn.Visitable

func (n named) Visit(v nn.Visitor) {
	for _, name := range slices.Sorted(maps.Keys(n)) {
		v.Sub(name, n[name])
	}
}

func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")

	trained := linear(2, 3)
	trained.Bias.Value.Data()[1] = 7
	if err := safetensors.Save(path, trained, map[string]string{"epoch": "12"}); err != nil {
		panic(err)
	}
	fresh := linear(2, 3)
	metadata, err := safetensors.Load(path, fresh)
	fmt.Println(fresh.Bias.Value.Data(), metadata["epoch"], err)
	// Output: [0 7 0] 12 <nil>
}

func ExampleLoadPartial() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")
	if err := safetensors.Save(path, nn.Sequential{linear(2, 3)}, nil); err != nil {
		panic(err)
	}
	p, err := safetensors.LoadPartial(path, nn.Sequential{linear(2, 3), linear(3, 5)})
	fmt.Println(p.Loaded, p.Missing, p.Unexpected, err)
	// Output: [0.weight 0.bias] [1.weight 1.bias] [] <nil>
}

// A network that PyTorch trained in parallel has "module." before its names, and another name for its classifier.
func ExampleReplacePrefix() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")
	theirs := named{"module.body": linear(2, 4), "module.fc": linear(4, 10)}
	if err := safetensors.Save(path, theirs, nil); err != nil {
		panic(err)
	}

	ours := named{"body": linear(2, 4), "head": linear(4, 10)}
	strip, rename := safetensors.ReplacePrefix("module.", ""), safetensors.ReplacePrefix("fc.", "head.")
	p, err := safetensors.LoadPartial(path, ours, strip, rename)
	fmt.Println(p.Loaded[2], p.Missing, p.Unexpected, err)
	// Output: module.fc.weight as head.weight [] [] <nil>
}

// Any safetensors file can be looked into, one embedded in the program as well.
func ExampleRead() {
	var buf bytes.Buffer
	if err := safetensors.Write(&buf, linear(2, 3), nil); err != nil {
		panic(err)
	}
	f, err := safetensors.Read(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
	if err != nil {
		panic(err)
	}
	for _, t := range f.Tensors {
		fmt.Println(t.Name, t.DType, t.Shape)
	}
	// Output:
	// weight F32 [3 2]
	// bias F32 [3]
}

// Integers are read as the bytes that they are in the file.
func ExampleTensor_Bytes() {
	header := `{"labels":{"dtype":"I64","shape":[2],"data_offsets":[0,16]}}`
	text := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	text = append(text, header...)
	for _, label := range []uint64{7, 3} {
		text = binary.LittleEndian.AppendUint64(text, label)
	}

	f, err := safetensors.Read(bytes.NewReader(text), int64(len(text)))
	if err != nil {
		panic(err)
	}
	t, err := f.Tensor("labels")
	if err != nil {
		panic(err)
	}
	raw, err := t.Bytes()
	if err != nil {
		panic(err)
	}
	labels := make([]int64, t.Shape.Len())
	_, err = binary.Decode(raw, binary.LittleEndian, labels)
	fmt.Println(t.DType, labels, err)
	// Output: I64 [7 3] <nil>
}

// The metadata of a file says how to build the model that it is loaded into.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")
	if err := safetensors.Save(path, linear(2, 3), map[string]string{"classes": "3"}); err != nil {
		panic(err)
	}

	f, err := safetensors.Open(path)
	if err != nil {
		panic(err)
	}
	defer f.Close()
	classes, err := strconv.Atoi(f.Metadata["classes"])
	if err != nil {
		panic(err)
	}
	model := linear(2, classes)
	fmt.Println(f.Load(model), model.Weight.Value.Shape())
	// Output: <nil> [3 2]
}
