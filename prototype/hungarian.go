package prototype

import "math"

// assign returns the permutation p that maximises Σ_i gain(i, p[i]) over n rows and columns, by the Hungarian method:
// rows join one by one along the shortest augmenting path, O(n³). The gains must be finite.
func assign(n int, gain func(i, j int) float64) []int {
	// Rows and columns count from 1; column 0 holds the row that is joining.
	rowPrice, colPrice := make([]float64, n+1), make([]float64, n+1)
	rowOf, from := make([]int, n+1), make([]int, n+1)
	least, done := make([]float64, n+1), make([]bool, n+1)
	for i := 1; i <= n; i++ {
		for j := range least {
			least[j], done[j] = math.Inf(1), false
		}
		rowOf[0] = i
		col := 0
		for rowOf[col] != 0 {
			done[col] = true
			row, next, delta := rowOf[col], 0, math.Inf(1)
			for j := 1; j <= n; j++ {
				if done[j] {
					continue
				}
				if c := -gain(row-1, j-1) - rowPrice[row] - colPrice[j]; c < least[j] {
					least[j], from[j] = c, col
				}
				if least[j] < delta {
					delta, next = least[j], j
				}
			}
			for j := range least {
				if done[j] {
					rowPrice[rowOf[j]] += delta
					colPrice[j] -= delta
				} else {
					least[j] -= delta
				}
			}
			col = next
		}
		for col != 0 {
			rowOf[col] = rowOf[from[col]]
			col = from[col]
		}
	}
	p := make([]int, n)
	for j := 1; j <= n; j++ {
		p[rowOf[j]-1] = j - 1
	}
	return p
}
