package report

import (
	"math"

	"github.com/longtail-ml/longtail/tensor"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// principal projects rows on their first two principal components. With many wide rows the components are those of some of them.
// It is false for rows that do not span two dimensions.
func principal(rows *tensor.Tensor) (xy [][2]float64, share [2]float64, ok bool) {
	n, d := rows.Dim(0), rows.Dim(1)
	if n < 3 || d < 2 {
		return nil, share, false
	}
	const most = 1 << 29 // multiply-adds of the decomposition, or so: seconds
	of := n
	for of > 50 && float64(of)*float64(d)*float64(min(of, d)) > most {
		of = of * 9 / 10
	}
	used := mat.NewDense(of, d, nil)
	for k, i := range spaced(n, of) {
		for j, v := range rows.Rows(i, i+1).Data() {
			used.Set(k, j, float64(v))
		}
	}
	var pc stat.PC
	if !pc.PrincipalComponents(used, nil) {
		return nil, share, false
	}
	all, sum := pc.VarsTo(nil), 0.0
	for _, v := range all {
		sum += v
	}
	if !(all[1] > 1e-12*all[0]) || !(sum > 1e-20) {
		return nil, share, false
	}
	var axes mat.Dense
	pc.VectorsTo(&axes)
	mean := make([]float64, d)
	for j := range mean {
		mean[j] = stat.Mean(mat.Col(nil, j, used), nil)
	}
	xy = make([][2]float64, n)
	for k := range 2 {
		share[k] = all[k] / sum
		axis := mat.Col(nil, k, &axes)
		if largest(axis) < 0 { // both directions are right: take one
			for j := range axis {
				axis[j] = -axis[j]
			}
		}
		for i := range n {
			for j, v := range rows.Rows(i, i+1).Data() {
				xy[i][k] += (float64(v) - mean[j]) * axis[j]
			}
		}
	}
	return xy, share, true
}

// largest is the value that is farthest from 0.
func largest(v []float64) (x float64) {
	for _, a := range v {
		if math.Abs(a) > math.Abs(x) {
			x = a
		}
	}
	return x
}
