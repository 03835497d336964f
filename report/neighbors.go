package report

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"

	"github.com/longtail-ml/longtail/internal/nearest"
	"github.com/longtail-ml/longtail/tensor"
)

// edge is two rows that are near each other, and how near: 1 for the nearest.
type edge struct {
	a, b   int
	weight float64
}

// neighborGraph joins each row with its k nearest. Weights fall with the distance beyond the nearest at a rate of each row's own, so
// that all have as many neighbors, in effect (as UMAP does it, arXiv 1802.03426).
func neighborGraph(ctx context.Context, rows *tensor.Tensor, k int) ([]edge, error) {
	n := rows.Dim(0)
	all, err := nearest.Of(ctx, rows, rows, min(k, n-1), true)
	if err != nil {
		return nil, err
	}
	weights := map[[2]int]float64{}
	for i, of := range all {
		distances := make([]float64, len(of))
		for m, v := range of {
			distances[m] = math.Sqrt(max(0, 2-2*float64(v.Cosine)))
		}
		rate := bandwidth(distances)
		for m, v := range of {
			w := math.Exp(-(distances[m] - distances[0]) / rate)
			key := [2]int{min(i, v.Row), max(i, v.Row)}
			weights[key] = weights[key] + w - weights[key]*w // near for either
		}
	}
	var edges []edge
	for key, w := range weights {
		edges = append(edges, edge{key[0], key[1], w})
	}
	slices.SortFunc(edges, func(x, y edge) int { return (x.a-y.a)*n + x.b - y.b })
	return edges, nil
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
