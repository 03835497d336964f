package prototype

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// Sphere says what points OnSphere spreads, and how: the zero values of Temperature and Steps are what TSC uses.
type Sphere struct {
	Points, Dim int
	Temperature float64 // τ of the energy; 0 means 0.07
	Steps       int     // of descent; 0 means 1000
	Seed        uint64  // turns the points and draws the start of the descent
}

// OnSphere returns n = Points unit rows [n, Dim] as far from each other as they get: they minimise
//
//	mean_i log Σ_j e^{t_i·t_j/τ}
//
// (the targets of TSC, arXiv 2111.13998). Up to Dim+1 of them are the corners of a regular simplex, the exact minimum;
// more are found by descent from random directions, n²·Dim multiply-adds a step.
func OnSphere(s Sphere) (*tensor.Tensor, error) {
	n, dim := s.Points, s.Dim
	if n < 1 || dim < 1 {
		return nil, fmt.Errorf("prototype: %d points on the sphere of dimension %d: both must be at least 1", n, dim)
	}
	if s.Temperature == 0 {
		s.Temperature = 0.07
	}
	if s.Steps == 0 {
		s.Steps = 1000
	}
	if !(s.Temperature > 0) || math.IsInf(s.Temperature, 1) || s.Steps < 0 {
		return nil, fmt.Errorf("prototype: Sphere.Temperature %v must be finite and above 0 and Steps %d not negative",
			s.Temperature, s.Steps)
	}
	if n <= dim+1 {
		return simplex(n, dim, random(s.Seed)), nil
	}
	return s.descend(directions(n, dim, random(s.Seed))), nil
}

// simplex returns the corners of a regular simplex around the origin, turned at random.
func simplex(n, dim int, rng *rand.Rand) *tensor.Tensor {
	if n == 1 {
		return directions(1, dim, rng)
	}
	x, corner := tensor.New(n, dim), make([]float64, dim)
	axes := orthonormal(n-1, dim, rng)
	for i := range n {
		clear(corner)
		// Helmert's basis of the plane through the unit vectors of n axes: corner i lies on axes i−1 and after.
		for k := max(i-1, 0); k < n-1; k++ {
			h := 1 / math.Sqrt(float64((k+1)*(k+2)))
			if k == i-1 {
				h *= -float64(k + 1)
			}
			for d, a := range axes[k] {
				corner[d] += h * a
			}
		}
		setUnit(x.Data()[i*dim:(i+1)*dim], corner)
	}
	return x
}

// orthonormal returns n ≤ dim random orthonormal vectors, by Gram and Schmidt.
func orthonormal(n, dim int, rng *rand.Rand) [][]float64 {
	var axes [][]float64
	for len(axes) < n {
		v := make([]float64, dim)
		for k := range v {
			v[k] = rng.NormFloat64()
		}
		for range 2 { // twice is enough
			for _, a := range axes {
				s := dot(a, v)
				for k := range v {
					v[k] -= s * a[k]
				}
			}
		}
		norm := math.Sqrt(dot(v, v))
		if norm < 1e-6 { // by chance within the span of the others
			continue
		}
		for k := range v {
			v[k] /= norm
		}
		axes = append(axes, v)
	}
	return axes
}

func dot(a, b []float64) float64 {
	s := 0.0
	for k := range a {
		s += a[k] * b[k]
	}
	return s
}

// descend moves the rows of x down the energy. The row that is pushed hardest moves by the step's length, which falls
// along half a cosine: lengths of gradients say little here, where most of a row's softmax is its own e^{1/τ}.
func (s Sphere) descend(x *tensor.Tensor) *tensor.Tensor {
	const first = 0.1
	n, dim := x.Dim(0), x.Dim(1)
	p, tape := autograd.NewParam(x), autograd.NewTape(autograd.Mode{})
	wide := make([]float64, dim)
	for step := range s.Steps {
		tape.Reset(autograd.Mode{})
		p.ZeroGrad()
		t := nn.L2Normalize(tape.Param(p))
		tape.Backward(autograd.Mean(nn.LogSumExp(autograd.Scale(autograd.MatMulT(t, t), 1/s.Temperature))), nil)
		hardest := 0.0
		for r := range n {
			sum := 0.0
			for _, g := range p.Grad.Rows(r, r+1).Data() {
				sum += float64(g) * float64(g)
			}
			hardest = max(hardest, math.Sqrt(sum))
		}
		if hardest == 0 {
			break
		}
		length := first / 2 * (1 + math.Cos(math.Pi*float64(step)/float64(s.Steps))) / hardest
		for r := range n {
			row, g := x.Rows(r, r+1).Data(), p.Grad.Rows(r, r+1).Data()
			for k := range wide {
				wide[k] = float64(row[k]) - length*float64(g[k])
			}
			setUnit(row, wide)
		}
	}
	return x
}
