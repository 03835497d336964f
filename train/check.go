package train

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/schedule"
)

// checkStreams builds and prepares the losses and says what is wrong with the settings.
func checkStreams(streams hybrid.Streams, n *hybrid.Network, classCounts []int, epochs int, seed uint64) error {
	if len(streams) == 0 {
		return fmt.Errorf("train: no streams: set Trainer.Streams, for example to hybrid.CE()")
	}
	if err := checkRho(streams); err != nil {
		return err
	}
	names := map[string]bool{}
	for i, s := range streams {
		where := fmt.Sprintf("train: stream %d", i)
		if s.Name != "" {
			where += " (" + s.Name + ")"
		}
		if s.Sampler == nil {
			return fmt.Errorf("%s: Sampler is nil: use sampler.Instance{} for every image once", where)
		}
		if len(s.Terms) == 0 {
			return fmt.Errorf("%s: no Terms: a stream without a loss trains nothing", where)
		}
		for v, view := range s.Views {
			err := augment.Validate(view)
			if err == nil {
				err = augment.CheckView(view, n.Input().Features > 0)
			}
			if err != nil {
				return fmt.Errorf("%s: view %d: %w", where, v, err)
			}
		}
		if v, ok := s.Mixer.(validator); ok {
			if err := v.Validate(); err != nil {
				return fmt.Errorf("%s: mixer: %w", where, err)
			}
		}
		if n.Input().Features > 0 && cuts(s) {
			return fmt.Errorf("%s: CutMix puts a box of one image into another, and the data are features: use augment.Mixup", where)
		}
		if err := checkPartner(s, n, epochs); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
		for _, t := range s.Terms {
			if err := checkTerm(t, len(s.Transforms()), n, classCounts, seed); err != nil {
				return fmt.Errorf("%s: term %q: %w", where, t.Name, err)
			}
			if names[t.Name] {
				return fmt.Errorf("%s: two terms are named %q: reports could not tell them apart", where, t.Name)
			}
			names[t.Name] = true
		}
		if err := checkTeacher(s, n); err != nil {
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	return nil
}

func checkTerm(t hybrid.Term, views int, n *hybrid.Network, classCounts []int, seed uint64) error {
	if isNil(t.Loss) {
		return fmt.Errorf("Loss is nil")
	}
	if t.Weight != nil {
		if err := schedule.Validate(t.Weight); err != nil {
			return fmt.Errorf("weight: %w", err)
		}
	}
	if t.Views != nil && len(t.Views) == 0 {
		return fmt.Errorf("Views is empty: list the views the loss sees, or use nil for all")
	}
	if err := checkViews(t.Views, views); err != nil {
		return err
	}
	if err := checkKeys(t, views); err != nil {
		return err
	}
	if needs := t.Loss.Needs(); (needs.Embedding || needs.Keys) && n.Projection == nil {
		return fmt.Errorf("the loss needs embeddings, the network was made without a projection head")
	}
	if t.Loss.Needs().Experts {
		if err := n.CheckExperts(); err != nil {
			return err
		}
	}
	if b, ok := t.Loss.(loss.Builder); ok {
		if err := b.Build(loss.Target{Classes: n.Classes(), Dim: n.EmbeddingDim(), Seed: seed}); err != nil {
			return err
		}
	}
	if p, ok := t.Loss.(loss.Preparer); ok {
		return p.Prepare(classCounts)
	}
	return nil
}

// checkRho reports terms whose gradients cannot be taken together.
func checkRho(streams hybrid.Streams) error {
	first := hybrid.Term{}
	for _, s := range streams {
		for _, t := range s.Terms {
			if !(t.Rho >= 0) || !finite(t.Rho) {
				return fmt.Errorf("train: term %q: Rho is %v: it must be finite and at least 0", t.Name, t.Rho)
			}
			if first.Rho == 0 {
				first = t
			}
			if t.Rho > 0 && t.Rho != first.Rho {
				return fmt.Errorf("train: terms %q and %q have a Rho of %v and %v: a step goes one way, so all that have one must have the same",
					first.Name, t.Name, first.Rho, t.Rho)
			}
		}
	}
	return nil
}

// rho is that of the terms, 0 if none has one.
func rho(streams hybrid.Streams) (most float64) {
	for _, s := range streams {
		for _, t := range s.Terms {
			most = max(most, t.Rho)
		}
	}
	return most
}

// isNil reports a nil pointer or function as a loss too, which is no nil interface.
func isNil(l loss.Loss) bool {
	if l == nil {
		return true
	}
	v := reflect.ValueOf(l)
	return (v.Kind() == reflect.Pointer || v.Kind() == reflect.Func) && v.IsNil()
}

// checkKeys reports a loss that takes keys without views to make them of, and the reverse.
func checkKeys(t hybrid.Term, views int) error {
	keys := t.Loss.Needs().Keys
	switch {
	case keys && len(t.KeyViews) == 0:
		return fmt.Errorf("the loss needs keys, embeddings by a momentum encoder: set KeyViews to the views they are made of, " +
			"or a field of the loss such as WithoutMomentum to do without")
	case !keys && t.KeyViews != nil:
		return fmt.Errorf("KeyViews is set, but the loss takes no keys: leave it nil")
	}
	return checkViews(t.KeyViews, views)
}

func checkViews(list []int, views int) error {
	for _, v := range list {
		if v < 0 || v >= views {
			return fmt.Errorf("view %d is not one of the stream's %d", v, views)
		}
	}
	return nil
}

// checkPartner says why a stream's samples cannot have partners for so many epochs.
func checkPartner(s hybrid.Stream, n *hybrid.Network, epochs int) error {
	if s.Partner == nil {
		return nil
	}
	if s.Partner.Sampler == nil {
		return fmt.Errorf("Partner.Sampler is nil: BBN uses sampler.Reversed{}")
	}
	if v, ok := s.Partner.Blender.(validator); ok {
		if err := v.Validate(); err != nil {
			return fmt.Errorf("Partner.Blender: %w", err)
		}
	}
	if s.Partner.Weight != nil {
		if err := schedule.Validate(s.Partner.Weight); err != nil {
			return fmt.Errorf("the weight of Partner: %w", err)
		}
	}
	for epoch := range epochs {
		if _, err := share(s.Partner, schedule.Progress{Epoch: epoch, Epochs: epochs, Steps: 1}); err != nil {
			return fmt.Errorf("%w; it is not in epoch %d", err, epoch)
		}
	}
	if b, ok := n.Backbone.(backbone.Branched); s.MixesFeatures() && (!ok || b.Branches() != 2) {
		return fmt.Errorf("Partner needs a backbone of two branches, such as a backbone.CIFARResNet with CIFARResNetSettings.Branches 2")
	}
	if s.Mixer != nil {
		return fmt.Errorf("Partner and Mixer are both set: a row can be mixed once")
	}
	if s.MixesFeatures() && s.Needs().Experts {
		return fmt.Errorf("Partner mixes features of two branches, so a loss cannot see them as experts: use a Blender, or another stream")
	}
	if len(s.Keyed()) > 0 {
		return fmt.Errorf("Partner and KeyViews are both set: a key is of one image")
	}
	return nil
}

// share returns a partner's α.
func share(p *hybrid.Partner, at schedule.Progress) (float64, error) {
	alpha := p.Share(at)
	if !(alpha >= 0 && alpha <= 1) {
		return 0, fmt.Errorf("the weight of Partner is %v: its schedule must stay in [0, 1]", alpha)
	}
	return alpha, nil
}

// cuts says whether boxes of images are put into others.
func cuts(s hybrid.Stream) bool {
	blends := []any{}
	switch m := s.Mixer.(type) {
	case hybrid.Mixing:
		blends = append(blends, m.Blender)
	case hybrid.Remix:
		blends = append(blends, m.Blender)
	}
	if s.Partner != nil {
		blends = append(blends, s.Partner.Blender)
	}
	return slices.ContainsFunc(blends, func(b any) bool { _, ok := b.(augment.CutMix); return ok })
}

// validator is a Mixer or a Blender that can tell whether its settings make sense.
type validator interface{ Validate() error }
