package loss

import (
	"cmp"
	"fmt"
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/tensor"
)

// Distillation teaches what another network says of the same rows (arXiv 1503.02531), and flattens it first, so that rare classes
// have a larger share of it (DiVE, arXiv 2103.15042). With x the logits and v those of the teacher,
//
//	s = softmax(x/T),  t ∝ softmax(v/T)^p,  L = T²·KL( t ‖ s )
//
// averaged over the rows. It is 0 where s = t, and never negative. Labels play no part, and neither does Input.Mix: of rows that
// are blended the teacher sees the blends.
type Distillation struct {
	// Temperature T; 0 means 3, which reproductions of DiVE take: its paper chooses T by the data.
	Temperature float64
	// Power p; 0 means DiVE's ½, and 1 is distillation without it.
	Power float64
}

// Needs asks for logits, and for the teacher's.
func (l *Distillation) Needs() Needs { return Needs{Logits: true, Teacher: true} }

// Prepare checks the settings.
func (l *Distillation) Prepare([]int) error {
	return cmp.Or(checkPositive("distillation", "Temperature", l.Temperature, "3"), checkPositive("distillation", "Power", l.Power, "0.5"))
}

// Forward returns the loss. No rows give 0.
func (l *Distillation) Forward(in Input) (*autograd.Var, Stats) {
	const op = "loss.Distillation"
	classes := checkLogits(op, in)
	checkTeacher(op, in)
	mustPrepare(op, l.Prepare(nil))
	x, rows := in.Logits, len(in.Labels)
	temperature, power := cmp.Or(l.Temperature, 3), cmp.Or(l.Power, 0.5)
	grad := x.Tape().Scratch(rows, classes)
	s, t, sum := make([]float64, classes), make([]float64, classes), 0.0
	for r := range rows {
		at := r * classes
		for c := range classes {
			s[c], t[c] = float64(x.Data()[at+c])/temperature, power*float64(in.Teacher.Data()[at+c])/temperature
		}
		logSoftmax(s)
		logSoftmax(t)
		for c, lt := range t {
			share := math.Exp(lt)
			if share != 0 { // 0·log 0 is 0
				sum += share * (lt - s[c])
			}
			grad.Data()[at+c] = float32(temperature * (math.Exp(s[c]) - share))
		}
	}
	divisor := float64(max(rows, 1))
	y := x.Tape().Scratch()
	y.Data()[0] = float32(temperature * temperature * sum / divisor)
	return autograd.Op(op, y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		g := float32(float64(gy.Item()) / divisor)
		for i, d := range grad.Data() {
			gx[0].Data()[i] += g * d
		}
	}), Stats{Anchors: rows}
}

// checkTeacher panics unless there are logits of a teacher for all rows, of as many classes.
func checkTeacher(op string, in Input) {
	if in.Teacher == nil {
		panic(&tensor.Error{Op: op, Detail: "the teacher's logits were not computed: Needs must ask for them, and the stream have a Teacher"})
	}
	if is := in.Teacher.Shape(); !is.Equal(in.Logits.Shape()) {
		panic(&tensor.Error{Op: op, Shapes: []tensor.Shape{in.Logits.Shape(), is},
			Detail: fmt.Sprintf("the teacher must give as many logits of each row as the network, %d", in.Logits.Dim(1))})
	}
}
