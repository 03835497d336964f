package nn_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/safetensors"
)

// classifier is a network of a backbone and a head for some classes.
type classifier struct{ backbone, head nn.Module }

func (c classifier) Visit(v nn.Visitor) {
	v.Sub("backbone", c.backbone)
	v.Sub("head", c.head)
}

func newClassifier(classes int, seed uint64) classifier {
	rng := rand.New(rand.NewPCG(seed, 0))
	body := nn.Sequential{nn.NewConvBN(3, 8, 3, 1, 1, true, rng), nn.Func(nn.GlobalAvgPool2d)}
	return classifier{body, nn.NewLinear(8, classes, rng)}
}

// The backbone of a trained network goes into one with a new head, and stays as it is while the head is trained.
func ExampleSelect() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")
	if err := safetensors.Save(path, newClassifier(10, 1), nil); err != nil {
		panic(err)
	}

	net := newClassifier(100, 2)
	backbone, err := nn.Select(net, "backbone")
	if err != nil {
		panic(err)
	}
	p, err := safetensors.LoadPartial(path, backbone)
	if err != nil {
		panic(err)
	}
	nn.Freeze(backbone, true)
	fmt.Println("loaded", p.Loaded)
	fmt.Println("missing", p.Missing, "not used", p.Unexpected)
	// Output:
	// loaded [backbone.0.conv.weight backbone.0.bn.weight backbone.0.bn.bias backbone.0.bn.running_mean backbone.0.bn.running_var]
	// missing [] not used [head.weight head.bias]
}

// All of the backbone but its batch norm stays as it is.
func ExampleFreezePaths() {
	net := newClassifier(10, 1)
	n, err := nn.FreezePaths(net, "backbone.*.conv")
	fmt.Println(n, err)
	_, err = nn.FreezePaths(net, "body")
	fmt.Println(err)
	// Output:
	// 1 <nil>
	// nn: the pattern "body" matches no parameter: their paths go from "backbone.0.conv.weight" to "head.bias", see nn.Entries
}

func ExampleMatchPath() {
	for _, pattern := range []string{"backbone.layer1", "backbone.*.weight", "**.weight"} {
		ok, err := nn.MatchPath(pattern, "backbone.layer1.0.conv1.weight")
		fmt.Println(pattern, ok, err)
	}
	// Output:
	// backbone.layer1 true <nil>
	// backbone.*.weight false <nil>
	// **.weight true <nil>
}
