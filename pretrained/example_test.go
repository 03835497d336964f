package pretrained_test

import (
	"fmt"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/pretrained"
)

// A backbone from a checkpoint of PyTorch gets a new head for 12 classes. At first the head is trained alone: the backbone is
// frozen, with the statistics of its batch norm. Then the last stage learns too, then all of it.
func ExampleLoad() {
	// Of torchvision's weights of ResNet-50 this would be backbone.NamedResNet("resnet50") and hybrid.WithInput(224, 224, 3).
	body, err := backbone.NewResNet(backbone.ResNetSettings{Depth: 18, Width: 2})
	check(err)
	net, err := hybrid.NewNetwork(body, 12, hybrid.WithNormalize(augment.ImageNetNormalize()), hybrid.WithoutProjection())
	check(err)
	report, err := pretrained.Load("testdata/small.pth", net, pretrained.Settings{})
	check(err)
	fmt.Println(report)

	for _, step := range []func(nn.Visitable, ...string) (int, error){
		func(m nn.Visitable, _ ...string) (int, error) { return nn.FreezePaths(m, "backbone") },
		func(m nn.Visitable, _ ...string) (int, error) { return nn.UnfreezePaths(m, "backbone.layer4") },
		func(m nn.Visitable, _ ...string) (int, error) { return nn.UnfreezePaths(m, "backbone") },
	} {
		_, err := step(net)
		check(err)
		learning := 0
		for _, e := range nn.Params(net) {
			if !e.Frozen() {
				learning++
			}
		}
		fmt.Println(learning, "parameters learn") // train.Trainer{…}.Fit(…)
	}
	// Output:
	// loaded 100 tensors, in the file behind "state_dict.module.", in the network behind "backbone."
	// 2 left in the file (state_dict.module.fc.weight: [5 16], the network's is [12 16], state_dict.module.fc.bias: [5], the network's is [12])
	// 2 as they were in the network (classifier.weight, classifier.bias)
	// 20 counts of batches (num_batches_tracked) passed over
	// 2 parameters learn
	// 17 parameters learn
	// 62 parameters learn
}

// Weights for PyTorch: load_state_dict takes the file for a torchvision network of as many classes.
func ExampleTorchvision() {
	body, err := backbone.NewResNet(backbone.ResNetSettings{Depth: 18, Width: 2})
	check(err)
	net, err := hybrid.NewNetwork(body, 10)
	check(err)
	for _, e := range nn.Entries(pretrained.Torchvision(net)) {
		if e.Path == "conv1.weight" || e.Path == "layer2.0.downsample.1.running_mean" || e.Path == "fc.weight" {
			fmt.Println(e.Path)
		}
	}
	// Output:
	// conv1.weight
	// layer2.0.downsample.1.running_mean
	// fc.weight
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
