package kernels

// PeakFMA does about 24·n multiply-adds, or that many vectors of them, in registers alone and returns the number of
// floating-point operations, two for each. Timed, it gives the rate that no kernel of this level can exceed on a core.
func PeakFMA(n int) (flops int64) {
	if n <= 0 {
		return 0
	}
	const chains = 12
	if n *= 2; peakVec(n) {
		return int64(n) * chains * 2 * int64(current.lanes)
	}
	return peakGeneric(n)
}

// peakSink keeps the compiler from leaving the loop out.
var peakSink float32

func peakGeneric(n int) int64 {
	var s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11 float32
	x, y := float32(n), float32(0.5)
	for range n {
		s0 = s0*y + x
		s1 = s1*y + x
		s2 = s2*y + x
		s3 = s3*y + x
		s4 = s4*y + x
		s5 = s5*y + x
		s6 = s6*y + x
		s7 = s7*y + x
		s8 = s8*y + x
		s9 = s9*y + x
		s10 = s10*y + x
		s11 = s11*y + x
	}
	if s0+s1+s2+s3+s4+s5+s6+s7+s8+s9+s10+s11 < 0 {
		peakSink = s0
	}
	return int64(n) * 12 * 2
}
