package nn_test

import (
	"math"
	"math/rand/v2"

	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/tensor"
)

// The references are the textbook formulas in float64, written without regard to speed.

// conv64 convolves x [N, H, W, C] with w [KH, KW, C, O]; a nil bias is none.
func conv64(x, w, bias []float64, xs, ws tensor.Shape, stride, pad int) []float64 {
	n, h, wd, c, kh, kw, o := xs[0], xs[1], xs[2], xs[3], ws[0], ws[1], ws[3]
	oh, ow := (h+2*pad-kh)/stride+1, (wd+2*pad-kw)/stride+1
	y := make([]float64, n*oh*ow*o)
	for at := range y {
		k, ox, oy, i := at%o, at/o%ow, at/o/ow%oh, at/o/ow/oh
		if bias != nil {
			y[at] = bias[k]
		}
		for dy := range kh {
			for dx := range kw {
				iy, ix := oy*stride+dy-pad, ox*stride+dx-pad
				if iy < 0 || iy >= h || ix < 0 || ix >= wd {
					continue
				}
				for j := range c {
					y[at] += x[((i*h+iy)*wd+ix)*c+j] * w[((dy*kw+dx)*c+j)*o+k]
				}
			}
		}
	}
	return y
}

// bn64 normalises the rows of x [rows, channels] by the given statistics, or by those of x if mean is nil.
func bn64(x, gamma, beta, mean, variance []float64) []float64 {
	c := len(gamma)
	rows := float64(len(x) / c)
	if mean == nil {
		mean, variance = make([]float64, c), make([]float64, c)
		for i, v := range x {
			mean[i%c] += v / rows
		}
		for i, v := range x {
			variance[i%c] += (v - mean[i%c]) * (v - mean[i%c]) / rows
		}
	}
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = (v-mean[i%c])/math.Sqrt(variance[i%c]+1e-5)*gamma[i%c] + beta[i%c]
	}
	return y
}

// linear64 is x·wᵀ + bias for a w with rows of the given width; a nil bias is none.
func linear64(x, w, bias []float64, width int) []float64 {
	rows, out := len(x)/width, len(w)/width
	y := make([]float64, rows*out)
	for i := range y {
		if bias != nil {
			y[i] = bias[i%out]
		}
		for k := range width {
			y[i] += x[i/out*width+k] * w[i%out*width+k]
		}
	}
	return y
}

// relu64 is max(x, 0).
func relu64(x []float64) []float64 {
	return each64(x, func(v float64) float64 { return math.Max(v, 0) })
}

func each64(x []float64, f func(float64) float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = f(v)
	}
	return y
}

// rows64 joins f of each row.
func rows64(x []float64, cols int, f func(row []float64) []float64) []float64 {
	var y []float64
	for i := 0; i < len(x); i += cols {
		y = append(y, f(x[i:i+cols])...)
	}
	return y
}

func normalize64(row []float64) []float64 {
	norm := 0.0
	for _, v := range row {
		norm += v * v
	}
	return each64(row, func(v float64) float64 { return v / math.Sqrt(norm) })
}

func logSumExp64(row []float64) float64 {
	sum := 0.0
	for _, v := range row {
		sum += math.Exp(v)
	}
	return math.Log(sum)
}

// maxPool64 is the maximum under each k×k window of x [N, H, W, C].
func maxPool64(x []float64, xs tensor.Shape, k, stride, pad int) []float64 {
	n, h, w, c := xs[0], xs[1], xs[2], xs[3]
	oh, ow := (h+2*pad-k)/stride+1, (w+2*pad-k)/stride+1
	y := make([]float64, n*oh*ow*c)
	for at := range y {
		j, ox, oy, i := at%c, at/c%ow, at/c/ow%oh, at/c/ow/oh
		y[at] = math.Inf(-1)
		for iy := max(oy*stride-pad, 0); iy < min(oy*stride-pad+k, h); iy++ {
			for ix := max(ox*stride-pad, 0); ix < min(ox*stride-pad+k, w); ix++ {
				y[at] = math.Max(y[at], x[((i*h+iy)*w+ix)*c+j])
			}
		}
	}
	return y
}

func widen(x *tensor.Tensor) []float64 {
	y := make([]float64, x.Len())
	for i, v := range x.Data() {
		y[i] = float64(v)
	}
	return y
}

// awayFromZero returns normal values none of which is nearer to 0 than 0.1, where ReLU has a kink.
func awayFromZero(seed uint64, shape ...int) *tensor.Tensor {
	x := gradtest.Normal(seed, 1, shape...)
	for i, v := range x.Data() {
		x.Data()[i] = v + float32(math.Copysign(0.1, float64(v)))
	}
	return x
}

// distinct returns values in random order that differ by 0.1 at least, so that no maximum is in doubt.
func distinct(seed uint64, shape ...int) *tensor.Tensor {
	x := tensor.New(shape...)
	for i, at := range rand.New(rand.NewPCG(seed, 3)).Perm(x.Len()) {
		x.Data()[i] = 0.1 * float32(at-x.Len()/2)
	}
	return x
}
