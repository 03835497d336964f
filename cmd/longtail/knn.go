package main

import (
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/longtail-ml/longtail/embedding"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/posthoc"
)

type knnCmd struct {
	Train       string  `arg:"" help:"File of embeddings that longtail embed made: of the training images, which vote."`
	Test        string  `arg:"" help:"Another one, of the images to classify, by the same model."`
	K           int     `short:"k" help:"Nearest training images that vote for the class of an image." default:"200" placeholder:"IMAGES"`
	Temperature float64 `help:"A vote has the weight exp(cosine/TEMPERATURE)." default:"0.07" placeholder:"TEMPERATURE"`
	Balanced    bool    `help:"Divide the votes for a class by its number of training images."`
	Groups      string  `help:"Many, medium and few by counts (above 100, below 20) or rank (first and last 3 classes)." enum:"counts,rank" default:"counts" placeholder:"HOW"`
	JSON        bool    `name:"json" help:"Write JSON. Rates are fractions."`
}

func (knnCmd) Help() string {
	return `Says how good embeddings are without a classifier: each image is given the class that its nearest training images vote for (arXiv 1805.01978).

` + example("longtail knn train.safetensors test.safetensors", "longtail knn train.safetensors test.safetensors -k 20 --balanced --json")
}

// voted is the JSON.
type voted struct {
	Train  int `json:"train"`  // images
	Images int `json:"images"` // that were classified
	metrics.Report
}

// Run classifies and counts.
func (k *knnCmd) Run(ctx context.Context, c *console) error {
	if k.K < 1 || !(k.Temperature > 0) {
		return misused("-k must be at least 1, --temperature positive")
	}
	train, err := embedding.Open(k.Train)
	if err != nil {
		return err
	}
	test, err := embedding.Open(k.Test)
	if err != nil {
		return err
	}
	to, err := train.CheckSet(test)
	if err != nil {
		return fmt.Errorf("%s and %s: %w", k.Train, k.Test, err)
	}
	known := posthoc.Set{Features: train.Vectors, Labels: train.Labels, Classes: len(train.Classes)}
	asked := posthoc.Set{Features: test.Vectors, Classes: known.Classes}
	for _, y := range test.Labels {
		asked.Labels = append(asked.Labels, to[y])
	}
	counted, err := posthoc.KNN{K: k.K, Temperature: k.Temperature, Balanced: k.Balanced}.Evaluate(ctx, known, asked)
	if err != nil {
		return err
	}
	var groups metrics.Grouping
	if k.Groups == "rank" {
		groups = metrics.ByRank{}
	}
	r, err := counted.Report(known.Counts(), groups)
	if err != nil {
		return err
	}
	if k.JSON {
		return writeJSON(c, voted{train.Len(), test.Len(), r})
	}
	fmt.Fprintf(c.out, "%d images, by the %d nearest of %d training images\n\n", test.Len(), min(k.K, train.Len()), train.Len())
	w := tabwriter.NewWriter(c.out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "top-1 (%%)\t%s\n", r.Top1)
	fmt.Fprintf(w, "many / medium / few (%%)\t%s / %s / %s\n", r.Many, r.Medium, r.Few)
	fmt.Fprintf(w, "balanced accuracy (%%)\t%s\n", r.Balanced)
	fmt.Fprintf(w, "macro F1 (%%)\t%s\n", r.MacroF1)
	return w.Flush()
}
