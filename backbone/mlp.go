package backbone

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
)

// MLP is a chain of Linear and ReLU: for vectors and for images, which it flattens.
type MLP struct {
	Layers []*nn.Linear
	in     int
}

// MLPSettings describe an MLP.
type MLPSettings struct {
	// Widths of the input and of each layer: {6, 8} is one layer from 6 to 8, and {6} no layer at all, for a linear head on
	// features that another model made.
	Widths []int `json:"widths"`
	// Seed of the weights.
	Seed uint64 `json:"-"`
}

// NewMLP returns an MLP with fresh weights. No widths or one below 1 is an error.
func NewMLP(s MLPSettings) (*MLP, error) {
	if len(s.Widths) == 0 {
		return nil, fmt.Errorf("backbone: an MLP needs the width of its input, and of each layer: Widths is empty")
	}
	if err := checkSizes("an MLP", math.MaxInt32, "widths", s.Widths...); err != nil {
		return nil, err
	}
	weights := 0.0
	for i, w := range s.Widths[1:] {
		weights += float64(s.Widths[i]) * float64(w)
	}
	return build("an MLP", weights, func() *MLP {
		rng := rand.New(rand.NewPCG(s.Seed, 0x6d6c70))
		m := &MLP{in: s.Widths[0]}
		for i, w := range s.Widths[1:] {
			m.Layers = append(m.Layers, nn.NewLinear(nn.LinearSettings{In: s.Widths[i], Out: w, Rand: rng}))
		}
		return m
	})
}

// OutDim is the width of the last layer, or of the input if there is none.
func (m *MLP) OutDim() int { w := m.widths(); return w[len(w)-1] }

// Describe returns "mlp" and MLPSettings.
func (m *MLP) Describe() (name string, settings any) { return "mlp", MLPSettings{Widths: m.widths()} }

// String is as in "MLP 192-12": the widths of the input and of each layer.
func (m *MLP) String() string {
	text := "MLP"
	for i, w := range m.widths() {
		text += fmt.Sprintf("%c%d", " -"[min(i, 1)], w)
	}
	return text
}

func (m *MLP) widths() []int {
	all := []int{m.in}
	for _, l := range m.Layers {
		all = append(all, l.Weight.Value.Dim(0))
	}
	return all
}

// Forward returns the features [N, OutDim] of x [N, …] with as many values a sample as the first width.
func (m *MLP) Forward(x *autograd.Var) *autograd.Var {
	if s := x.Shape(); len(s) != 2 && len(s) > 0 && s[1:].Len() == m.in {
		x = autograd.Reshape(x, s[0], m.in)
	}
	for _, l := range m.Layers {
		x = nn.ReLU(l.Forward(x))
	}
	return x
}

// Visit shows each layer under its index.
func (m *MLP) Visit(v nn.Visitor) {
	for i, l := range m.Layers {
		v.Sub(fmt.Sprint(i), l)
	}
}
