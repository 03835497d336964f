package backbone

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

var resNets = map[string]ResNetSettings{
	"resnet18": {Depth: 18}, "resnet34": {Depth: 34}, "resnet50": {Depth: 50}, "resnet101": {Depth: 101}, "resnet152": {Depth: 152},
	"resnext50_32x4d":  {Depth: 50, Groups: 32, GroupWidth: 4},
	"resnext101_32x8d": {Depth: 101, Groups: 32, GroupWidth: 8},
	"resnext101_64x4d": {Depth: 101, Groups: 64, GroupWidth: 4},
	"wide_resnet50_2":  {Depth: 50, GroupWidth: 128},
	"wide_resnet101_2": {Depth: 101, GroupWidth: 128},
}

// NamedResNet returns the settings of the ResNet that torchvision knows by the name: resnet18, resnet34, resnet50,
// resnet101, resnet152, resnext50_32x4d, resnext101_32x8d, resnext101_64x4d, wide_resnet50_2 or wide_resnet101_2. Another
// name is an error.
func NamedResNet(name string) (ResNetSettings, error) {
	s, ok := resNets[name]
	if !ok {
		return s, fmt.Errorf("backbone: no ResNet is named %q: there are %s", name, strings.Join(slices.Sorted(maps.Keys(resNets)), ", "))
	}
	return s, nil
}
