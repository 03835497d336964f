package experiment

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/optim"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

// images is what a sample of a method costs: the images that pass the network for it, and for its teacher if that is to be trained.
func (s Settings) images(m method.Method) int {
	if m.Teacher != nil && s.Teacher == "" {
		return m.Images + m.Teacher.Images
	}
	return m.Images
}

// trainer is how a method is trained on a set of so many images: by the recipe that all share and its part of the budget, in which
// a sample costs cost, or by its own.
func (s Settings) trainer(m method.Method, cost, images int) train.Trainer {
	if s.Recipe == "paper" {
		t := m.Recipe(s.Epochs)
		t.ClipNorm = s.Clip
		if t.Optimizer == nil && s.LayerDecay > 0 {
			t.Optimizer = optim.SGD{Momentum: 0.9, WeightDecay: 1e-4} // which nil means
		}
		t.Optimizer = s.layered(t.Optimizer)
		return t
	}
	epochs, batch, steps := s.Epochs, s.Batch, images/(s.Batch*max(s.Accumulate, 1))
	if s.Equal == "images" {
		epochs, batch, steps = epochs/cost, batch/cost, steps*cost
	}
	var cuts []float64
	for _, percent := range s.Cuts {
		cuts = append(cuts, percent/100)
	}
	var rate schedule.Scheduler = schedule.MultiStep{Base: s.LR, Milestones: schedule.Milestones(epochs, cuts...)}
	if s.Schedule == "cosine" {
		rate = schedule.Cosine{Base: s.LR}
	}
	return train.Trainer{
		Epochs: epochs, Batch: batch, LimitSteps: max(steps, 1), ClipNorm: s.Clip,
		LearningRate: schedule.Warmup{Epochs: int(math.Ceil(float64(epochs)*s.Warmup/100 - 1e-9)), Then: rate},
		Optimizer:    s.layered(optim.SGD{Momentum: 0.9, WeightDecay: s.Decay}),
	}
}

// layered gives the layers of the backbone their own rates, if LayerDecay says so.
func (s Settings) layered(rule optim.Rule) optim.Rule {
	if s.LayerDecay == 0 || s.LayerDecay == 1 {
		return rule
	}
	return optim.LayerDecay{Rule: rule, Decay: s.LayerDecay}
}

// recipe says what runs of one table are trained by. Manifests have it besides schedule and batch, which differ where
// methods have equal images: they see them in different epochs.
func (s Settings) recipe() string {
	text := "the method's own"
	if s.Recipe == "common" {
		cuts := "never cut"
		if len(s.Cuts) > 0 {
			cuts = "cut after " + percents(s.Cuts) + "%"
		}
		if s.Schedule == "cosine" {
			cuts = "along a cosine"
		}
		text = fmt.Sprintf("batch %d, rate %g, %s, warm-up %g%%, weight decay %g", s.Batch, s.LR, cuts, s.Warmup, s.Decay)
	}
	if s.Accumulate > 1 {
		text += fmt.Sprintf(", %d batches a step", s.Accumulate)
	}
	if s.LayerDecay > 0 && s.LayerDecay < 1 {
		text += fmt.Sprintf(", each layer at %g of the rate behind it", s.LayerDecay)
	}
	if s.Clip > 0 {
		text += fmt.Sprintf(", clipped to %g", s.Clip)
	}
	return text
}

func percents(cuts []float64) string {
	var all []string
	for _, c := range cuts {
		all = append(all, strconv.FormatFloat(c, 'g', -1, 64))
	}
	return strings.Join(all, ",")
}
