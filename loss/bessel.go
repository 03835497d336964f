package loss

import "math"

// The normaliser of a von Mises–Fisher distribution on the unit sphere of D dimensions is a modified Bessel function of
// the first kind: its density at z is e^{κμ·z} over e^{h(κ)} times (2π)^{D/2}, with ν = D/2−1 and
//
//	h(x) = log I_ν(x) − ν log x
//
// I_ν itself leaves the range of float64 soon; h does not. It is finite at 0 and its derivative is I_{ν+1}(x)/I_ν(x).

// logBesselScaled returns h(x) for ν = nu ≥ 0 and x ≥ 0, to an error of some units in the last place of its terms: about
// 1e-15 of |h|, ν and x, whichever is largest.
func logBesselScaled(nu, x float64) float64 {
	// Each form is exact to the last bits on its side: the expansion's error falls as the 13th power of 1/w, and the
	// series takes about w terms.
	const both = 50
	if w := math.Hypot(nu, x); w >= both {
		return besselUniform(nu, x, w)
	}
	return besselSeries(nu, x)
}

// besselRatio returns I_{ν+1}(x) / (x·I_ν(x)), at x = 0 its limit 1/D.
func besselRatio(nu, x float64) float64 {
	return math.Exp(logBesselScaled(nu+1, x) - logBesselScaled(nu, x))
}

// besselSeries sums I_ν(x) = (x/2)^ν/Γ(ν+1) · Σ_k (x²/4)^k / (k!·(ν+1)…(ν+k)), whose terms are all positive.
func besselSeries(nu, x float64) float64 {
	sum, term := 1.0, 1.0
	for k := 1.0; term > sum*1e-17; k++ {
		term *= x * x / 4 / (k * (nu + k))
		sum += term
	}
	gamma, _ := math.Lgamma(nu + 1)
	return math.Log(sum) - nu*math.Ln2 - gamma
}

// besselUniform is Debye's expansion for large ν (DLMF 10.41.3), with w = √(ν²+x²) and p = ν/w:
//
//	I_ν(x) ~ e^w (x/(ν+w))^ν / √(2πw) · Σ_k u_k(p)/ν^k
//
// u_k(p)/ν^k is a polynomial in p² over w^k, so it needs w to be large, not ν: ν = 0 is Hankel's expansion.
func besselUniform(nu, x, w float64) float64 {
	q, scale, sum := (nu/w)*(nu/w), 1.0, 0.0
	for _, u := range debye {
		v := 0.0
		for j := len(u) - 1; j >= 0; j-- {
			v = v*q + u[j]
		}
		sum += v * scale
		scale /= w
	}
	return w - nu*math.Log(nu+w) - math.Log(2*math.Pi*w)/2 + math.Log(sum)
}

// debye[k][j] is the coefficient of p^{k+2j} in u_k.
var debye = debyeCoefficients(13)

// debyeCoefficients computes u_0 = 1, u_{k+1} = ½p²(1−p²)u_k' + ⅛∫₀ᵖ(1−5t²)u_k(t)dt (DLMF 10.41.9).
func debyeCoefficients(n int) [][]float64 {
	all := [][]float64{{1}}
	for k := range n - 1 {
		next := make([]float64, k+2)
		for j, c := range all[k] {
			power := float64(k + 2*j)
			next[j] += c * (power/2 + 1/(8*(power+1)))
			next[j+1] -= c * (power/2 + 5/(8*(power+3)))
		}
		all = append(all, next)
	}
	return all
}
