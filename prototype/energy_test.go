package prototype

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// The gradient is compared with differences of the formula in float64, along directions on the sphere, for one block of
// rows and for several.
func TestEnergyGradient(t *testing.T) {
	for _, c := range []struct {
		n, dim      int
		temperature float64
	}{{7, 3, 0.5}, {300, 5, 0.3}, {2, 2, 1}} {
		x := directions(c.n, c.dim, random(3))
		formula := func(row int, moved []float64) float64 {
			at := func(i, k int) float64 {
				if i == row {
					return moved[k]
				}
				return float64(x.Data()[i*c.dim+k])
			}
			total := 0.0
			for i := range c.n {
				sum := 0.0
				for j := range c.n {
					s := 0.0
					for k := range c.dim {
						s += at(i, k) * at(j, k)
					}
					sum += math.Exp(s / c.temperature)
				}
				total += math.Log(sum)
			}
			return total / float64(c.n)
		}
		e := newEnergy(x, c.temperature)
		own := make([]float64, c.dim)
		for k := range own {
			own[k] = float64(x.Data()[k])
		}
		require.InDelta(t, formula(0, own)-1/c.temperature, e.at(x.Data()), 1e-6)
		turned := func(k int, angle float64) float64 { // row 0 turned towards axis k
			v, norm := make([]float64, c.dim), 0.0
			for i := range v {
				v[i] = own[i]
			}
			v[k] += angle
			for _, w := range v {
				norm += w * w
			}
			for i := range v {
				v[i] /= math.Sqrt(norm)
			}
			return formula(0, v)
		}
		for k := range c.dim {
			want := (turned(k, 1e-4) - turned(k, -1e-4)) / 2e-4
			require.InDelta(t, want, e.grad[k], 1e-5/float64(min(c.n, 10)), "%d rows, axis %d", c.n, k)
		}
	}
}
