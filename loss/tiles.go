package loss

import (
	"cmp"
	"math"
	"runtime"
	"slices"
	"sync/atomic"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/parallel"
	"github.com/longtail-ml/longtail/tensor"
	gonum "gonum.org/v1/gonum/blas"
)

// Tiles are large enough to spend the time in products; of few rows, several tiles feed several cores.
const (
	smallTile = 128
	largeTile = 256
	fewRows   = 512
)

// tileSize cuts n rows evenly. It depends on nothing else, since the order of additions depends on it.
func tileSize(n int) int {
	most := largeTile
	if n <= fewRows {
		most = smallTile
	}
	blocks := max(1, (n+most-1)/most)
	return max(1, (n+blocks-1)/blocks)
}

// tile is rows i and on and columns j and on of s; i ≤ j. On the diagonal it holds −Inf.
type tile struct {
	i, j, rows, cols int
	before           [2]int32  // tiles that have part of i's and of j's rows before it
	x                []float32 // [rows, cols]
	scratch          []float32 // 2 · size
}

// sort finds the order of the rows.
func (c *contrast) sort(tape *autograd.Tape, labels []int) {
	n := len(labels)
	c.order, c.first, c.last = autograd.Lend[int](tape, n), autograd.Lend[int](tape, n), autograd.Lend[int](tape, n)
	for i := range c.order {
		c.order[i] = i
	}
	slices.SortStableFunc(c.order, func(a, b int) int { return cmp.Compare(labels[a], labels[b]) })
	for lo := 0; lo < n; {
		hi := lo + 1
		for hi < n && labels[c.order[hi]] == labels[c.order[lo]] {
			hi++
		}
		for i := lo; i < hi; i++ {
			c.first[i], c.last[i] = lo, hi
		}
		lo = hi
	}
}

// unsort moves row i of x to where row order[i] is, along the cycles of that permutation. It uses up the order.
func (c *contrast) unsort(tape *autograd.Tape, x *tensor.Tensor) {
	dim := x.Dim(1)
	row := func(i int) []float32 { return x.Data()[i*dim : (i+1)*dim] }
	held, next := tape.Floats(dim), tape.Floats(dim)
	for start := range c.order {
		if c.order[start] < 0 {
			continue
		}
		copy(held, row(start))
		for i := start; c.order[i] >= 0; {
			to := c.order[i]
			c.order[i] = -1
			copy(next, row(to))
			copy(row(to), held)
			held, next = next, held
			i = to
		}
	}
}

// positives is |P(i)|.
func (c *contrast) positives(i int) int { return c.last[i] - c.first[i] - 1 }

// eachTile calls do for the tiles on and above the diagonal. They are begun in rounds, in each of which a block of rows takes
// part once, be it as rows or as columns of a tile, and a tile waits until those before it have done with its two blocks: what
// do adds up for each row is added in the same order whatever the number of cores.
func (c *contrast) eachTile(do func(tile)) {
	tiles := c.rounds()
	done := make([]atomic.Int32, (c.z.Dim(0)+c.size-1)/c.size) // tiles that a block took part in
	var next atomic.Int32
	var failed atomic.Bool // a worker has panicked, and its tile will not be done
	parallel.For(len(c.memory), func(worker int) {
		memory, ended := c.memory[worker], false
		defer func() {
			if !ended {
				failed.Store(true)
			}
		}()
		for k := int(next.Add(1)) - 1; k < len(tiles); k = int(next.Add(1)) - 1 {
			t := tiles[k]
			i, j := &done[t.i/c.size], &done[t.j/c.size]
			for (i.Load() < t.before[0] || j.Load() < t.before[1]) && !failed.Load() {
				runtime.Gosched()
			}
			t.x, t.scratch = memory[:t.rows*t.cols], memory[c.size*c.size:]
			c.similarities(t)
			do(t)
			i.Add(1)
			if i != j {
				j.Add(1)
			}
		}
		ended = true
	})
}

// rounds lists the tiles in their order.
func (c *contrast) rounds() []tile {
	n := c.z.Dim(0)
	blocks := (n + c.size - 1) / c.size
	rounds := blocks | 1 // odd: every pair i ≤ j has one round i + j mod rounds, and every block one pair in a round
	tiles, seen := make([]tile, 0, blocks*(blocks+1)/2), make([]int32, blocks)
	for round := range rounds {
		for i := range blocks {
			j := (round + rounds - i) % rounds
			if i > j || j >= blocks {
				continue
			}
			tiles = append(tiles, tile{i: i * c.size, j: j * c.size, before: [2]int32{seen[i], seen[j]},
				rows: min(c.size, n-i*c.size), cols: min(c.size, n-j*c.size)})
			seen[i]++
			if i != j {
				seen[j]++
			}
		}
	}
	return tiles
}

// similarities computes a tile.
func (c *contrast) similarities(t tile) {
	dim := c.z.Dim(1)
	if dim == 0 { // BLAS refuses rows of nothing
		clear(t.x)
	} else {
		c.blas.Sgemm(gonum.NoTrans, gonum.Trans, t.rows, t.cols, dim, float32(1/c.temperature),
			c.z.Data()[t.i*dim:], dim, c.z.Data()[t.j*dim:], dim, 0, t.x, t.cols)
	}
	if t.i == t.j { // exp leaves the anchor itself out of every sum
		for r := range t.rows {
			t.x[r*t.cols+r] = float32(math.Inf(-1))
		}
	}
}

// of returns the columns lo ≤ j < hi of a tile that are of the label of its row i, i among them.
func (c *contrast) of(i int, t tile) (lo, hi int) {
	lo = max(c.first[i]-t.j, 0)
	return lo, max(lo, min(c.last[i]-t.j, t.cols))
}
