package experiment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/longtail-ml/longtail/method"
)

// Check reports settings that fit no data set, and methods that they do not fit, before the data are read.
func (s Settings) Check(methods ...method.Method) error {
	s = s.filled()
	err := s.check(methods...)
	if err == nil && s.Teacher != "" && len(methods) > 0 && !slices.ContainsFunc(methods, func(m method.Method) bool { return m.Teacher != nil }) {
		err = fmt.Errorf("teacher is set, and no method here learns from one: leave it out, or take dive")
	}
	if err != nil {
		return fmt.Errorf("experiment: %w", err)
	}
	return nil
}

func (s Settings) check(methods ...method.Method) error {
	for _, f := range []struct {
		name, value string
		choices     []string
	}{
		{"backbone", s.Backbone, []string{"", "cifar", "resnet", "mlp", "linear"}}, {"equal", s.Equal, []string{"images", "epochs"}}, {"views", s.Views, []string{"plain", "resized", "strong", "paper"}},
		{"recipe", s.Recipe, []string{"common", "paper"}}, {"groups", s.Groups, []string{"counts", "rank"}},
		{"profile", s.Profile, []string{"", "exp", "step", "natural"}}, {"select", s.Select, []string{"shuffle", "first"}},
		{"schedule", s.Schedule, []string{"", "steps", "cosine"}}, {"precision", s.Precision, []string{"", "float32", "bfloat16"}}, {"crop", s.Crop, []string{"", "resized", "padded"}}, {"choose", s.Choose, []string{"last", "best", "balanced"}},
	} {
		if !slices.Contains(f.choices, f.value) {
			return fmt.Errorf("%s %q is not one of %s", f.name, f.value, strings.TrimPrefix(strings.Join(f.choices, ", "), ", "))
		}
	}
	if err := s.Read.check(); err != nil {
		return err
	}
	if s.Profile == "natural" && (s.Imbalance != 0 || s.Select != "shuffle") {
		return fmt.Errorf("imbalance and select have no meaning with profile natural, which keeps every image")
	}
	for _, f := range []struct {
		name  string
		value float64
		good  bool
		what  string
	}{
		{"epochs", float64(s.Epochs), s.Epochs >= 1, "at least 1"},
		{"batch", float64(s.Batch), s.Batch >= 0, "at least 1, or 0 for one that fits the data"},
		{"size", float64(s.Size), s.Size == 0 || s.Size >= 8, "at least 8, or 0 for one that fits the data"},
		{"shorter", float64(s.Shorter), s.Shorter >= 0, "at least the size, or 0 for 8/7 of it"},
		{"embedding", float64(s.Embedding), s.Embedding >= 2, "at least 2"},
		{"lr", s.LR, s.LR >= 0, "above 0, or 0 for one that fits the batch"},
		{"decay", s.Decay, s.Decay >= 0, "at least 0"},
		{"clip", s.Clip, s.Clip >= 0, "at least 0"},
		{"warmup", s.Warmup, s.Warmup >= 0 && s.Warmup <= 100, "from 0 to 100"},
		{"holdout", s.Holdout, s.Holdout >= 0 && s.Holdout < 1, "at least 0 and below 1"},
		{"ema", s.EMA, s.EMA >= 0 && s.EMA < 1, "at least 0 and below 1"},
		{"accumulate", float64(s.Accumulate), s.Accumulate >= 0, "at least 1, or 0 for 1"},
		{"layer-decay", s.LayerDecay, s.LayerDecay >= 0 && s.LayerDecay <= 1, "above 0 and at most 1, or 0 for 1"},
		{"chunk", float64(s.Chunk), s.Chunk >= 0, "at least 1, or 0 for the batch"},
		{"limit", float64(s.Limit), s.Limit >= 0, "at least 0"},
		{"patience", float64(s.Patience), s.Patience >= 0, "at least 0"},
		{"hash-images", float64(s.HashImages), s.HashImages >= 0, "at least 0"},
		{"eval-batch", float64(s.EvalBatch), s.EvalBatch >= 0, "at least 0"},
		{"eval-every", float64(s.EvalEvery), s.EvalEvery >= 0, "at least 0"},
	} {
		if !f.good {
			return fmt.Errorf("%s is %v: it must be %s", f.name, f.value, f.what)
		}
	}
	for i, cut := range s.Cuts {
		if !(cut > 0 && cut < 100) || i > 0 && cut <= s.Cuts[i-1] {
			return fmt.Errorf("cuts %v: %v is not a percentage above 0, below 100 and above the one before", s.Cuts, cut)
		}
	}
	if s.Schedule == "cosine" && len(s.Cuts) > 0 {
		return fmt.Errorf("cuts %v have no meaning with schedule cosine", s.Cuts)
	}
	if s.Views == "paper" && s.Size != 32 && s.Size != 0 {
		return fmt.Errorf("views paper is for images of size 32, not %d", s.Size)
	}
	if s.Views != "plain" && s.Crop == "resized" {
		return fmt.Errorf("crop resized and views %s exclude each other: those views crop by themselves", s.Views)
	}
	if s.Crop == "resized" && s.Data == "" {
		return fmt.Errorf("crop resized is for class folders of photographs, and no data are given")
	}
	return s.checkMethods(methods)
}

// checkMethods refuses methods that budget or recipe does not fit.
func (s Settings) checkMethods(methods []method.Method) error {
	var without []string
	for _, m := range methods {
		if n := s.images(m); s.Equal == "images" && s.Recipe == "common" && (s.Epochs%n != 0 || s.Batch%n != 0) {
			return fmt.Errorf("epochs %d and batch %d must be multiples of %d, the images a sample of %s; or give all methods equal epochs",
				s.Epochs, s.Batch, n, m.Name)
		}
		if m.Recipe == nil {
			without = append(without, m.Name)
		}
	}
	if s.Recipe == "common" {
		return nil
	}
	if s.Equal != "epochs" {
		return fmt.Errorf("recipe paper trains every method for as many epochs: it needs equal epochs")
	}
	if without != nil {
		return fmt.Errorf("recipe paper: no recipe for %s: leave out what has none, or take recipe common", strings.Join(without, ", "))
	}
	return nil
}
