package train

import (
	"slices"
	"strings"

	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
)

// warnOfRate warns of a learning rate more than four times that of the recipe for as many samples in a step, where nothing
// holds the steps down: gradients are not clipped, and a backbone is trained.
func (r *run) warnOfRate() {
	momentum, ok := momentum(r.Optimizer)
	backbone := slices.ContainsFunc(r.params, func(e nn.Entry) bool { return !e.Frozen() && strings.HasPrefix(e.Path, "backbone.") })
	if r.OnWarning == nil || !ok || !backbone || r.ClipNorm > 0 {
		return
	}
	top := 0.0
	for at := r.at; at.Epoch < at.Epochs; at.Epoch++ {
		for _, at.Step = range []int{0, at.Steps - 1} {
			top = max(top, r.LearningRate.At(at))
		}
	}
	// What a step adds is taken 1/(1−momentum) times in the end: ten times in the recipe.
	usual := 0.9
	if recipe := r.recipeRate() * ((1 - momentum) / (1 - usual)); top > 4*recipe && finite(top) {
		r.warn(Warning{Kind: HighRate, At: r.at, Value: top, Expected: recipe})
	}
}

// momentum of descent that has one rate for all parameters; not ok: it is another optimizer.
func momentum(rule optim.Rule) (m float64, ok bool) {
	if g, is := rule.(optim.Groups); is && !slices.ContainsFunc(g.Groups, func(g optim.Group) bool { return g.LearningRate != 0 }) {
		rule = g.Rule
	}
	sgd, ok := rule.(optim.SGD)
	return sgd.Momentum, ok
}
