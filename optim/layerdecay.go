package optim

import (
	"fmt"
	"math"
	"strings"

	"github.com/longtail-ml/longtail/nn"
)

// LayerDecay is a Rule for fine-tuning: every layer of a backbone trains at Decay times the learning rate of the one behind
// it, so that what sees the pixels changes least (arXiv 1801.06146, 2003.10555). What is no part of the backbone, as the heads, trains at
// the whole rate, the last layer at Decay times that.
//
// A layer is a block of the path, up to the first name that is a number: layer1.0 and layer1.1 of a ResNet, 0 and 1 of an MLP.
// Parameters before the first block, a stem, are a layer, and so are others between blocks and behind them. A ResNet-50 has 17.
// State has the names that it has without LayerDecay.
type LayerDecay struct {
	Rule  Rule    // required
	Decay float64 // in (0, 1]
	Under string  // the path of the backbone; "" means "backbone"
}

// New returns an optimizer of params, which are in order from the pixels on, as nn.Params has those of a network. It is an error if a
// setting makes no sense, and if there is no layer.
func (l LayerDecay) New(params []nn.Entry) (Optimizer, error) {
	if !(l.Decay > 0 && l.Decay <= 1) {
		return nil, fmt.Errorf("optim: LayerDecay.Decay is %v: it must be above 0, and at most 1", l.Decay)
	}
	under := l.Under
	if under == "" {
		under = "backbone"
	}
	var layers []Group
	before := ""
	for _, e := range params {
		name, ok := strings.CutPrefix(e.Path, under+".")
		if !ok {
			continue
		}
		if block := block(name); len(layers) == 0 || block != before {
			layers, before = append(layers, Group{}), block
		}
		last := &layers[len(layers)-1]
		last.Match = append(last.Match, e.Path)
	}
	if layers == nil && len(params) > 0 {
		return nil, fmt.Errorf("optim: LayerDecay finds no layer under %q: %s", under, pathsOf(params))
	}
	for i := range layers {
		layers[i].LearningRate = math.Pow(l.Decay, float64(len(layers)-i))
	}
	return Groups{Rule: l.Rule, Groups: layers}.New(params)
}

// block is a path up to its first name that is a number; "" if it has none.
func block(path string) string {
	names := strings.Split(path, ".")
	for i, name := range names {
		if strings.Trim(name, "0123456789") == "" {
			return strings.Join(names[:i+1], ".")
		}
	}
	return ""
}
