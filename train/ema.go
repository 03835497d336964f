package train

// EMA sets up an exponential moving average of a network's weights, which often predicts better than the weights
// themselves. After each optimizer step, with decay d,
//
//	average = d·average + (1 − d)·weights
//
// starting from the weights before the first step. Batch norm's running statistics are averaged in the same way, so that
// they fit the average weights. Parameters of losses, which predict nothing, are not averaged.
type EMA struct {
	// Decay d is above 0 and below 1: 0.999 averages over about 1,000 steps. 0 means no average.
	Decay float64
	// Warmup takes min(Decay, (1+t)/(10+t)) after step t = 1, 2, …, so that the first weights are soon forgotten.
	Warmup bool
}
