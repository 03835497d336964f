package main

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"time"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/autograd/gradtest"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/parallel"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

// resnet32 returns the network with a 10-class Linear and no projection.
func resnet32() (*hybrid.Network, error) {
	body, err := backbone.NewResNet(backbone.ResNetSettings{Depth: 32})
	if err != nil {
		return nil, err
	}
	return hybrid.NewNetwork(body, 10, hybrid.WithoutProjection())
}

func trainSet(s settings) (result, error) {
	b := or(s.batch, 128)
	net, err := resnet32()
	if err != nil {
		return nil, err
	}
	seconds, err := trainStep(s, net, b, s.seconds)
	if err != nil {
		return nil, err
	}
	return result{"batch": b, "bf16": false, "images_per_second": round(float64(b) / seconds)}, nil
}

// trainStep is the time of forward, cross-entropy, backward and SGD.
func trainStep(s settings, net *hybrid.Network, b int, seconds float64) (float64, error) {
	step, err := newTrainStep(net, b)
	if err != nil {
		return 0, err
	}
	return s.timed(step, seconds), nil
}

// newTrainStep returns a function that trains on the same b images each time.
func newTrainStep(net *hybrid.Network, b int) (func(), error) {
	params := nn.Params(net)
	optimizer, err := optim.SGD{Momentum: 0.9, WeightDecay: 1e-4}.New(params)
	if err != nil {
		return nil, err
	}
	x, labels := gradtest.Normal(1, 1, b, 32, 32, 3), randomLabels(b)
	mode := autograd.Mode{Train: true}
	tape, ce := autograd.NewTape(mode), &loss.CrossEntropy{}
	return func() {
		tape.Reset(mode)
		l, _ := ce.Forward(loss.Input{Logits: net.Forward(tape.Const(x)), Labels: labels, Views: 1})
		optim.ZeroGrad(params)
		tape.Backward(l, nil)
		optimizer.Step(0.1)
		tape.Commit()
	}, nil
}

func infer(s settings) (result, error) {
	b := or(s.batch, 128)
	net, err := resnet32()
	if err != nil {
		return nil, err
	}
	predictor, err := net.Freeze()
	if err != nil {
		return nil, err
	}
	x := gradtest.Normal(1, 1, b, 32, 32, 3)
	seconds := s.timed(func() {
		if _, err := predictor.Logits(x); err != nil {
			panic(err) // the shapes are ours
		}
	}, s.seconds)
	return result{"batch": b, "images_per_second": round(float64(b) / seconds)}, nil
}

// step trains Hybrid-SC for as long as it is given and reports the median step.
func step(s settings) (result, error) {
	b := or(s.batch, 128)
	body, err := backbone.NewResNet(backbone.ResNetSettings{Depth: 32})
	if err != nil {
		return nil, err
	}
	net, err := hybrid.NewNetwork(body, 10)
	if err != nil {
		return nil, err
	}
	data, _, err := dataset.Generate(dataset.GenerateSettings{Size: 32, PerClass: b})
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	rates, began := []float64{}, time.Now()
	_, err = train.Trainer{Streams: hybrid.SC(0.1), Batch: b, LearningRate: schedule.Constant(0.01), Epochs: 1 << 20,
		OnStep: func(r train.StepReport) {
			if r.At.Epoch > 0 || r.At.Step > 1 {
				s.profile.start()
				rates = append(rates, r.ImagesPerSecond)
			}
			if time.Since(began).Seconds() > s.seconds && len(rates) >= 3 {
				stop()
			}
		}}.Fit(ctx, net, data, nil)
	if ctx.Err() == nil {
		return nil, err
	}
	return result{"batch": b, "images_per_second": round(median(rates))}, nil
}

// memory is step, whose peak_mb counts; by default on the paper's batch.
func memory(s settings) (result, error) {
	s.batch = or(s.batch, 512)
	return step(s)
}

func input(s settings) (result, error) {
	b := or(s.batch, 128)
	data, _, err := dataset.Generate(dataset.GenerateSettings{Size: 32, PerClass: (b + 9) / 10})
	if err != nil {
		return nil, err
	}
	pixels, err := augment.CIFARNormalize().Table()
	if err != nil {
		return nil, err
	}
	view, out := augment.CIFAR(), make([]float32, b*32*32*3)
	memory := s.timed(func() {
		parallel.For(s.threads, func(worker int) {
			var img dataset.Image
			var pcg rand.PCG
			rng := rand.New(&pcg)
			for i := worker; i < b; i += s.threads {
				_ = data.Image(i, &img)
				augment.Key{Position: i}.Reseed(&pcg)
				view.Apply(&img, rng)
				_ = pixels.Write(out[i*3072:(i+1)*3072], &img)
			}
		})
	}, s.seconds/2)
	file := &bytes.Buffer{}
	if err := jpeg.Encode(file, noise(32), &jpeg.Options{Quality: 75}); err != nil {
		return nil, err
	}
	decode := s.timed(func() {
		parallel.For(s.threads, func(worker int) {
			var img dataset.Image
			for i := worker; i < b; i += s.threads {
				if err := dataset.Decode(bytes.NewReader(file.Bytes()), 32, 32, dataset.CenterCrop, &img); err != nil {
					panic(err) // a file just encoded
				}
			}
		})
	}, s.seconds/2)
	return result{"batch": b, "images_per_second": round(float64(b) / memory), "jpeg_per_second": round(float64(b) / decode)}, nil
}

func noise(size int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, size, size))
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range img.Pix {
		img.Pix[i] = uint8(rng.IntN(256))
	}
	return img
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
