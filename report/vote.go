package report

import (
	"context"
	"fmt"

	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/posthoc"
	"github.com/longtail-ml/longtail/tensor"
)

// Voted is how test images are classified by the training images nearest to them (k-NN, arXiv 1805.01978).
type Voted struct {
	K         int
	Balanced  bool // the votes for a class are divided by its number of images
	Confusion *metrics.Confusion
}

// vote lets the nearest of known embeddings classify the test images, by posthoc.KNN.
func (l *look) vote(ctx context.Context, t *Test, known *tensor.Tensor, labels []int, embeddings *tensor.Tensor) error {
	classes := l.network.Classes()
	for _, balanced := range []bool{false, true} {
		knn := posthoc.KNN{K: min(200, len(labels)), Balanced: balanced}
		c, err := knn.Evaluate(ctx, posthoc.Set{Features: known, Labels: labels, Classes: classes}, posthoc.Set{Features: embeddings, Labels: l.labels, Classes: classes})
		if ctx.Err() != nil {
			return err
		}
		if err != nil {
			l.notes = append(l.notes, fmt.Sprintf("The test images were not classified by the nearest training images: %v.", err))
			return nil
		}
		t.Voted = append(t.Voted, Voted{knn.K, balanced, c})
	}
	return nil
}

// votedText says what the table compares.
func (r *Run) votedText() string {
	of := ""
	if r.Test.Compared != "training images" { // some of them
		of = ", of " + r.Test.Compared + ", as many of each class as there are or as all can have"
	}
	return fmt.Sprintf("The table below compares the classifier with k-NN: the votes of the %s training images nearest by cosine%s; balanced, they are divided by the images of the class.",
		count(r.Test.Voted[0].K), of)
}

// votedTable compares them with the classifier.
func (r *Run) votedTable() table {
	t := table{ID: "voted", Caption: "Classified by the nearest training images",
		Columns: []column{{"by", false}, {"top-1 (%)", true}, {"many (%)", true}, {"medium (%)", true}, {"few (%)", true}, {"mean of classes (%)", true}}}
	groups, _ := groupingOf(r.Figures.Manifest.Training.Groups)
	add := func(by string, c *metrics.Confusion) {
		figures, err := c.Report(r.counts(), groups)
		if err != nil { // of the groups: the others are there
			figures, _ = c.Report(r.counts(), nil)
		}
		cells := []cell{words(by)}
		for _, v := range []metrics.Rate{figures.Top1, figures.Many, figures.Medium, figures.Few, figures.Balanced} {
			cells = append(cells, rate(float64(v)))
		}
		t.Rows = append(t.Rows, row{"", cells})
	}
	add("classifier", r.Test.Confusion)
	for _, v := range r.Test.Voted {
		by := "k-NN"
		if v.Balanced {
			by += ", balanced"
		}
		add(by, v.Confusion)
	}
	return t
}
