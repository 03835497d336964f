package manifest

import (
	"regexp"
	"slices"
	"strings"
)

// Processor is the field of a Difference in the kind of processor, which Changes leaves out.
const Processor = "the kind of processor"

// Override says what may differ from the run that one goes on with, besides the number of ranks. From there on it has not the bits of a run that was never
// stopped, which the manifest then says, see Departure.
type Override struct {
	Epochs    bool // their number, and with it the values of schedules: the learning rate, the weights of terms and partners
	CPULevel  bool // the kind of processor
	EvalBatch bool // how many images are evaluated at once
}

// Departure is a step from which a run has not the bits of one that was never stopped.
type Departure struct {
	Step    int      `json:"from_step"` // of the whole run, from 0
	Changes []string `json:"changes"`   // what it went on with, as in "training.epochs: 200, 300"
}

// Overridable is in the error of a run that would go on if Override allowed for it.
type Overridable struct{ Override Override } // that would

// Error names the fields.
func (e *Overridable) Error() string {
	return strings.Join(e.Override.names(), " and ") + " would let it go on, not bit for bit from there"
}

func (o Override) names() (all []string) {
	for name, set := range map[string]bool{"Override.Epochs": o.Epochs, "Override.CPULevel": o.CPULevel, "Override.EvalBatch": o.EvalBatch} {
		if set {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return all
}

// scheduled are the fields with values of schedules, which depend on the epochs.
var scheduled = regexp.MustCompile(`^training\.(learning_rate|streams\[\d+\]\.(partner|terms\[\d+\]\.weight))$`)

// Split parts the differences of two runs in those that o allows and those that it does not. Another number of ranks is allowed in any
// case. With the latter comes what would
// allow for them, nil if nothing does.
func (o Override) Split(all []Difference) (allowed, refused []Difference, would *Overridable) {
	epochs := slices.ContainsFunc(all, func(d Difference) bool { return d.Field == "training.epochs" })
	ranks := slices.ContainsFunc(all, func(d Difference) bool { return d.Field == "training.ranks" && (d.A == "0" || d.B == "0") })
	needed, possible := o, true
	for _, d := range all {
		var given, needs *bool
		switch {
		case d.Field == "training.epochs" || epochs && scheduled.MatchString(d.Field):
			given, needs = &o.Epochs, &needed.Epochs
		case d.Field == Processor:
			given, needs = &o.CPULevel, &needed.CPULevel
		case d.Field == "training.eval_batch":
			given, needs = &o.EvalBatch, &needed.EvalBatch
		}
		switch {
		case d.Field == "training.ranks" || d.Field == "training.sync_batch_norm" && ranks:
			allowed = append(allowed, d)
		case needs == nil:
			refused, possible = append(refused, d), false
		case *given:
			allowed = append(allowed, d)
		default:
			refused, *needs = append(refused, d), true
		}
	}
	if refused != nil && possible {
		would = &Overridable{needed}
	}
	return allowed, refused, would
}
