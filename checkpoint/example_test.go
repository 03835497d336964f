package checkpoint_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

func linear(in, out int) *nn.Linear {
	return &nn.Linear{Weight: autograd.NewParam(tensor.New(out, in)), Bias: autograd.NewParam(tensor.New(out))}
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
	if err := checkpoint.Save(path, trained, map[string]string{"epoch": "12"}); err != nil {
		panic(err)
	}
	fresh := linear(2, 3)
	metadata, err := checkpoint.Load(path, fresh)
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
	if err := checkpoint.Save(path, nn.Sequential{linear(2, 3)}, nil); err != nil {
		panic(err)
	}
	p, err := checkpoint.LoadPartial(path, nn.Sequential{linear(2, 3), linear(3, 5)})
	fmt.Println(p.Loaded, p.Missing, p.Unexpected, err)
	// Output: [0.weight 0.bias] [1.weight 1.bias] [] <nil>
}

// Any safetensors file can be looked into, one embedded in the program as well.
func ExampleRead() {
	var buf bytes.Buffer
	if err := checkpoint.Write(&buf, linear(2, 3), nil); err != nil {
		panic(err)
	}
	f, err := checkpoint.Read(bytes.NewReader(buf.Bytes()), int64(buf.Len()))
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

// A run saves its state now and then, and goes on from the newest checkpoint that is intact.
func ExampleStore() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	store := checkpoint.Store{Dir: dir, Keep: 2}

	model := linear(2, 3)
	for epoch := 1; epoch <= 4; epoch++ {
		model.Bias.Value.Data()[0]++ // training
		if _, err := store.Save(checkpoint.Run{Epoch: epoch}, nil, map[string]nn.Visitable{"model": model}); err != nil {
			panic(err)
		}
	}
	last := filepath.Join(dir, "epoch-0004-step-000000", "model.safetensors")
	if err := os.Truncate(last, 100); err != nil { // a disk's fault
		panic(err)
	}

	c, damaged, err := store.Newest()
	if err != nil {
		panic(err)
	}
	err = c.Load("model", model)
	fmt.Println(filepath.Base(c.Path), len(damaged), "damaged,", model.Bias.Value.Data(), err)
	// Output: epoch-0003-step-000000 1 damaged, [3 0 0] <nil>
}
