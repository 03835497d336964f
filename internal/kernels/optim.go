package kernels

import (
	"math"

	"github.com/longtail-ml/longtail/internal/parallel"
)

// SGD holds the numbers of a step of stochastic gradient descent.
type SGD struct {
	Rate, Momentum, Decay float32
	Nesterov              bool
}

// SGDStep sets, with d = grad + Decay·value and buf = Momentum·buf + d, value −= Rate·buf, or with Nesterov
// value −= Rate·(d + Momentum·buf). Without buf, which is nil, it sets value −= Rate·d.
func SGDStep(s SGD, value, buf, grad []float32) {
	if len(grad) <= chunkSize {
		s.step(value, buf, grad)
		return
	}
	parallel.Range(len(grad), chunkSize, func(lo, hi int) {
		if buf == nil {
			s.step(value[lo:hi], nil, grad[lo:hi])
		} else {
			s.step(value[lo:hi], buf[lo:hi], grad[lo:hi])
		}
	})
}

// step is SGDStep on the calling goroutine.
func (s SGD) step(value, buf, grad []float32) {
	n := len(grad)
	if n == 0 {
		return
	}
	value = value[:n]
	if buf == nil {
		if sgdPlainVec(&value[0], &grad[0], n, s.Rate, s.Decay) {
			return
		}
		for i, d := range grad {
			value[i] -= s.Rate * (d + s.Decay*value[i])
		}
		return
	}
	buf = buf[:n]
	if s.Nesterov && sgdNesterovVec(&value[0], &buf[0], &grad[0], n, s.Rate, s.Momentum, s.Decay) ||
		!s.Nesterov && sgdMomentumVec(&value[0], &buf[0], &grad[0], n, s.Rate, s.Momentum, s.Decay) {
		return
	}
	for i, d := range grad {
		d += s.Decay * value[i]
		buf[i] = s.Momentum*buf[i] + d
		if s.Nesterov {
			value[i] -= s.Rate * (d + s.Momentum*buf[i])
		} else {
			value[i] -= s.Rate * buf[i]
		}
	}
}

// Adam holds the numbers of a step of Adam: what the value is multiplied by before (Keep), the decay that is added to
// the gradient, the averages' (Mix1 and Mix2 are 1 less a β), and √(1−β₂ᵗ) as Unbias.
type Adam struct {
	Rate, Keep, Decay, Mix1, Beta2, Mix2, Unbias, Epsilon float32
}

// AdamStep sets value = Keep·value and, with d = grad + Decay·value, mean += Mix1·(d − mean),
// square = Beta2·square + Mix2·d², and then value −= Rate·mean/(√square/Unbias + Epsilon).
func AdamStep(a Adam, value, mean, square, grad []float32) {
	if len(grad) <= chunkSize {
		a.step(value, mean, square, grad)
		return
	}
	parallel.Range(len(grad), chunkSize, func(lo, hi int) {
		a.step(value[lo:hi], mean[lo:hi], square[lo:hi], grad[lo:hi])
	})
}

// step is AdamStep on the calling goroutine.
func (a Adam) step(value, mean, square, grad []float32) {
	n := len(grad)
	if n == 0 {
		return
	}
	value, mean, square = value[:n], mean[:n], square[:n]
	if adamVec(&value[0], &mean[0], &square[0], &grad[0], n,
		a.Rate, a.Keep, a.Decay, a.Mix1, a.Beta2, a.Mix2, a.Unbias, a.Epsilon) {
		return
	}
	for i, d := range grad {
		x := value[i] * a.Keep
		d += a.Decay * x
		m := mean[i] + (d-mean[i])*a.Mix1
		s := square[i]*a.Beta2 + d*d*a.Mix2
		mean[i], square[i] = m, s
		value[i] = x - a.Rate*m/(float32(math.Sqrt(float64(s)))/a.Unbias+a.Epsilon)
	}
}
