package train

import (
	"fmt"

	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/optim"
)

// NonFiniteError says that a loss or a gradient was not finite: the step was not taken, the weights are those before it.
// It also reports an update that made a weight infinite, or what goes with the weights: running statistics, moving averages,
// what losses and the optimizer remember. Loss is then the mean of the epoch so far.
type NonFiniteError struct {
	Epoch, Step int     // from 0
	Loss        float64 // the total
	// Param is the first parameter or buffer whose value, else the first parameter whose gradient is not finite; "" if all are
	// finite. Those of the average weights, the encoder of keys and the optimizer come after "ema: ", "keys: ", "optimizer: ".
	Param      string
	Checkpoint string // the newest checkpoint of the run; "" if there is none
}

// Error says what to look at; Fit's error puts epoch and step before it.
func (e *NonFiniteError) Error() string {
	where := "all gradients are finite"
	if e.Param != "" {
		where = "first bad parameter " + e.Param
	}
	text := fmt.Sprintf("loss %v, %s: lower the learning rate, warm it up or clip gradients, and check the data for values that "+
		"are not finite", e.Loss, where)
	if e.Checkpoint != "" {
		text += "; the newest checkpoint is " + e.Checkpoint
	}
	return text
}

func (r *run) nonFinite(step int, loss float64, param string) *NonFiniteError {
	return &NonFiniteError{Epoch: r.at.Epoch, Step: step, Loss: loss, Param: param, Checkpoint: r.result.Checkpoint}
}

// skip leaves out a step that is not finite, or says that there were too many of them.
func (r *run) skip() error {
	param := r.badValue()
	lost := param != "" // no later step can be finite
	if !lost {
		param = badGradient(r.params)
	}
	err := r.nonFinite(r.at.Step, r.report.Total, param)
	if lost || r.skipped >= r.SkipNonFinite {
		return err
	}
	r.skipped++
	r.epoch.NonFinite++
	if err := r.before.Restore(); err != nil {
		return err
	}
	optim.ZeroGrad(r.params)
	r.warn(Warning{Kind: SkippedStep, At: r.at, Steps: r.skipped, Err: err})
	r.at.Step, r.batch = r.at.Step+1, 0
	return r.warned
}

// badValue names the first parameter whose value is not finite.
func (r *run) badValue() string {
	for _, e := range r.params {
		if kernels.FirstNonFinite(e.Param.Value.Data()) >= 0 {
			return e.Path
		}
	}
	return ""
}

// checkFinite looks at all values that a checkpoint has, but those of the best epoch, which were looked at when they became it.
func (r *run) checkFinite() error {
	name := badEntry("", trainable{r.network, r.Streams})
	if name == "" && r.average != nil {
		name = badEntry("ema: ", r.network.With(r.average.Weights))
	}
	if name == "" && r.encoder != nil {
		name = badEntry("keys: ", r.network.With(r.encoder.Weights))
	}
	if name == "" {
		name = badEntry("optimizer: ", r.optimizer)
	}
	if name == "" {
		return nil
	}
	return r.nonFinite(r.at.Step-1, r.epoch.Total/float64(max(r.epoch.Steps, 1)), name)
}

// badEntry names the first parameter or buffer that is not finite, prefix before its path; "" if all are.
func badEntry(prefix string, m nn.Visitable) string {
	for _, e := range nn.Entries(m) {
		if x := e.Tensor(); x != nil && kernels.FirstNonFinite(x.Data()) >= 0 {
			return prefix + e.Path
		}
	}
	return ""
}

// badGradient names the first parameter whose gradient is not finite; "" if all are.
func badGradient(params []nn.Entry) string {
	for _, e := range params {
		if e.Param.Grad != nil && kernels.FirstNonFinite(e.Param.Grad.Data()) >= 0 {
			return e.Path
		}
	}
	return ""
}
