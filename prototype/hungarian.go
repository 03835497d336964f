package prototype

import (
	"context"
	"math"
)

// assign returns the permutation p that maximises Σ_i gain[i·n + p[i]] over n rows and columns, by the Hungarian method: most rows
// take what is best for them, the others join one by one along the shortest augmenting path. That is O(n³) at worst. The gains
// must be finite. progress, if not nil, is told now and then how many rows have joined. The error is that of ctx.
func assign(ctx context.Context, n int, gain []float32, progress func(done, of int)) ([]int, error) {
	a := newAssignment(n, gain)
	a.reduce()
	for i := range n {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		if a.colOf[i] < 0 {
			a.join(i)
		}
		if progress != nil && (i+1)%256 == 0 {
			progress(i+1, n)
		}
	}
	return a.colOf, nil
}

// assignment has a price for each row and column, by which no cost, which is −gain, is below the sum of its two prices, and those of the
// pairs so far are equal to it.
type assignment struct {
	n                  int
	gain               []float32
	rowPrice, colPrice []float64
	colOf, rowOf       []int // −1: free

	// Of the path at hand.
	least   []float64 // that it costs to come to a column
	from    []int     // the row from which
	left    []int     // columns that it has not gone through
	through []int     // those that it has, in order
}

func newAssignment(n int, gain []float32) *assignment {
	a := &assignment{n: n, gain: gain, rowPrice: make([]float64, n), colPrice: make([]float64, n), colOf: make([]int, n), rowOf: make([]int, n),
		least: make([]float64, n), from: make([]int, n), left: make([]int, n)}
	for i := range n {
		a.colOf[i], a.rowOf[i] = -1, -1
	}
	return a
}

// reduce prices columns, then rows, and pairs each row with its best column where that is free.
func (a *assignment) reduce() {
	for j := range a.colPrice {
		a.colPrice[j] = math.Inf(1)
	}
	for i := range a.n {
		for j, g := range a.row(i) {
			a.colPrice[j] = min(a.colPrice[j], -float64(g))
		}
	}
	for i := range a.n {
		best := math.Inf(1)
		var at int
		for j, g := range a.row(i) {
			if c := -float64(g) - a.colPrice[j]; c < best {
				best, at = c, j
			}
		}
		if a.rowPrice[i] = best; a.rowOf[at] < 0 {
			a.colOf[i], a.rowOf[at] = at, i
		}
	}
}

func (a *assignment) row(i int) []float32 { return a.gain[i*a.n : (i+1)*a.n] }

// join pairs a free row, along the cheapest path of columns that ends in a free one.
func (a *assignment) join(free int) {
	for j := range a.least {
		a.least[j], a.left[j] = math.Inf(1), j
	}
	left, row, cost := a.left, free, 0.0
	a.through = a.through[:0]
	end := -1
	for end < 0 {
		gains, price, next := a.row(row), a.rowPrice[row], 0
		best := math.Inf(1)
		for k, j := range left {
			if c := cost - float64(gains[j]) - price - a.colPrice[j]; c < a.least[j] {
				a.least[j], a.from[j] = c, row
			}
			if l := a.least[j]; l < best || l == best && a.rowOf[j] < 0 && a.rowOf[left[next]] >= 0 {
				best, next = l, k
			}
		}
		j := left[next]
		cost = best
		if a.rowOf[j] < 0 {
			end = j
			break
		}
		a.through, row = append(a.through, j), a.rowOf[j]
		left[next] = left[len(left)-1]
		left = left[:len(left)-1]
	}
	a.rowPrice[free] += cost
	for _, j := range a.through {
		a.rowPrice[a.rowOf[j]] += cost - a.least[j]
		a.colPrice[j] -= cost - a.least[j]
	}
	for j := end; j >= 0; {
		i := a.from[j]
		a.rowOf[j] = i
		j, a.colOf[i] = a.colOf[i], j
	}
}
