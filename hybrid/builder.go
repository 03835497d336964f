package hybrid

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// Builders makes modules that this library does not know from what their nn.Describer said of them, by name. That of a
// backbone must return a backbone.Backbone. Weights may be anything: those of the file take their place.
type Builders map[string]func(settings json.RawMessage) (nn.Module, error)

// builder builds the parts that a file states. What would take more values than the file has is refused before it takes
// memory.
type builder struct {
	own  Builders
	left *float64 // values of the file that no part before has taken
}

// unknownPart is the error of a part that nobody knows how to build.
type unknownPart struct{ path, name string }

func (e unknownPart) Error() string {
	return fmt.Sprintf("%s.name: %q is not a part this library knows: use hybrid.OpenWith with a builder of that name", e.path, e.name)
}

func (b builder) backbone(p part) (backbone.Backbone, error) {
	m, err := b.build("backbone", p)
	if err != nil {
		return nil, err
	}
	body, ok := m.(backbone.Backbone)
	if !ok {
		return nil, fmt.Errorf("backbone.name: a %q is a %T, which is no backbone.Backbone", p.Name, m)
	}
	return body, nil
}

func (b builder) build(path string, p part) (m nn.Module, err error) {
	switch p.Name {
	case "sequential":
		all := make(nn.Sequential, len(p.Parts))
		for i, inner := range p.Parts {
			if all[i], err = b.build(path+"."+strconv.Itoa(i), inner); err != nil {
				return nil, err
			}
		}
		return all, nil
	case "linear":
		m, err = b.linear(p)
	case "cosine":
		m, err = b.cosine(p)
	case "batch-norm":
		m, err = b.batchNorm(p)
	case "layer-norm":
		m, err = b.layerNorm(p)
	case "dropout":
		var s dropout
		err = decode(p.Settings, &s)
		m = nn.Dropout{Keep: s.Keep}
	case "cifar-resnet":
		m, err = b.cifarResNet(p)
	case "resnet":
		m, err = b.resNet(p)
	case "mlp":
		m, err = b.mlp(p)
	default:
		if f, ok := functions[p.Name]; ok {
			return f, nil
		}
		own, ok := b.own[p.Name]
		if !ok {
			return nil, unknownPart{path, p.Name}
		}
		if m, err = own(p.Settings); m == nil && err == nil {
			err = errors.New("its builder returns nil")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%s.settings of a %q: %w", path, p.Name, err)
	}
	return m, nil
}

func (b builder) linear(p part) (nn.Module, error) {
	var s linear
	if err := decode(p.Settings, &s); err != nil {
		return nil, err
	}
	if err := b.room(product(s.In, s.Out), s.In, s.Out); err != nil {
		return nil, err
	}
	l := &nn.Linear{Weight: autograd.NewParam(tensor.New(s.Out, s.In))}
	if s.Bias {
		l.Bias = autograd.NewParam(tensor.New(s.Out))
	}
	return l, nil
}

func (b builder) cosine(p part) (nn.Module, error) {
	var s cosine
	if err := decode(p.Settings, &s); err != nil {
		return nil, err
	}
	if err := b.room(product(s.In, s.Out), s.In, s.Out); err != nil {
		return nil, err
	}
	if s.Groups < 0 || s.In%max(s.Groups, 1) != 0 {
		return nil, fmt.Errorf("an input of width %d in %d groups: they must divide it", s.In, s.Groups)
	}
	return &nn.Cosine{Weight: autograd.NewParam(tensor.New(s.Out, s.In)), Scale: s.Scale, Groups: s.Groups}, nil
}

func (b builder) batchNorm(p part) (nn.Module, error) {
	var s batchNorm
	if err := decode(p.Settings, &s); err != nil {
		return nil, err
	}
	if err := b.room(product(4, s.Channels), s.Channels); err != nil {
		return nil, err
	}
	n := nn.NewBatchNorm2d(s.Channels)
	n.Epsilon, n.Momentum, n.NoRunningUpdates = s.Epsilon, s.Momentum, s.NoRunningUpdates
	return n, nil
}

func (b builder) layerNorm(p part) (nn.Module, error) {
	var s layerNorm
	if err := decode(p.Settings, &s); err != nil {
		return nil, err
	}
	l := &nn.LayerNorm{Epsilon: s.Epsilon}
	for _, param := range []struct {
		there bool
		of    **autograd.Param
	}{{s.Weight, &l.Weight}, {s.Bias, &l.Bias}} {
		if !param.there {
			continue
		}
		if err := b.room(product(s.Channels), s.Channels); err != nil {
			return nil, err
		}
		*param.of = autograd.NewParam(tensor.New(s.Channels))
	}
	return l, nil
}

func (b builder) cifarResNet(p part) (nn.Module, error) {
	var s backbone.CIFARResNetSettings
	if err := decode(p.Settings, &s); err != nil {
		return nil, err
	}
	// At least: the stem, and three blocks of two convolutions of the same width for every six layers.
	blocks := float64((s.Depth-2)/6)*288 + float64(s.Branches-1)*216
	if err := b.room(product(9, s.Channels, s.Width)+blocks*product(s.Width, s.Width), s.Depth, s.Width, s.Channels, s.Branches); err != nil {
		return nil, err
	}
	return backbone.NewCIFARResNet(s)
}

func (b builder) resNet(p part) (nn.Module, error) {
	var s backbone.ResNetSettings
	if err := decode(p.Settings, &s); err != nil {
		return nil, err
	}
	// At least: the stem, and for each branch a 3×3 convolution of the last stage, and the two of 1×1 of a bottleneck.
	last := product(9*8*8, s.Width, s.Width)
	if s.Depth >= 50 {
		inner := product(8, s.GroupWidth, s.Groups)
		last = 9*8*inner*float64(s.GroupWidth) + 64*inner*float64(s.Width)
	}
	need := product(49, s.Channels, s.Width) + float64(s.Branches)*last
	if err := b.room(need, s.Depth, s.Width, s.Channels, s.Groups, s.GroupWidth, s.Branches); err != nil {
		return nil, err
	}
	return backbone.NewResNet(s)
}

func (b builder) mlp(p part) (nn.Module, error) {
	var s backbone.MLPSettings
	if err := decode(p.Settings, &s); err != nil {
		return nil, err
	}
	need := 0.0
	for i, w := range s.Widths[min(1, len(s.Widths)):] {
		need += product(s.Widths[i], w)
	}
	if err := b.room(need, s.Widths...); err != nil {
		return nil, err
	}
	return backbone.NewMLP(s)
}

// room says whether a part of these sizes, with at least need values, can be in the file.
func (b builder) room(need float64, sizes ...int) error {
	for _, n := range sizes {
		if n < 1 {
			return fmt.Errorf("sizes of %v: each must be at least 1", sizes)
		}
	}
	if need > *b.left {
		return fmt.Errorf("sizes of %v take more than %.3g values, the file has %.0f for them: it is damaged or forged", sizes, need, *b.left)
	}
	*b.left -= need
	return nil
}

func product(factors ...int) float64 {
	p := 1.0
	for _, f := range factors {
		p *= float64(f)
	}
	return p
}
