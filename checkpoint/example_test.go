package checkpoint_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// A run saves its state now and then, and goes on from the newest checkpoint that is intact.
func ExampleStore() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	store := checkpoint.Store{Dir: dir, Keep: 2}

	model := &nn.Linear{Weight: autograd.NewParam(tensor.New(3, 2)), Bias: autograd.NewParam(tensor.New(3))}
	for epoch := 1; epoch <= 4; epoch++ {
		model.Bias.Value.Data()[0]++ // training
		if _, err := store.Save(checkpoint.Run{Epoch: epoch}, nil, map[string]checkpoint.File{"model": {State: model}}); err != nil {
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
