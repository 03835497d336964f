package metrics

import "math"

// Uniformity returns log of the mean over pairs of different rows of exp(−2·‖x_i − x_j‖²) (arXiv 2005.10242, t = 2): the
// lower, the more evenly unit rows cover the sphere; 0 if all are alike. x is [rows, dim], row-major; NaN with fewer than
// two rows. It takes time for rows²·dim/2: a few thousand rows are enough.
func Uniformity(x []float32, dim int) (float64, error) {
	rows, err := checkRows("x", x, dim)
	if err != nil {
		return 0, err
	}
	// The nearest pair's term is taken out of the sum, so that rows far apart give a number and not log 0.
	nearest, sum := math.Inf(1), 0.0
	for i := range rows {
		a := x[i*dim : (i+1)*dim]
		for j := range i {
			d := 0.0
			for k, v := range x[j*dim : (j+1)*dim] {
				e := float64(a[k]) - float64(v)
				d += e * e
			}
			if d < nearest {
				sum *= math.Exp(2 * (d - nearest))
				nearest = d
			}
			sum += math.Exp(2 * (nearest - d))
		}
	}
	if rows < 2 {
		return math.NaN(), nil
	}
	return math.Log(sum/(float64(rows)*float64(rows-1)/2)) - 2*nearest, nil
}
