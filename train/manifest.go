package train

import (
	"fmt"
	"reflect"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/longtail-ml/longtail/nn"
)

// Manifest says what training n on train is, for a run that selects by held and is tested on test; each of the two may be
// nil. Call it before Fit. It is the same for a run that goes on as for one that begins: there are no times, paths or
// names of machines in it.
//
// Parts are told by the names of their types and by their exported fields, so that your own show up too, without those
// that are zero; schedules by all of their fields and, where there is a function in one, by a checksum of its value in
// each epoch. A backbone with a method String is told by it. Images are told by dataset.Indices and labels: give the sets
// that were chosen, not copies of them that dataset.Load read.
//
// Left for the caller are Data.Name, Data.Profile, Training.Method, Training.Other and Selection, and after Fit
// Training.ImagesSeen, which is Result.Images.
//
// What Fit would refuse about the trainer's numbers and the data is an error.
func (t Trainer) Manifest(n *hybrid.Network, train, held, test dataset.Dataset) (manifest.Manifest, error) {
	t.setDefaults()
	if err := t.check(n, train, nil); err != nil {
		return manifest.Manifest{}, err
	}
	if held == nil {
		held = t.Validation
	}
	m := manifest.New(kernels.Level())
	for _, set := range []struct {
		name   string
		data   dataset.Dataset
		sum    *string
		counts *[]int
	}{
		{"training", train, &m.Data.TrainSHA256, &m.Data.TrainCounts},
		{"held-out", held, &m.Data.HeldOutSHA256, &m.Data.HeldOutCounts},
		{"test", test, &m.Data.TestSHA256, &m.Data.TestCounts},
	} {
		if set.data == nil {
			continue
		}
		err := n.CheckData(set.name, set.data)
		if err == nil {
			*set.sum, err = manifest.HashSamples(dataset.Indices(set.data), dataset.Labels(set.data))
		}
		if err != nil {
			return manifest.Manifest{}, err
		}
		*set.counts = dataset.Counts(set.data)
	}
	d := describer{epochs: t.Epochs, within: map[uintptr]bool{}, inside: true}
	var err error
	if m.Network, err = describeNetwork(d, n); err != nil {
		return manifest.Manifest{}, err
	}
	m.Training = t.manifest(d)
	return m, nil
}

func describeNetwork(d describer, n *hybrid.Network) (manifest.Network, error) {
	in := n.Input()
	m := manifest.Network{Backbone: d.phrase(n.Backbone), Projection: d.phrase(n.Projection), Classifier: d.phrase(n.Classifier),
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

func (t Trainer) manifest(d describer) manifest.Training {
	if t.Groups == nil {
		t.Groups = metrics.Groups{}
	}
	m := manifest.Training{Optimizer: d.phrase(t.Optimizer), LearningRate: d.phrase(t.LearningRate), Epochs: t.Epochs, LimitSteps: t.LimitSteps,
		Batch: t.Batch, Accumulate: t.Accumulate, SkipNonFinite: t.SkipNonFinite, EvalEvery: t.EvalEvery, Groups: d.phrase(t.Groups),
		BLAS: d.phrase(t.BLAS), Seed: t.Seed, KeyDecay: t.KeyDecay}
	if m.Patience = t.Patience; t.Score != nil {
		m.Score = phrase(d.value(reflect.ValueOf(t.Score)))
	}
	if t.ClipNorm > 0 {
		m.ClipNorm = phrase(t.ClipNorm)
	}
	if t.EMA.Decay > 0 {
		m.EMA = phrase(d.fields(reflect.ValueOf(t.EMA)))
	}
	for _, s := range t.Streams {
		stream := manifest.Stream{Name: s.Name, Sampler: d.phrase(s.Sampler), Mixer: d.phrase(s.Mixer)}
		if s.Partner != nil {
			stream.Partner = d.phrase(*s.Partner)
		}
		for _, view := range s.Transforms() {
			stream.Views = append(stream.Views, transforms(d, []string{}, view))
		}
		for _, term := range s.Terms {
			stream.Terms = append(stream.Terms, describeTerm(d, term))
		}
		m.Streams = append(m.Streams, stream)
	}
	return m
}

// transforms appends the phrases of what t applies.
func transforms(d describer, all []string, t augment.Transform) []string {
	if c, ok := t.(augment.Compose); ok {
		for _, t := range c {
			all = transforms(d, all, t)
		}
		return all
	}
	return append(all, d.phrase(t))
}

func describeTerm(d describer, t hybrid.Term) manifest.Term {
	m := manifest.Term{Name: t.Name, Weight: "1", Views: t.Views, KeyViews: t.KeyViews, Settings: map[string]string{}}
	if t.Weight != nil {
		m.Weight = d.phrase(t.Weight)
	}
	if t.Loss == nil {
		return m
	}
	fields := d.dynamic(reflect.ValueOf(t.Loss)).(map[string]any)
	m.Loss = phrase(map[string]any{"type": fields["type"]})
	for name, v := range fields {
		if name != "type" && !isZero(v) {
			m.Settings[name] = phrase(v)
		}
	}
	return m
}
