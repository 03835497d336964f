package kernels

import "math"

// What a softmax over each row of a symmetric matrix needs when only one of two mirrored tiles is computed: its columns
// are rows of the other. These functions run on the calling goroutine.

// SumExp returns the maximum of x and Σ exp(x − maximum), the two parts of a log-sum-exp. Nothing, or −Inf throughout,
// gives −Inf and 0; with a NaN or +Inf in x the sum is not finite.
func SumExp(x []float32) (top float32, sum float64) {
	most, sum := sumExp(x)
	return float32(most), sum
}

// SumExpColumns sets top [cols] and sum [cols] to what SumExp gives for each column of x [rows, cols], whose rows start
// ld elements apart. The sums are made in float32. A column that is −Inf throughout has no meaningful sum.
func SumExpColumns(top, sum, x []float32, rows, cols, ld int) {
	top, sum = top[:cols], sum[:cols]
	for j := range top {
		top[j], sum[j] = float32(math.Inf(-1)), 0
	}
	for r := range rows {
		maxTo(top, x[r*ld:][:cols])
	}
	for r := range rows {
		addExp(sum, x[r*ld:][:cols], top)
	}
}

func maxTo(top, x []float32) {
	if top = top[:len(x)]; len(x) > 0 && maxToVec(&top[0], &x[0], len(x)) {
		return
	}
	for j, v := range x {
		top[j] = max(top[j], v)
	}
}

func addExp(sum, x, top []float32) {
	sum, top = sum[:len(x)], top[:len(x)]
	if len(x) > 0 && addExpVec(&sum[0], &x[0], &top[0], len(x)) {
		return
	}
	for j, v := range x {
		sum[j] += float32(math.Exp(float64(v) - float64(top[j])))
	}
}

// PairExp sets y = rowScale·exp(x − rowTop) + scale·exp(x − top) for one row x of a symmetric matrix: the softmax of the
// row and, element by element, those of the rows that its columns mirror. No exponent may be above 80. y may alias x.
func PairExp(y, x, top, scale []float32, rowTop, rowScale float32) {
	y, top, scale = y[:len(x)], top[:len(x)], scale[:len(x)]
	if len(x) > 0 && pairExpVec(&y[0], &x[0], &top[0], &scale[0], len(x), rowTop, rowScale) {
		return
	}
	for j, v := range x {
		own := float64(rowScale) * math.Exp(float64(v)-float64(rowTop))
		y[j] = float32(own + float64(scale[j])*math.Exp(float64(v)-float64(top[j])))
	}
}
