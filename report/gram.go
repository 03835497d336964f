package report

import (
	"cmp"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/longtail-ml/longtail/tensor"
)

// mostGram is how many classes a Gram matrix is computed of: that of more takes too long.
const mostGram = 2000

// Prototypes are a vector for each class, or several.
type Prototypes struct {
	Of      string         // what they are: "class means of 900 training images"
	Vectors *tensor.Tensor // [C·M, D], M of each class
}

// classMeans are the means of the embeddings of training images, zero for a class of which there are none.
func classMeans(embeddings *tensor.Tensor, labels []int, classes int) *tensor.Tensor {
	dim := embeddings.Dim(1)
	sums := make([]float64, classes*dim)
	for i, y := range labels {
		for j, v := range embeddings.Rows(i, i+1).Data() {
			sums[y*dim+j] += float64(v)
		}
	}
	means := tensor.New(classes, dim)
	for i, s := range sums {
		means.Data()[i] = float32(s) // a direction is all that counts
	}
	return means
}

var bankTensor = regexp.MustCompile(`^losses\.(\w+)\.prototypes\.\w+$`)

// learned reads the prototypes that losses of the run had in its newest checkpoint.
func learned(dir string, classes int) (all []Prototypes, err error) {
	files, err := filepath.Glob(filepath.Join(escape(dir), "checkpoints", "*", "model.safetensors"))
	if err != nil || len(files) == 0 {
		return nil, err
	}
	f, err := safetensors.Open(slices.MaxFunc(files, func(a, b string) int { return cmp.Compare(a, b) }))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for _, t := range f.Tensors {
		m := bankTensor.FindStringSubmatch(t.Name)
		if m == nil || len(t.Shape) != 2 || t.Shape[0] == 0 || t.Shape[0]%classes != 0 {
			continue
		}
		v, err := t.Float32()
		if err != nil {
			return nil, err
		}
		all = append(all, Prototypes{"prototypes of the loss " + m[1] + " in the newest checkpoint", v})
	}
	return all, nil
}

// escape is a folder as a pattern that matches itself.
func escape(dir string) string {
	return regexp.MustCompile(`[*?\[]`).ReplaceAllString(dir, "[$0]")
}

// gram draws the cosines of prototypes, classes in the order of the tail; nil where there are too few.
func (r *Run) gram(k int, p Prototypes) *chart {
	order := r.order()
	m := p.Vectors.Dim(0) / len(order)
	dim := p.Vectors.Dim(1)
	var rows []float32
	var of []int // the classes that have a direction
	for _, class := range order {
		v := p.Vectors.Rows(class*m, class*m+1).Data() // the first of several
		if norm(v) > 0 {
			rows, of = append(rows, v...), append(of, class)
		}
	}
	if len(of) < 2 || len(of) > mostGram {
		return nil
	}
	g, err := metrics.NewGram(rows, dim)
	if err != nil {
		return nil
	}
	n, row := cells(len(of))
	sum, images := matrix{n, make([]float64, n*n)}, make([]float64, n*n)
	for i := range of {
		for j := range of {
			if i != j || n == len(of) {
				sum.add(row(i), row(j), g.At(i, j))
				images[row(i)*n+row(j)]++
			}
		}
	}
	for i := range sum.values {
		if images[i] > 0 {
			sum.values[i] = min(max(sum.values[i]/images[i], -1), 1) // rounded beyond, none would have a color
		} else {
			sum.values[i] = math.NaN()
		}
	}
	c := heatMap(fmt.Sprintf("gram-%d", k+1), "Gram matrix: "+p.Of, "class, by training images", "class, by training images", &heat{sum, diverging(), -1, 1})
	c.axisOfClasses(r, of, n)
	c.legend = []key{{text: "cosine from −1 to 1", ramp: diverging()}}
	mean, worst := g.FromSimplex()
	c.alt = fmt.Sprintf("The cosines of different classes differ from %s, which all have when classes are spread evenly, by %.3f in the mean and %.3f at most.", number(math.Round(-1e4/float64(len(of)-1))/1e4), mean, worst)
	c.caption = c.alt
	return c
}

func norm(v []float32) (sum float64) {
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}
