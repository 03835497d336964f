package nn

import (
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/tensor"
)

// NormEpsilon is the least norm L2Normalize divides by.
const NormEpsilon = 1e-12

func matrix(op string, x *autograd.Var) (rows, cols int) {
	if len(x.Shape()) != 2 {
		panic(&tensor.Error{Op: op, Path: autograd.Path(x), Shapes: []tensor.Shape{x.Shape()}, Detail: "needs a matrix [rows, columns]"})
	}
	return x.Dim(0), x.Dim(1)
}

// L2Normalize divides each row of x [R, D] by its norm, or by NormEpsilon if that is larger. Below NormEpsilon the
// gradient is zero: dividing by it would give a gradient of 1e12.
func L2Normalize(x *autograd.Var) *autograd.Var {
	rows, cols := matrix("nn.L2Normalize", x)
	y, norms := x.Tape().Scratch(rows, cols), x.Tape().Scratch(rows)
	kernels.NormalizeRows(y.Data(), norms.Data(), x.Data(), rows, cols, NormEpsilon)
	return autograd.Op("nn.L2Normalize", y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		kernels.NormalizeRowsGrad(gx[0].Data(), gy.Data(), y.Data(), norms.Data(), rows, cols, NormEpsilon)
	})
}

// Softmax returns e^x / Σ e^x over each row of x [R, C].
func Softmax(x *autograd.Var) *autograd.Var {
	rows, cols := matrix("nn.Softmax", x)
	y := x.Tape().Scratch(rows, cols)
	kernels.SoftmaxRows(y.Data(), x.Data(), rows, cols)
	return autograd.Op("nn.Softmax", y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		for r := range rows {
			p, g, d := y.Data()[r*cols:(r+1)*cols], gy.Data()[r*cols:], gx[0].Data()[r*cols:]
			dot := 0.0
			for j, v := range p {
				dot += float64(v) * float64(g[j])
			}
			for j, v := range p {
				d[j] += v * (g[j] - float32(dot))
			}
		}
	})
}

// LogSoftmax returns x − log Σ e^x over each row of x [R, C].
func LogSoftmax(x *autograd.Var) *autograd.Var {
	rows, cols := matrix("nn.LogSoftmax", x)
	y := x.Tape().Scratch(rows, cols)
	kernels.LogSoftmaxRows(y.Data(), x.Data(), rows, cols)
	return autograd.Op("nn.LogSoftmax", y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		p := x.Tape().Scratch(rows, cols)
		kernels.SoftmaxRows(p.Data(), x.Data(), rows, cols)
		for r := range rows {
			g, d := gy.Data()[r*cols:(r+1)*cols], gx[0].Data()[r*cols:]
			sum := 0.0
			for _, v := range g {
				sum += float64(v)
			}
			for j, v := range g {
				d[j] += v - p.Data()[r*cols+j]*float32(sum)
			}
		}
	})
}

// LogSumExp returns log Σ e^x over each row of x [R, C]: [R]. Entries of −Inf count as masked; a row of nothing else
// gives −Inf and no gradient.
func LogSumExp(x *autograd.Var) *autograd.Var {
	rows, cols := matrix("nn.LogSumExp", x)
	y := x.Tape().Scratch(rows)
	kernels.LogSumExpRows(y.Data(), x.Data(), rows, cols)
	return autograd.Op("nn.LogSumExp", y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		p := x.Tape().Scratch(rows, cols)
		kernels.SoftmaxRows(p.Data(), x.Data(), rows, cols)
		for r, g := range gy.Data() {
			if math.IsInf(float64(y.Data()[r]), -1) {
				continue
			}
			kernels.AddScaled(gx[0].Data()[r*cols:(r+1)*cols], g, p.Data()[r*cols:(r+1)*cols])
		}
	})
}
