package loss

import (
	"math"
	"runtime"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/internal/parallel"
	"github.com/longtail-ml/longtail/tensor"
	gonum "gonum.org/v1/gonum/blas"
)

// contrast computes the SC loss of R rows in tiles of the matrix s of similarities (over the temperature), which are
// thrown away and computed again for the gradient, as attention kernels do. Two things make that cheaper than to hold
// the matrix:
//
//   - s is symmetric, so a tile serves for its mirror image too, and only the tiles on and above the diagonal are made.
//     The gradient is dz = (G + Gᵀ)·z with G = ∂L/∂s, and an entry of G + Gᵀ needs one entry of s and the log-sum-exps
//     of its row and of its column.
//   - Rows are sorted by label, so that the positives of a row are neighbours.
//
// Memory is a copy of the rows, a few values a row, and a tile for each core.
type contrast struct {
	z           *tensor.Tensor // [R, D]
	order       []int          // row i of z is row order[i] of the embedding
	first, last []int          // the rows of i's label: first[i] ≤ j < last[i]
	size        int            // of a tile
	temperature float64
	inside      bool
	blas        gonum.Float32
	memory      [][]float32 // of each worker, for a tile of size·size and its scratch

	all  logSums   // over A(i)
	same logSums   // over P(i), with inside
	dot  []float64 // Σ of s over P(i), without
}

func (l *SupervisedContrastive) tiled(in Input, size int) (*autograd.Var, Stats) {
	z := in.Embedding
	tape := z.Tape()
	n, dim := z.Dim(0), z.Dim(1)
	tape.CountMACs(int64(n) * int64(n) * int64(dim)) // of the formula; half of them are spared
	c := &contrast{
		z: tape.Scratch(n, dim), size: size, temperature: l.temperature(), inside: l.Inside, blas: tape.Mode().BLAS,
		all: newLogSums(tape, n),
	}
	c.sort(tape, in.Labels)
	parallel.Range(n, 64, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			copy(c.z.Data()[i*dim:(i+1)*dim], z.Data()[c.order[i]*dim:])
		}
	})
	if l.Inside {
		c.same = newLogSums(tape, n)
	} else {
		c.dot = tape.Float64s(n)
	}
	workers := min(runtime.GOMAXPROCS(0), (n+size-1)/size)
	c.memory = make([][]float32, workers)
	for i := range c.memory {
		c.memory[i] = tape.Scratch(size * (size + 2)).Data()
	}
	c.eachTile(c.forward)
	mean, anchors := c.mean()
	y := tape.Scratch()
	y.Data()[0] = float32(mean)
	return autograd.OpInto(opContrast, y, []*autograd.Var{z}, -1, 0, func(gy *tensor.Tensor, gx []*tensor.Tensor, add bool) {
		dz := gx[0]
		if add {
			dz = tape.Scratch(n, dim)
		}
		dz.Zero()
		if anchors > 0 && dim > 0 {
			c.backward(tape, dz, float64(gy.Item())/float64(anchors)/l.temperature())
			c.unsort(tape, dz)
		}
		if add {
			kernels.AddScaled(gx[0].Data(), 1, dz.Data())
		}
	}), Stats{Anchors: anchors, Skipped: n - anchors, ZeroRows: zeroRows(z)}
}

// forward adds a tile to the sums of its rows and, off the diagonal, to those of its columns.
func (c *contrast) forward(t tile) {
	for r := range t.rows {
		i, row := t.i+r, t.x[r*t.cols:(r+1)*t.cols]
		c.all.add(i, row)
		lo, hi := c.of(i, t)
		switch {
		case lo == hi:
		case c.inside:
			c.same.add(i, row[lo:hi])
		case t.i == t.j:
			c.dot[i] += sum64(row[lo:r]) + sum64(row[r+1:hi])
		default:
			sum := 0.0
			dot := c.dot[t.j+lo : t.j+hi]
			for j, v := range row[lo:hi] {
				sum += float64(v)
				dot[j] += float64(v)
			}
			c.dot[i] += sum
		}
	}
	if t.i == t.j {
		return
	}
	c.all.addColumns(t.j, t.x, t.rows, t.cols, t.cols, t.scratch)
	// The label of the first column may be that of the last rows; no other one can have both rows and columns here.
	if from := max(c.first[t.j]-t.i, 0); c.inside && from < t.rows {
		cols := min(c.last[t.j]-t.j, t.cols)
		c.same.addColumns(t.j, t.x[from*t.cols:], t.rows-from, cols, t.cols, t.scratch)
	}
}

func sum64(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v)
	}
	return sum
}

// mean returns the mean of the loss over the anchors.
func (c *contrast) mean() (mean float64, anchors int) {
	sum := 0.0
	for i := range c.order {
		p := c.positives(i)
		if p == 0 {
			continue
		}
		anchors++
		if c.inside {
			sum += c.all.value(i) - c.same.value(i) + math.Log(float64(p))
		} else {
			sum += c.all.value(i) - c.dot[i]/float64(p)
		}
	}
	return sum / float64(max(anchors, 1)), anchors
}

// backward adds g·(G + Gᵀ)·z to dz.
func (c *contrast) backward(tape *autograd.Tape, dz *tensor.Tensor, g float64) {
	n, dim := c.z.Dim(0), c.z.Dim(1)
	all := tape.Tensor(n).Data() // 1/Σ, and 0 for rows that are no anchors
	var same []float32
	if c.inside {
		same = tape.Tensor(n).Data()
	}
	for i := range all {
		if c.positives(i) == 0 {
			continue
		}
		all[i] = float32(1 / c.all.sum[i])
		if c.inside {
			same[i] = float32(1 / c.same.sum[i])
		}
	}
	c.eachTile(func(t tile) {
		for r := range t.rows {
			i, row := t.i+r, t.x[r*t.cols:(r+1)*t.cols]
			lo, hi := c.of(i, t)
			near := t.scratch[:hi-lo] // what the positives take away
			switch p := c.positives(i); {
			case p == 0 || lo == hi:
				near = near[:0]
			case c.inside:
				j := t.j + lo
				kernels.PairExp(near, row[lo:hi], c.same.top[j:], same[j:], c.same.top[i], same[i])
			default:
				for j := range near {
					near[j] = float32(2 / float64(p))
				}
			}
			kernels.PairExp(row, row, c.all.top[t.j:], all[t.j:], c.all.top[i], all[i])
			for j, v := range near {
				row[lo+j] -= v
			}
			if t.i == t.j {
				row[r] = 0
			}
		}
		zi, zj := c.z.Data()[t.i*dim:], c.z.Data()[t.j*dim:]
		di, dj := dz.Data()[t.i*dim:], dz.Data()[t.j*dim:]
		c.blas.Sgemm(gonum.NoTrans, gonum.NoTrans, t.rows, dim, t.cols, float32(g), t.x, t.cols, zj, dim, 1, di, dim)
		if t.i != t.j {
			c.blas.Sgemm(gonum.Trans, gonum.NoTrans, t.cols, dim, t.rows, float32(g), t.x, t.cols, zi, dim, 1, dj, dim)
		}
	})
}
