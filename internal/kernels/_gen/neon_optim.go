package main

// neonOptim writes the updates of parameters.
func neonOptim(a *arm64) {
	const value, buf, d, t, rate, mu, decay = 0, 1, 2, 3, 16, 17, 18
	a.begin("sgdPlain", 0)
	a.broadcast(rate, "rate")
	a.broadcast(decay, "decay")
	a.streams([]string{"value", "grad"}, func(part int) {
		a.get(part, value, 0)
		a.get(part, d, 1)
		a.op("FMLA.4S", d, value, decay)
		a.op("FMLS.4S", value, d, rate)
		a.put(part, value, 0)
	})
	for _, name := range []string{"sgdMomentum", "sgdNesterov"} {
		a.begin(name, 0)
		a.broadcast(rate, "rate", "mu", "decay")
		a.streams([]string{"value", "buf", "grad"}, func(part int) {
			a.get(part, value, 0)
			a.get(part, buf, 1)
			a.get(part, d, 2)
			a.op("FMLA.4S", d, value, decay)
			a.mov(t, d)
			a.op("FMLA.4S", t, buf, mu)
			a.put(part, t, 1)
			if name == "sgdNesterov" {
				a.op("FMLA.4S", d, t, mu)
				a.op("FMLS.4S", value, d, rate)
			} else {
				a.op("FMLS.4S", value, t, rate)
			}
			a.put(part, value, 0)
		})
	}

	const mean, square = 4, 5
	const keep, mix1, beta2, mix2, unbias, epsilon = 17, 19, 20, 21, 22, 23
	a.begin("adam", 0)
	a.broadcast(rate, "rate", "keep", "decay", "mix1", "beta2", "mix2", "unbias", "epsilon")
	a.streams([]string{"value", "mean", "square", "grad"}, func(part int) {
		a.get(part, value, 0)
		a.get(part, mean, 1)
		a.get(part, square, 2)
		a.get(part, d, 3)
		a.op("FMUL.4S", value, value, keep)
		a.op("FMLA.4S", d, value, decay)
		a.op("FSUB.4S", t, d, mean)
		a.op("FMLA.4S", mean, t, mix1)
		a.put(part, mean, 1)
		a.op("FMUL.4S", t, d, d)
		a.op("FMUL.4S", t, t, mix2)
		a.op("FMLA.4S", t, square, beta2)
		a.put(part, t, 2)
		a.op2("FSQRT", t, t)
		a.op("FDIV.4S", t, t, unbias)
		a.op("FADD.4S", t, t, epsilon)
		a.op("FMUL.4S", d, mean, rate)
		a.op("FDIV.4S", d, d, t)
		a.op("FSUB.4S", value, value, d)
		a.put(part, value, 0)
	})
}
