package train

import (
	"fmt"
	"strings"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/describe"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/nn"
)

// Manifest says what training n on train and testing on test, which may be nil, is. It is what a checkpoint keeps, and
// what Checkpoints.Resume compares; it is the same for a run that goes on as for one that begins: there are no times, paths
// or names of machines in it. Call it before Fit.
//
// Parts are told by the names of their types and by their exported fields, so that your own show up too, without those
// that are zero; schedules by all of their fields and, where there is a function in one, by a checksum of its value in
// each epoch. A backbone with a method String is told by it. Images are told by dataset.Indices and labels. Selection says
// what Result.Best is chosen on, or manifest.LastEpoch.
//
// What only the program knows it takes from Notes. Left is Training.ImagesSeen, which after Fit is Result.Images.
//
// What Fit would refuse about the trainer's numbers and the data is an error.
func (t Trainer) Manifest(n *hybrid.Network, train, test dataset.Dataset) (manifest.Manifest, error) {
	t.setDefaults()
	if err := t.check(n, train, test); err != nil {
		return manifest.Manifest{}, err
	}
	return t.describe(n, train, test)
}

func (t Trainer) describe(n *hybrid.Network, train, test dataset.Dataset) (manifest.Manifest, error) {
	m := manifest.New(kernels.Level())
	for _, set := range []struct {
		data   dataset.Dataset
		sum    *string
		counts *[]int
	}{
		{train, &m.Data.TrainSHA256, &m.Data.TrainCounts},
		{t.Validation, &m.Data.HeldOutSHA256, &m.Data.HeldOutCounts},
		{test, &m.Data.TestSHA256, &m.Data.TestCounts},
	} {
		if set.data == nil {
			continue
		}
		var err error
		if *set.sum, err = manifest.HashSamples(dataset.Indices(set.data), dataset.Labels(set.data)); err != nil {
			return manifest.Manifest{}, err
		}
		*set.counts = dataset.Counts(set.data)
	}
	var err error
	if m.Network, err = describeNetwork(n); err != nil {
		return manifest.Manifest{}, err
	}
	m.Training = t.describeTraining()
	m.Selection = map[string]string{"": manifest.LastEpoch, OnValidation: manifest.BestHeldOut, OnTest: manifest.BestOnTest,
		OnTraining: manifest.BestTraining}[t.judge(test)]
	return m.With(t.Notes), nil
}

func describeNetwork(n *hybrid.Network) (manifest.Network, error) {
	in := n.Input()
	m := manifest.Network{Backbone: describe.Value(n.Backbone, 0), Projection: describe.Value(n.Projection, 0), Classifier: describe.Value(n.Classifier, 0),
		Input: []int{in.Height, in.Width, in.Channels}, Frozen: frozen(n), SeparatePasses: n.SeparatePasses()}
	layers := 0
	for _, e := range nn.Params(n.Backbone) {
		shape := e.Param.Value.Shape()
		if len(shape) < 2 {
			continue
		}
		if layers++; layers > 1 {
			continue
		}
		if m.Width = shape[0]; e.Layout == nn.HWIO {
			m.Width = shape[len(shape)-1]
		}
	}
	if s, ok := n.Backbone.(fmt.Stringer); ok {
		m.Backbone = s.String()
	} else {
		m.Backbone += fmt.Sprintf(", %d layers", layers)
	}
	black, white, err := extremes(n)
	if err != nil {
		return m, err
	}
	m.Normalize = fmt.Sprintf("black %v, white %v", black, white)
	size, err := n.Summary()
	m.Parameters, m.MultiplyAdds = size.Parameters, size.MultiplyAdds
	return m, err
}

func (t Trainer) describeTraining() manifest.Training {
	say := func(v any) string { return describe.Value(v, t.Epochs) }
	if t.Groups == nil {
		t.Groups = metrics.Groups{}
	}
	m := manifest.Training{Optimizer: say(t.Optimizer), LearningRate: say(t.LearningRate), Epochs: t.Epochs, LimitSteps: t.LimitSteps,
		Batch: t.Batch, Accumulate: t.Accumulate, SkipNonFinite: t.SkipNonFinite, EvalEvery: t.EvalEvery, Groups: say(t.Groups),
		BLAS: say(t.BLAS), Seed: t.Seed, KeyDecay: t.KeyDecay}
	if m.Patience = t.Patience; t.Score != nil {
		m.Score = say(t.Score)
	}
	if t.ClipNorm > 0 {
		m.ClipNorm = fmt.Sprint(t.ClipNorm)
	}
	if t.EMA.Decay > 0 {
		m.EMA = strings.TrimPrefix(say(t.EMA), "train.EMA")
	}
	for _, s := range t.Streams {
		stream := manifest.Stream{Name: s.Name, Sampler: say(s.Sampler), Mixer: say(s.Mixer)}
		if s.Partner != nil {
			stream.Partner = say(*s.Partner)
		}
		for _, view := range s.Transforms() {
			stream.Views = append(stream.Views, transforms(say, []string{}, view))
		}
		for _, term := range s.Terms {
			stream.Terms = append(stream.Terms, describeTerm(say, term, t.Epochs))
		}
		m.Streams = append(m.Streams, stream)
	}
	return m
}

// transforms appends the phrases of what t applies.
func transforms(say func(any) string, all []string, t augment.Transform) []string {
	if c, ok := t.(augment.Compose); ok {
		for _, t := range c {
			all = transforms(say, all, t)
		}
		return all
	}
	return append(all, say(t))
}

func describeTerm(say func(any) string, t hybrid.Term, epochs int) manifest.Term {
	m := manifest.Term{Name: t.Name, Weight: "1", Views: t.Views, KeyViews: t.KeyViews, Settings: map[string]string{}}
	if t.Weight != nil {
		m.Weight = say(t.Weight)
	}
	if t.Loss == nil {
		return m
	}
	m.Loss, m.Settings = describe.Fields(t.Loss, epochs)
	return m
}

// extremes returns what a black and a white pixel become.
func extremes(n *hybrid.Network) (black, white []float32, err error) {
	table, err := n.Normalize().Table()
	if err != nil {
		return nil, nil, err
	}
	channels := table.Channels()
	black, white = make([]float32, channels), make([]float32, channels)
	pixel := dataset.Image{Width: 1, Height: 1, Channels: channels, Pix: make([]uint8, channels)}
	if err := table.Write(black, &pixel); err != nil {
		return nil, nil, err
	}
	for i := range pixel.Pix {
		pixel.Pix[i] = 255
	}
	return black, white, table.Write(white, &pixel)
}

// frozen lists the paths of the parameters and statistics that training leaves as they are.
func frozen(m nn.Visitable) []string {
	paths := []string{}
	for _, e := range nn.Entries(m) {
		if e.Frozen() {
			paths = append(paths, e.Path)
		}
	}
	return paths
}
