//go:build !noasm

package kernels

// These do all of it, or return false.

func sgdVec(s SGD, value, buf, grad []float32) bool {
	n := len(grad)
	if current == generic || n == 0 {
		return false
	}
	value = value[:n]
	wide := current == avx512
	if buf == nil {
		if wide {
			sgdPlainAVX512(&value[0], &grad[0], n, s.Rate, s.Decay)
		} else {
			sgdPlainAVX2(&value[0], &grad[0], n, s.Rate, s.Decay)
		}
		return true
	}
	buf = buf[:n]
	switch {
	case wide && s.Nesterov:
		sgdNesterovAVX512(&value[0], &buf[0], &grad[0], n, s.Rate, s.Momentum, s.Decay)
	case wide:
		sgdMomentumAVX512(&value[0], &buf[0], &grad[0], n, s.Rate, s.Momentum, s.Decay)
	case s.Nesterov:
		sgdNesterovAVX2(&value[0], &buf[0], &grad[0], n, s.Rate, s.Momentum, s.Decay)
	default:
		sgdMomentumAVX2(&value[0], &buf[0], &grad[0], n, s.Rate, s.Momentum, s.Decay)
	}
	return true
}

func adamVec(a Adam, value, mean, square, grad []float32) bool {
	n := len(grad)
	if current == generic || n == 0 {
		return false
	}
	value, mean, square = value[:n], mean[:n], square[:n]
	if current == avx512 {
		adamAVX512(&value[0], &mean[0], &square[0], &grad[0], n,
			a.Rate, a.Keep, a.Decay, a.Mix1, a.Beta2, a.Mix2, a.Unbias, a.Epsilon)
	} else {
		adamAVX2(&value[0], &mean[0], &square[0], &grad[0], n,
			a.Rate, a.Keep, a.Decay, a.Mix1, a.Beta2, a.Mix2, a.Unbias, a.Epsilon)
	}
	return true
}
