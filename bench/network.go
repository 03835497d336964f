package main

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"time"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/distributed/mpi"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

// resnet32 returns the network with a 10-class Linear and no projection.
func resnet32() (*hybrid.Network, error) { return settings{net: "resnet32"}.network() }

// network returns the network of the flags with a Linear and no projection: resnet32 is CIFAR's, with 10 classes, on images of
// 32×32; others are for photographs, with 1,000, on 224×224.
func (s settings) network() (*hybrid.Network, error) {
	body, classes, size, err := s.backbone()
	if err != nil {
		return nil, err
	}
	size = or(s.size, size)
	return hybrid.NewNetwork(body, classes, hybrid.WithoutProjection(), hybrid.WithInput(size, size, 3))
}

func (s settings) backbone() (body backbone.Backbone, classes, size int, err error) {
	switch s.net {
	case "mlp":
		body, err = backbone.NewMLP(backbone.MLPSettings{Widths: []int{3072, 2048, 2048}})
		return body, 10, 32, err
	case "resnet32":
		body, err = backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 32})
		return body, 10, 32, err
	}
	named, err := backbone.NamedResNet(s.net)
	if err != nil {
		return nil, 0, 0, err
	}
	body, err = backbone.NewResNet(named)
	return body, 1000, 224, err
}

func trainSet(s settings) (result, error) {
	b := or(s.batch, 128)
	net, err := s.network()
	if err != nil {
		return nil, err
	}
	seconds, err := trainStep(s, net, b, s.seconds)
	if err != nil {
		return nil, err
	}
	return s.ofNetwork(net, b, seconds), nil
}

// ofNetwork are the figures of a job that takes b images in so many seconds.
func (s settings) ofNetwork(net *hybrid.Network, b int, seconds float64) result {
	return result{"net": s.net, "size": net.Input().Height, "batch": b, "bf16": s.bfloat16, "images_per_second": round(float64(b) / seconds),
		"ms": round(1e3 * seconds)}
}

// trainStep is the time of forward, cross-entropy, backward and SGD.
func trainStep(s settings, net *hybrid.Network, b int, seconds float64) (float64, error) {
	step, err := newTrainStep(s, net, b)
	if err != nil {
		return 0, err
	}
	return s.timed(step, seconds), nil
}

// newTrainStep returns a function that trains on the same b images each time.
func newTrainStep(s settings, net *hybrid.Network, b int) (func(), error) {
	params := nn.Params(net)
	optimizer, err := optim.SGD{Momentum: 0.9, WeightDecay: 1e-4}.New(params)
	if err != nil {
		return nil, err
	}
	in := net.Input()
	x, labels := gradtest.Normal(1, 1, b, in.Height, in.Width, in.Channels), randomLabels(b)
	step := train.Step{Params: params, Optimizer: optimizer, Tape: autograd.NewTape(autograd.Mode{}), Ranks: s.ranks, Trace: s.trace}
	return func() {
		_, _, err := step.Take(0.1, autograd.Mode{Train: true, Recompute: s.recompute, Precision: s.precision()}, func(t *autograd.Tape) (*autograd.Var, error) {
			l, _ := (&loss.CrossEntropy{}).Forward(loss.Input{Logits: net.Forward(t.Const(x)), Labels: labels, Views: 1})
			return l, nil
		})
		fail(err)
	}, nil
}

func infer(s settings) (result, error) {
	b := or(s.batch, 128)
	net, err := s.network()
	if err != nil {
		return nil, err
	}
	in := net.Input()
	x := gradtest.Normal(1, 1, b, in.Height, in.Width, in.Channels)
	if s.bfloat16 { // predictors are of float32
		weights := autograd.Snapshot(nn.Tensors(net)...)
		weights.Fix()
		mode := autograd.Mode{NoGrad: true, Weights: weights, Precision: s.precision()}
		tape := autograd.NewTape(mode)
		seconds := s.timed(func() {
			tape.Reset(mode)
			net.Forward(tape.Const(x))
		}, s.seconds)
		return s.ofNetwork(net, b, seconds), nil
	}
	predictor, err := net.Freeze()
	if err != nil {
		return nil, err
	}
	seconds := s.timed(func() {
		if _, err := predictor.Logits(x); err != nil {
			panic(err) // the shapes are ours
		}
	}, s.seconds)
	return s.ofNetwork(net, b, seconds), nil
}

// step trains Hybrid-SC for as long as it is given and reports the median step. Under mpirun ranks share the batch.
func step(s settings) (result, error) {
	b := or(s.batch, 128)
	c, err := mpi.Open(mpi.Settings{})
	if err != nil {
		return nil, err
	}
	body, _, size, err := s.backbone()
	if err != nil {
		return nil, err
	}
	size = or(s.size, size)
	net, err := hybrid.NewNetwork(body, 10, hybrid.WithInput(size, size, 3))
	if err != nil {
		return nil, err
	}
	data, _, err := dataset.Generate(dataset.GenerateSettings{Size: size, PerClass: b})
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	rates, began := []float64{}, time.Now()
	traced := tracer{file: s.traceFile}
	trainer := train.Trainer{Ranks: c, Streams: hybrid.SC(0.1), Batch: b, Chunk: s.chunk, Recompute: s.recompute, Precision: s.precision(), LearningRate: schedule.Constant(0.01), Epochs: 1 << 20,
		OnStep: func(r train.StepReport) error {
			if r.At.Epoch > 0 || r.At.Step > 1 {
				s.profile.start()
				rates = append(rates, r.ImagesPerSecond)
			}
			if time.Since(began).Seconds() > s.seconds && len(rates) >= 3 {
				stop()
			}
			return nil
		}}
	if s.traceFile != "" {
		trainer.Trace = traced.add
	}
	plan, err := trainer.PlanMemory(ctx, net, data, nil)
	if err != nil {
		return nil, err
	}
	before := settledMB()
	if _, err = trainer.Fit(ctx, net, data, nil); !errors.Is(err, context.Canceled) {
		return nil, err
	}
	if err := leave(c); err != nil {
		return nil, err
	}
	r := result{"net": s.net, "size": size, "batch": b, "ranks": c.Size(), "bf16": s.bfloat16, "images_per_second": round(median(rates)), "base_mb": before,
		"plan_mb": before + int(plan.Peak()>>20)}
	if s.traceFile != "" {
		return r, traced.report(r)
	}
	return r, nil
}

// memory is step, whose peak_mb counts; by default on the paper's batch.
func memory(s settings) (result, error) {
	s.batch = or(s.batch, 512)
	return step(s)
}

func randomLabels(n int) []int {
	rng := rand.New(rand.NewPCG(1, 2))
	labels := make([]int, n)
	for i := range labels {
		labels[i] = rng.IntN(10)
	}
	return labels
}

func or(v, otherwise int) int {
	if v == 0 {
		return otherwise
	}
	return v
}

func round(v float64) float64 { return math.Round(v*100) / 100 }

func (s settings) precision() autograd.Precision {
	if s.bfloat16 {
		return autograd.BFloat16
	}
	return autograd.Float32
}
