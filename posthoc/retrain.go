package posthoc

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/internal/cause"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
)

// Retrain says how a head is trained on frozen features. The zero value is the second stage of
// arXiv 1910.09217, but with all draws of its sampler in an epoch: the authors' code ends it after as many as there are
// images.
type Retrain struct {
	Sampler      sampler.Sampler    // nil means ClassAware; Instance gives the usual linear evaluation of a backbone
	Epochs       int                // 0 means 10; of len(draws)/Batch steps, a last, partial batch left out
	Batch        int                // 0 means 512; all images if there are fewer
	LearningRate schedule.Scheduler // nil means a cosine from 0.2 to 0, by step
	Optimizer    optim.Rule         // nil means SGD of momentum 0.9 and weight decay 5e-4
	// Loss is one of logits alone, such as &loss.LogitAdjusted{}, for which sampler.Instance{} is right. nil means cross-entropy.
	Loss loss.Loss
	Seed uint64 // of the first weights and the samples
}

// CRT returns a head trained from new weights (classifier re-training, arXiv 1910.09217): trained on the features of a
// contrastive backbone it is the second stage of SupCon (arXiv 2004.11362). A class without images is an error unless
// Sampler takes it.
func (r Retrain) CRT(ctx context.Context, trainSet Set) (*nn.Linear, error) {
	if err := trainSet.check(); err != nil {
		return nil, err
	}
	head := nn.NewLinear(nn.LinearSettings{In: trainSet.Features.Dim(1), Out: trainSet.Classes, Seed: r.Seed})
	if err := r.fit(ctx, head, head.Forward, trainSet); err != nil {
		return nil, err
	}
	return head, nil
}

// Tune returns a head that is trained on from the weights of head, which is only read.
func (r Retrain) Tune(ctx context.Context, head *nn.Linear, trainSet Set) (*nn.Linear, error) {
	if err := trainSet.check(); err != nil {
		return nil, err
	}
	if err := checkHead(head); err != nil {
		return nil, err
	}
	if err := checkWidth(trainSet.Features, head.Weight.Value.Dim(1)); err != nil {
		return nil, err
	}
	if classes := head.Weight.Value.Dim(0); classes != trainSet.Classes {
		return nil, fmt.Errorf("posthoc: a head of %d classes for a set of %d: both must have the same", classes, trainSet.Classes)
	}
	tuned := &nn.Linear{Weight: autograd.NewParam(head.Weight.Value.Clone())}
	if head.Bias != nil {
		tuned.Bias = autograd.NewParam(head.Bias.Value.Clone())
	}
	if err := r.fit(ctx, tuned, tuned.Forward, trainSet); err != nil {
		return nil, err
	}
	return tuned, nil
}

// LWS returns the head with the logits of each class multiplied by a learned scale, and the scales (learnable weight
// scaling, arXiv 1910.09217): weights and bias keep their directions, so only one number a class is trained.
func (r Retrain) LWS(ctx context.Context, head *nn.Linear, trainSet Set) (*nn.Linear, []float32, error) {
	if err := trainSet.check(); err != nil {
		return nil, nil, err
	}
	logits, err := Logits(head, trainSet.Features)
	if err != nil {
		return nil, nil, err
	}
	if logits.Dim(1) != trainSet.Classes {
		return nil, nil, fmt.Errorf("posthoc: a head of %d classes for a set of %d: both must have the same", logits.Dim(1), trainSet.Classes)
	}
	s := &scales{autograd.NewParam(tensor.New(trainSet.Classes))}
	for c := range s.values.Value.Data() {
		s.values.Value.Data()[c] = 1
	}
	fixed := Set{Features: logits, Labels: trainSet.Labels, Classes: trainSet.Classes}
	if err := r.fit(ctx, s, s.forward, fixed); err != nil {
		return nil, nil, err
	}
	return s.applied(head), s.values.Value.Data(), nil
}

// fit trains what m shows, by the logits that forward gives of features.
func (r Retrain) fit(ctx context.Context, m nn.Visitable, forward func(*autograd.Var) *autograd.Var, trainSet Set) error {
	if r.Epochs < 0 || r.Batch < 0 {
		return fmt.Errorf("posthoc: Retrain of %d epochs, batch %d: neither may be negative", r.Epochs, r.Batch)
	}
	rows, dim := trainSet.Features.Dim(0), trainSet.Features.Dim(1)
	epochs, batch := cmp.Or(r.Epochs, 10), min(cmp.Or(r.Batch, 512), rows)
	s, rate, rule := r.Sampler, r.LearningRate, r.Optimizer
	if s == nil {
		s = sampler.ClassAware{}
	}
	if rate == nil {
		rate = schedule.Cosine{Base: 0.2, ByStep: true}
	}
	if rule == nil {
		rule = optim.SGD{Momentum: 0.9, WeightDecay: 5e-4}
	}
	if err := schedule.Validate(rate); err != nil {
		return fmt.Errorf("posthoc: Retrain.LearningRate: %w", err)
	}
	objective, err := r.objective(trainSet)
	if err != nil {
		return err
	}
	params := nn.Params(m)
	optimizer, err := rule.New(params)
	if err != nil {
		return fmt.Errorf("posthoc: Retrain.Optimizer: %w", err)
	}
	step := train.Step{Params: params, Optimizer: optimizer, Tape: autograd.NewTape(autograd.Mode{})}
	x, labels := tensor.New(batch, dim), make([]int, batch)
	at := schedule.Progress{Epochs: epochs}
	return tensor.Try(func() error {
		for ; at.Epoch < epochs; at.Epoch++ {
			at.Step, at.Steps = 0, 0
			order, err := s.Epoch(trainSet.Labels, sampler.Plan{At: at, Classes: trainSet.Classes, Batch: batch, Seed: r.Seed})
			if err != nil {
				return fmt.Errorf("posthoc: Retrain.Sampler: %w", err)
			}
			if at.Steps = len(order) / batch; at.Steps == 0 {
				return fmt.Errorf("posthoc: Retrain.Sampler: a batch of %d is larger than the %d images of an epoch: choose a smaller Batch",
					batch, len(order))
			}
			for ; at.Step < at.Steps; at.Step++ {
				if err := cause.Err(ctx); err != nil {
					return err
				}
				for i, row := range order[at.Step*batch : (at.Step+1)*batch] {
					copy(x.Data()[i*dim:(i+1)*dim], trainSet.Features.Data()[row*dim:(row+1)*dim])
					labels[i] = trainSet.Labels[row]
				}
				_, _, err := step.Take(rate.At(at), autograd.Mode{Train: true}, func(t *autograd.Tape) (*autograd.Var, error) {
					total, _ := objective.Forward(loss.Input{Logits: forward(t.Const(x)), Labels: labels, Views: 1, At: at})
					return total, nil
				})
				if bad := (*train.NonFiniteError)(nil); errors.As(err, &bad) {
					bad.Epoch, bad.Step = at.Epoch, at.Step
				}
				if err != nil {
					return fmt.Errorf("posthoc: stopped in epoch %d at step %d, lower Retrain.LearningRate or scale the features: %w", at.Epoch, at.Step, err)
				}
			}
		}
		return r.diverged(params)
	})
}

// objective returns the loss, prepared for the set.
func (r Retrain) objective(trainSet Set) (loss.Loss, error) {
	if r.Loss == nil {
		return &loss.CrossEntropy{}, nil
	}
	if needs := r.Loss.Needs(); needs.With(loss.Needs{Logits: true}) != (loss.Needs{Logits: true}) {
		return nil, fmt.Errorf("posthoc: Retrain.Loss is a %T, which needs embeddings, experts or a teacher: a head has logits alone; train.Trainer trains by it, "+
			"on features too (hybrid.WithFeatures)", r.Loss)
	}
	if b, ok := r.Loss.(loss.Builder); ok {
		if err := b.Build(loss.Target{Classes: trainSet.Classes, Seed: r.Seed}); err != nil {
			return nil, fmt.Errorf("posthoc: Retrain.Loss: %w", err)
		}
	}
	if p, ok := r.Loss.(loss.Preparer); ok {
		if err := p.Prepare(trainSet.Counts()); err != nil {
			return nil, fmt.Errorf("posthoc: Retrain.Loss: %w", err)
		}
	}
	return r.Loss, nil
}

// diverged reports parameters that are no longer finite.
func (r Retrain) diverged(params []nn.Entry) error {
	for _, p := range params {
		for i, v := range p.Param.Value.Data() {
			if v-v != 0 {
				return fmt.Errorf("posthoc: %s[%d] is %v after training: lower Retrain.LearningRate or scale the features", p.Path, i, v)
			}
		}
	}
	return nil
}
