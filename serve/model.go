package serve

import (
	"errors"
	"fmt"
	"image"
	"sync"
	"time"

	"github.com/longtail-ml/longtail/embedding"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/tensor"
)

// Model is a model to serve.
type Model struct {
	Name string
	// Predictor knows the names of its classes, as one of an opened file does, and takes pictures.
	Predictor *hybrid.Predictor
	// Index has the training images that POST /v1/neighbours finds, embedded by this model; nil: it finds none.
	Index *embedding.Index
}

// loaded is a model at work.
type loaded struct {
	Model
	about    hybrid.About
	plain    *hybrid.Predictor // without test-time augmentation
	classify *batcher[hybrid.Classification]
	embed    *batcher[[]float32]
}

// load computes a blank picture, so that what a model cannot do is known before it is asked.
func load(m Model, s Settings, seen func(images int, took time.Duration)) (*loaded, error) {
	if m.Name == "" || m.Predictor == nil {
		return nil, errors.New("a model needs a name and a predictor")
	}
	l := &loaded{Model: m, about: m.Predictor.About()}
	blank := image.NewGray(image.Rect(0, 0, 1, 1))
	_, err := m.Predictor.Classify(blank)
	if err == nil {
		l.plain, err = m.Predictor.WithTTA(hybrid.NoTTA)
	}
	if err == nil {
		_, err = embedding.ProbeOf(l.plain)
	}
	if err == nil && m.Index != nil {
		err = m.Index.CheckModel(l.plain)
	}
	if err == nil && m.Index != nil && m.Index.Len() == 0 {
		err = errors.New("its index has no images")
	}
	if err != nil {
		return nil, fmt.Errorf("model %s: %w", m.Name, err)
	}
	l.classify = start(s, m.Predictor.ClassifyPrepared, seen)
	l.embed = start(s, l.embedAll, seen)
	return l, nil
}

func (l *loaded) embedAll(x ...*tensor.Tensor) ([][]float32, error) {
	y, err := l.plain.EmbedPrepared(x...)
	if err != nil {
		return nil, err
	}
	rows := make([][]float32, len(x))
	for i := range rows {
		rows[i] = y.Rows(i, i+1).Data()
	}
	return rows, nil
}

func (l *loaded) stop() {
	l.classify.stop()
	l.embed.stop()
}

// models are those that are served at a time, and who uses them. They stop when they have been replaced and nobody does.
type models struct {
	all  []*loaded
	uses sync.WaitGroup
}

// named returns a model: the first if name is "", nil if there is none.
func (m *models) named(name string) *loaded {
	for _, l := range m.all {
		if name == "" || l.Name == name {
			return l
		}
	}
	return nil
}

func (m *models) stop() {
	m.uses.Wait()
	for _, l := range m.all {
		l.stop()
	}
}

// loadAll loads all or none.
func loadAll(all []Model, s Settings, seen func(model string) func(int, time.Duration)) (*models, error) {
	if len(all) == 0 {
		return nil, errors.New("no models")
	}
	m := &models{}
	for _, one := range all {
		err := error(nil)
		if m.named(one.Name) != nil && len(m.all) > 0 && one.Name != "" {
			err = fmt.Errorf("two models are named %s", one.Name)
		}
		var l *loaded
		if err == nil {
			l, err = load(one, s, seen(one.Name))
		}
		if err != nil {
			m.stop()
			return nil, err
		}
		m.all = append(m.all, l)
	}
	return m, nil
}
