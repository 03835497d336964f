package report

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

// edge is two rows that are near each other, and how near: 1 for the nearest.
type edge struct {
	a, b   int
	weight float64
}

// near is a row and its cosine.
type near struct {
	row    int
	cosine float32
}

// nearest gives for each row of x the k rows of known with the largest cosines, in falling order; skip leaves some out. Rows are of
// unit length.
func nearest(x, known *tensor.Tensor, k int, skip func(i, j int) bool) ([][]near, error) {
	all := make([][]near, x.Dim(0))
	part := max(1, min(256, 1<<24/max(known.Dim(0), 1)))
	mode := autograd.Mode{NoGrad: true}
	tape := autograd.NewTape(mode)
	for from := 0; from < x.Dim(0); from += part {
		to := min(from+part, x.Dim(0))
		err := tensor.Try(func() error {
			tape.Reset(mode)
			cosines := autograd.MatMulT(tape.Const(x.Rows(from, to)), tape.Const(known)).Value()
			for i := from; i < to; i++ {
				all[i] = best(cosines.Rows(i-from, i-from+1).Data(), k, func(j int) bool { return skip(i, j) })
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// best are the k largest cosines, of equal ones the first.
func best(cosines []float32, k int, skip func(j int) bool) (top []near) {
	for j, c := range cosines {
		if len(top) == k && (k == 0 || c <= top[k-1].cosine) || skip(j) {
			continue
		}
		if len(top) == k {
			top = top[:k-1]
		}
		at := len(top)
		for at > 0 && top[at-1].cosine < c {
			at--
		}
		top = slices.Insert(top, at, near{j, c})
	}
	return top
}

// neighborGraph joins each row with its k nearest. Weights fall with the distance beyond the nearest at a rate of each row's own, so
// that all have as many neighbors, in effect (as UMAP does it, arXiv 1802.03426).
func neighborGraph(rows *tensor.Tensor, k int) []edge {
	n := rows.Dim(0)
	k = min(k, n-1)
	all, err := nearest(rows, rows, k, func(i, j int) bool { return i == j })
	if err != nil {
		return nil // shapes fit
	}
	weights := map[[2]int]float64{}
	for i, of := range all {
		distances := make([]float64, len(of))
		for m, v := range of {
			distances[m] = math.Sqrt(max(0, 2-2*float64(v.cosine)))
		}
		rate := bandwidth(distances)
		for m, v := range of {
			w := math.Exp(-(distances[m] - distances[0]) / rate)
			key := [2]int{min(i, v.row), max(i, v.row)}
			weights[key] = weights[key] + w - weights[key]*w // near for either
		}
	}
	var edges []edge
	for key, w := range weights {
		edges = append(edges, edge{key[0], key[1], w})
	}
	slices.SortFunc(edges, func(x, y edge) int { return (x.a-y.a)*n + x.b - y.b })
	return edges
}

// bandwidth is the scale at which weights exp(−(d−d₀)/scale) sum to log₂ of their number.
func bandwidth(distances []float64) float64 {
	low, high := 1e-6, 1e3
	want := math.Log2(float64(len(distances)))
	for range 60 {
		middle, sum := math.Sqrt(low*high), 0.0
		for _, d := range distances {
			sum += math.Exp(-(d - distances[0]) / middle)
		}
		if sum < want {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}

// layOut moves points from where they are until neighbors are near each other and others are not: neighbors attract each other, in
// proportion to their weights, and a few points at random repel. The same arguments give the same bits.
func layOut(edges []edge, from [][2]float64) [][2]float64 {
	at, n := make([][2]float64, len(from)), len(from)
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	size := 0.0
	for _, p := range from {
		size = max(size, math.Abs(p[0]), math.Abs(p[1]))
	}
	for i, p := range from {
		at[i] = [2]float64{10*p[0]/size + 1e-3*rng.NormFloat64(), 10*p[1]/size + 1e-3*rng.NormFloat64()}
	}
	const rounds, repelling = 200, 5
	move := func(i, j int, pull bool, rate float64) {
		dx, dy := at[i][0]-at[j][0], at[i][1]-at[j][1]
		d := dx*dx + dy*dy
		force := -2 / (1 + d)
		if !pull {
			force = 2 / ((0.01 + d) * (1 + d))
		}
		step := func(x float64) float64 { return rate * min(max(force*x, -4), 4) }
		at[i][0] += step(dx)
		at[i][1] += step(dy)
		if pull {
			at[j][0] -= step(dx)
			at[j][1] -= step(dy)
		}
	}
	due := make([]float64, len(edges)) // rounds until an edge's turn
	for round := range rounds {
		rate := 1 - float64(round)/rounds
		for e, edge := range edges {
			if due[e] -= edge.weight; due[e] > 0 {
				continue
			}
			due[e]++
			move(edge.a, edge.b, true, rate)
			for range repelling {
				move(edge.a, rng.IntN(n), false, rate)
				move(edge.b, rng.IntN(n), false, rate)
			}
		}
	}
	return at
}
