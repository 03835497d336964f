package loss

import (
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/tensor"
)

// check panics unless the rows of x [R, width] fit the labels.
func check(op string, x *autograd.Var, in Input) (rows, cols int) {
	if x == nil {
		panic(&tensor.Error{Op: op, Detail: "its input was not computed: Needs must ask for it"})
	}
	s := x.Shape()
	if len(s) != 2 || s[0] != len(in.Labels) {
		panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{s, {len(in.Labels)}},
			Detail: "needs a matrix with a row for each label"})
	}
	return s[0], s[1]
}

// checkLabels panics unless all labels name one of the classes.
func checkLabels(op string, labels []int, classes int) {
	for i, y := range labels {
		if y < 0 || y >= classes {
			panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{{len(labels)}},
				Detail: fmt.Sprintf("label %d of row %d is not one of %d classes", y, i, classes)})
		}
	}
}

// checkLogits panics unless the rows of the logits fit the labels and those of Mix. It returns the number of classes.
func checkLogits(op string, in Input) (classes int) {
	_, classes = check(op, in.Logits, in)
	checkLabels(op, in.Labels, classes)
	checkMix(op, in, classes)
	return classes
}

// checkMix panics unless Mix, if there is one, has a label of one of the classes and a weight for each row.
func checkMix(op string, in Input, classes int) {
	m, rows := in.Mix, len(in.Labels)
	if m == nil {
		return
	}
	if len(m.Labels) != rows || len(m.Weight) != rows {
		panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{{len(m.Labels)}, {len(m.Weight)}},
			Detail: fmt.Sprintf("Mix needs a label and a weight for each of %d rows", rows)})
	}
	checkLabels(op, m.Labels, classes)
	for i, w := range m.Weight {
		if !(w >= 0 && w <= 1) {
			panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{{len(m.Weight)}},
				Detail: fmt.Sprintf("weight %v of row %d in Mix is not in [0, 1]", w, i)})
		}
	}
}

// noMix panics if the rows are blends, which the loss has no meaning for.
func noMix(op string, in Input) {
	if in.Mix != nil {
		panic(&tensor.Error{Op: op,
			Detail: "has no form for mixed samples: give the term views that are not mixed, or use cross-entropy"})
	}
}

// zeroRows counts the rows of norm zero; a unit row has at least one entry of 1/√D.
func zeroRows(x *autograd.Var) int {
	rows, cols := x.Dim(0), x.Dim(1)
	n := 0
	for r := range rows {
		zero := true
		for _, v := range x.Data()[r*cols : (r+1)*cols] {
			if v != 0 {
				zero = false
				break
			}
		}
		if zero {
			n++
		}
	}
	return n
}

// checkCounts reports a class without images, for losses that divide by the counts.
func checkCounts(name string, classCounts []int) error {
	for c, n := range classCounts {
		if n < 1 {
			return fmt.Errorf("loss: %s: class %d has %d training images: leave it out, or use a loss that does not divide by the counts",
				name, c, n)
		}
	}
	return nil
}

// mustKnowClasses panics unless Prepare was called with as many classes as the loss now meets.
func mustKnowClasses(op string, prepared, classes int) {
	if prepared != classes {
		panic(&tensor.Error{Op: op,
			Detail: fmt.Sprintf("Prepare was given the counts of %d classes, the input has %d", prepared, classes)})
	}
}

// mustPrepare panics with *tensor.Error for settings Prepare would refuse, when Forward is called without it.
func mustPrepare(op string, err error) {
	if err != nil {
		panic(&tensor.Error{Op: op, Detail: err.Error()})
	}
}

// checkWeights reports class weights that do not fit the number of classes; nil are all 1.
func checkWeights(name string, weights []float64, classes int) error {
	if weights != nil && len(weights) != classes {
		return fmt.Errorf("loss: %s: %d weights for %d classes", name, len(weights), classes)
	}
	for i, w := range weights {
		if !(w >= 0) || math.IsInf(w, 0) {
			return fmt.Errorf("loss: %s: weight %v of class %d must be finite and not negative", name, w, i)
		}
	}
	return nil
}

// checkBank reports a bank that does not have perClass prototypes for each class.
func checkBank(name, field string, bank prototype.Bank, classes, perClass int) error {
	if bank == nil {
		return fmt.Errorf("loss: %s: %s is nil: set prototypes of package prototype", name, field)
	}
	rows := bank.Vectors(autograd.NewTape(autograd.Mode{NoGrad: true})).Dim(0)
	if rows != classes*perClass {
		return fmt.Errorf("loss: %s: %s has %d prototypes, %d classes take %d", name, field, rows, classes, classes*perClass)
	}
	return nil
}

// checkViews panics unless the rows are whole views, and Keys, if wanted, whole views of the same samples.
func checkViews(op string, in Input, keys bool) {
	rows := len(in.Labels)
	if in.Views < 1 || rows%in.Views != 0 {
		panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{{rows}},
			Detail: fmt.Sprintf("Views is %d: it must divide the rows", in.Views)})
	}
	if !keys {
		if in.Keys != nil {
			panic(&tensor.Error{Op: op, Detail: "has Keys, though WithoutMomentum says that there are none"})
		}
		return
	}
	if in.Keys == nil {
		panic(&tensor.Error{Op: op,
			Detail: "Keys were not computed: they need a momentum encoder; with WithoutMomentum the network's own embeddings take their place"})
	}
	s, n := in.Keys.Shape(), rows/in.Views
	if len(s) != 2 || s[1] != in.Embedding.Dim(1) || (n == 0 && s[0] != 0) || (n > 0 && s[0]%n != 0) {
		panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{in.Embedding.Shape(), s},
			Detail: fmt.Sprintf("Keys must be whole views of the %d samples, as wide as the embeddings", n)})
	}
}

// checkHasImages panics if a label is of a class that has no images by the counts Prepare was given.
func checkHasImages(op string, labels []int, logPrior []float64) {
	for i, y := range labels {
		if math.IsInf(logPrior[y], -1) {
			panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{{len(labels)}},
				Detail: fmt.Sprintf("label %d of row %d is of a class that has no training images by the counts of Prepare", y, i)})
		}
	}
}
