package main

import (
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

// rounds is how often a method's steps and what foretells them take turns, because a machine's speed drifts.
const rounds = 4

// methodSpeed is a line of job methods.
type methodSpeed struct {
	Name    string `json:"name"`
	Samples int    `json:"samples"`  // in a step
	Rows    int    `json:"rows"`     // images that pass forward and backward in a step
	KeyRows int    `json:"key_rows"` // images that pass the momentum encoder
	// ImagesPerSecond and Predicted are medians over all rounds, Ratio is the one over the other, and Ratios are those of
	// the medians of each round.
	ImagesPerSecond float64   `json:"images_per_second"`
	Predicted       float64   `json:"predicted"`
	Ratio           float64   `json:"ratio"`
	Ratios          []float64 `json:"ratios"`
}

// turns are the times of a round, or of several: of the method's steps, of plain training steps on its rows, and of
// forward passes of its key rows, none of which are needed where there are no key rows.
type turns struct{ steps, trainSet, keys []float64 }

func (t *turns) add(u turns) {
	t.steps, t.trainSet, t.keys = append(t.steps, u.steps...), append(t.trainSet, u.trainSet...), append(t.keys, u.keys...)
}

// speeds returns images/s as they are, and as the plain steps foretell.
func (m methodSpeed) speeds(t turns) (measured, predicted float64) {
	images, foretold := float64(m.Rows+m.KeyRows), median(t.trainSet)
	if m.KeyRows > 0 {
		foretold += median(t.keys)
	}
	return images / median(t.steps), images / foretold
}

// timeMethod times steps of m for half of the time, and what foretells them for the other half.
func timeMethod(s settings, m method.Method, body func(branches int) (backbone.Backbone, error), data dataset.Dataset) (methodSpeed, error) {
	speed := methodSpeed{Name: m.Name, Samples: max(1, s.batch/m.Images)}
	b, err := body(m.Branches)
	if err != nil {
		return speed, err
	}
	net, streams, err := m.New(b, method.Setup{Counts: dataset.Counts(data)})
	if err != nil {
		return speed, err
	}
	if m.Teacher != nil {
		t, err := body(m.Teacher.Branches)
		if err != nil {
			return speed, err
		}
		teacher, _, err := m.Teacher.New(t, method.Setup{Counts: dataset.Counts(data)})
		if err != nil {
			return speed, err
		}
		streams = streams.TaughtBy(teacher)
	}
	branches := m.Branches // that a plain step passes, as experts do
	for _, stream := range streams {
		if stream.MixesFeatures() {
			branches = 0 // each image passes one of them
		}
		seen, keys := viewsOf(stream)
		speed.Rows, speed.KeyRows = speed.Rows+streams.Passes()*seen*speed.Samples, speed.KeyRows+keys*speed.Samples
		fillQueues(stream, net.EmbeddingDim(), data)
	}
	if s.views == "cifar" {
		streams = streams.Augment(augment.CIFAR())
	}
	plain, err := body(branches)
	if err != nil {
		return speed, err
	}
	trainSet, keys, err := plainSteps(plain, speed)
	if err != nil {
		return speed, err
	}

	share := s.seconds / (2 * rounds)
	var all, now turns
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	began, skip := time.Now(), 2 // the first steps ask for memory
	_, err = train.Trainer{Streams: streams, Batch: speed.Samples, LearningRate: schedule.Constant(0.01), Epochs: 1 << 20,
		OnStep: func(r train.StepReport) error {
			if skip > 0 {
				skip--
				began = time.Now()
				s.profile.start()
				return nil
			}
			now.steps = append(now.steps, float64(r.Images)/r.ImagesPerSecond)
			if len(now.steps) < 2 || time.Since(began).Seconds() < share {
				return nil
			}
			fail(s.profile.stop())
			trainSet()
			now.trainSet = times(trainSet, share)
			if speed.KeyRows > 0 {
				keys()
				now.keys = times(keys, share/4)
			}
			measured, predicted := speed.speeds(now)
			speed.Ratios = append(speed.Ratios, round(measured/predicted))
			all.add(now)
			now = turns{}
			if skip = 1; len(speed.Ratios) == rounds { // the next report has the time of these plain steps in it
				stop()
			}
			return nil
		}}.Fit(ctx, net, data, nil)
	if ctx.Err() == nil {
		return speed, err
	}
	measured, predicted := speed.speeds(all)
	speed.ImagesPerSecond, speed.Predicted, speed.Ratio = round(measured), round(predicted), round(measured/predicted)
	return speed, nil
}

// viewsOf counts the views of a sample that pass the network, and those that pass the momentum encoder or a teacher.
func viewsOf(s hybrid.Stream) (seen, keys int) {
	var network, encoder []int
	for _, t := range s.Terms {
		if t.Views == nil {
			for v := range max(1, len(s.Views)) {
				network = append(network, v)
			}
		}
		network, encoder = append(network, t.Views...), append(encoder, t.KeyViews...)
	}
	distinct := func(views []int) int {
		slices.Sort(views)
		return len(slices.Compact(views))
	}
	keys = distinct(encoder) + len(s.Taught())
	if s.MixesFeatures() {
		return 2 * distinct(network), keys
	}
	return distinct(network), keys
}

// plainSteps returns a training step by cross-entropy on the rows, and a forward pass of the key rows.
func plainSteps(b backbone.Backbone, speed methodSpeed) (trainSet, keys func(), err error) {
	net, err := hybrid.NewNetwork(b, 10, hybrid.WithoutProjection())
	if err != nil {
		return nil, nil, err
	}
	if trainSet, err = newTrainStep(settings{}, net, speed.Rows); err != nil || speed.KeyRows == 0 {
		return trainSet, nil, err
	}
	x, mode := gradtest.Normal(2, 1, speed.KeyRows, 32, 32, 3), autograd.Mode{Train: true, NoGrad: true}
	tape := autograd.NewTape(mode)
	return trainSet, func() {
		tape.Reset(mode)
		net.Forward(tape.Const(x))
	}, nil
}

// fillQueues fills the queues of losses as an epoch would: their length is part of the arithmetic.
func fillQueues(s hybrid.Stream, dim int, data dataset.Dataset) {
	for _, t := range s.Terms {
		var q *loss.Queue
		switch l := t.Loss.(type) {
		case *loss.KCL:
			q = l.Queue
		case *loss.TSC:
			q = l.Queue
		case *loss.PaCo:
			q = l.Queue
		}
		if q == nil {
			continue
		}
		labels := dataset.Labels(data)
		rand.New(rand.NewPCG(1, 3)).Shuffle(len(labels), func(i, j int) { labels[i], labels[j] = labels[j], labels[i] })
		tape := autograd.NewTape(autograd.Mode{NoGrad: true})
		q.Add(nn.L2Normalize(tape.Const(gradtest.Normal(3, 1, len(labels), dim))).Value(), labels)
	}
}
