package hybrid

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/nn"
)

// part is a module as a model file states it.
type part struct {
	Name     string          `json:"name"`
	Settings json.RawMessage `json:"settings,omitempty"`
	Parts    []part          `json:"parts,omitempty"` // of a sequential
}

type linear struct {
	In   int  `json:"in"`
	Out  int  `json:"out"`
	Bias bool `json:"bias"`
}

type cosine struct {
	In     int     `json:"in"`
	Out    int     `json:"out"`
	Scale  float64 `json:"scale"`
	Groups int     `json:"groups,omitempty"`
}

type batchNorm struct {
	Channels         int     `json:"channels"`
	Epsilon          float64 `json:"epsilon"`
	Momentum         float64 `json:"momentum"`
	NoRunningUpdates bool    `json:"no_running_updates"`
}

type layerNorm struct {
	Channels int     `json:"channels"`
	Weight   bool    `json:"weight"`
	Bias     bool    `json:"bias"`
	Epsilon  float64 `json:"epsilon"`
}

type dropout struct {
	Keep float64 `json:"keep"`
}

// functions are those that nn.Func is known with.
var functions = map[string]nn.Func{"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "gelu": nn.GELU, "gelu-tanh": nn.GELUTanh,
	"silu": nn.SiLU, "l2-normalize": nn.L2Normalize}

// known are the names that no module of the user's may have.
func known(name string) bool {
	_, isFunction := functions[name]
	return isFunction || slices.Contains([]string{"sequential", "linear", "cosine", "batch-norm", "layer-norm", "dropout", "cifar-resnet", "resnet", "mlp"}, name)
}

// partOf describes the module at path, which is for errors.
func partOf(path string, m nn.Module) (part, error) {
	switch m := m.(type) {
	case nn.Sequential:
		p := part{Name: "sequential"}
		for i, inner := range m {
			q, err := partOf(path+"."+strconv.Itoa(i), inner)
			if err != nil {
				return part{}, err
			}
			p.Parts = append(p.Parts, q)
		}
		return p, nil
	case nn.Func:
		for name, f := range functions {
			if reflect.ValueOf(f).Pointer() == reflect.ValueOf(m).Pointer() {
				return part{Name: name}, nil
			}
		}
		return part{}, fmt.Errorf("%s is an nn.Func that has no name: of functions only %s are known: make it a type that "+
			"implements nn.Describer", path, strings.Join(slices.Sorted(maps.Keys(functions)), ", "))
	case *nn.Linear:
		s := m.Weight.Value.Shape()
		return withSettings(path, "linear", linear{s[len(s)-1], s[0], m.Bias != nil})
	case *nn.Cosine:
		s := m.Weight.Value.Shape()
		return withSettings(path, "cosine", cosine{s[len(s)-1], s[0], m.Scale, m.Groups})
	case *nn.BatchNorm2d:
		return withSettings(path, "batch-norm", batchNorm{m.Weight.Value.Len(), m.Epsilon, m.Momentum, m.NoRunningUpdates})
	case *nn.LayerNorm:
		s := layerNorm{Weight: m.Weight != nil, Bias: m.Bias != nil, Epsilon: m.Epsilon}
		for _, e := range nn.Params(m) {
			s.Channels = e.Param.Value.Len()
		}
		return withSettings(path, "layer-norm", s)
	case nn.Dropout:
		return withSettings(path, "dropout", dropout{m.Keep})
	case *backbone.CIFARResNet, *backbone.ResNet, *backbone.MLP:
		name, settings := m.(nn.Describer).Describe()
		return withSettings(path, name, settings)
	case nn.Describer:
		name, settings := m.Describe()
		if name == "" || known(name) {
			return part{}, fmt.Errorf("%s of type %T describes itself as %q, the name of another type: give it a method Describe "+
				"with a name of its own", path, m, name)
		}
		return withSettings(path, name, settings)
	}
	return part{}, fmt.Errorf("%s of type %T does not say how to build it again: implement nn.Describer, and give its "+
		"builder to hybrid.OpenWith", path, m)
}

func withSettings(path, name string, settings any) (part, error) {
	text, err := json.Marshal(settings)
	if err != nil {
		return part{}, fmt.Errorf("%s: the settings that Describe returns: %w", path, err)
	}
	return part{Name: name, Settings: text}, nil
}
