package loss

import (
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/tensor"
)

// classMeans are running means of the embeddings of each class.
type classMeans struct {
	mean  *tensor.Tensor // [C, D]; 0 for a class not seen
	count *tensor.Tensor // [C]
}

func newClassMeans(classes, dim int) classMeans {
	return classMeans{mean: tensor.New(classes, dim), count: tensor.New(classes)}
}

// Visit shows means and counts.
func (m classMeans) Visit(v nn.Visitor) {
	v.Buffer("mean", m.mean)
	v.Buffer("count", m.count)
}

// add takes in the rows of z [R, D].
func (m classMeans) add(z *tensor.Tensor, labels []int) {
	dim := m.mean.Dim(1)
	rows := map[int][]int{}
	for i, y := range labels {
		rows[y] = append(rows[y], i)
	}
	for y, of := range rows {
		before := float64(m.count.Data()[y])
		after := before + float64(len(of))
		for k := range dim {
			at := &m.mean.Data()[y*dim+k]
			sum := before * float64(*at)
			for _, i := range of {
				sum += float64(z.Data()[i*dim+k])
			}
			*at = float32(sum / after)
		}
		m.count.Data()[y] = float32(after)
	}
}

// vonMisesFisher returns the mean directions [C, D] and concentrations by moments: κ ≈ D·R/(1−R²), R the mean's length.
func (m classMeans) vonMisesFisher(t *autograd.Tape) (mu *autograd.Var, kappa []float64) {
	const most = 1e5 // rows at one point, such as a single one
	mean := t.Buffer(m.mean)
	classes, dim := mean.Dim(0), mean.Dim(1)
	kappa = make([]float64, classes)
	for c := range classes {
		sum := 0.0
		for _, v := range mean.Data()[c*dim : (c+1)*dim] {
			sum += float64(v) * float64(v)
		}
		if kappa[c] = float64(dim) * math.Sqrt(sum) / (1 - sum); sum >= 1 || kappa[c] > most {
			kappa[c] = most
		}
	}
	return nn.L2Normalize(t.Const(mean)), kappa
}
