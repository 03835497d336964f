package nn_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"

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
	body := nn.Sequential{nn.NewConvBN(nn.ConvBNSettings{In: 3, Out: 8, Kernel: 3, Padding: 1, ReLU: true, Rand: rng}), nn.Func(nn.GlobalAvgPool2d)}
	return classifier{body, nn.NewLinear(nn.LinearSettings{In: 8, Out: classes, Rand: rng})}
}

// The backbone of a trained network goes into one with a new head, and stays as it is while the head is trained: its
// parameters, and the running statistics of its batch norm, which it uses in training too.
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

// All of the backbone stays as it is but the convolution, which learns behind the statistics it was trained with.
func ExampleUnfreezePaths() {
	net := newClassifier(10, 1)
	if _, err := nn.FreezePaths(net, "backbone"); err != nil {
		panic(err)
	}
	if _, err := nn.UnfreezePaths(net, "backbone.0.conv"); err != nil {
		panic(err)
	}
	for _, e := range nn.Entries(net) {
		fmt.Println(e.Path, e.Frozen())
	}
	// Output:
	// backbone.0.conv.weight false
	// backbone.0.bn.weight true
	// backbone.0.bn.bias true
	// backbone.0.bn.running_mean true
	// backbone.0.bn.running_var true
	// head.weight false
	// head.bias false
}

// Everything is trained, but batch norm normalises by the statistics it has and keeps them.
func ExampleFreezeStatistics() {
	net := newClassifier(10, 1)
	n, err := nn.FreezeStatistics(net, "backbone")
	fmt.Println(n, err)
	_, err = nn.FreezeStatistics(net, "head")
	fmt.Println(err)
	// Output:
	// 1 <nil>
	// nn: the pattern "head" matches no statistic: their paths go from "backbone.0.bn.running_mean" to "backbone.0.bn.running_var", see nn.Entries
}

// The convolutions of the backbone stay as they are; its batch norm is trained.
func ExampleFreezePaths() {
	net := newClassifier(10, 1)
	n, err := nn.FreezePaths(net, "backbone.*.conv")
	fmt.Println(n, err)
	_, err = nn.FreezePaths(net, "body")
	fmt.Println(err)
	// Output:
	// 1 <nil>
	// nn: the pattern "body" matches no parameter or statistic: their paths go from "backbone.0.conv.weight" to "head.bias", see nn.Entries
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

// A file for a program that calls the head fc, and has no use for anything else.
func ExampleRename() {
	net := newClassifier(10, 1)
	renamed := nn.Rename(net, func(path string) string {
		name, ok := strings.CutPrefix(path, "head.")
		if !ok {
			return ""
		}
		return "fc." + name
	})
	for _, e := range nn.Entries(renamed) {
		fmt.Println(e.Path, e.Tensor().Shape())
	}
	// Output:
	// fc.weight [10 8]
	// fc.bias [10]
}
