package sampler

import "fmt"

// Deferred is deferred re-sampling, DRS (arXiv 1906.07413): one sampler first, and another from a late epoch on. The paper
// begins by Instance and ends by ClassBalanced; deferred re-weighting, its other rule, is loss.DRW.
type Deferred struct {
	Before Sampler // nil means Instance{}
	After  Sampler // nil means ClassBalanced{}
	// Start of After as a share of the epochs, in (0, 1]; 0 means 0.8, the paper's epoch 160 of 200.
	Start float64
}

// Epoch returns the draws of the sampler whose turn it is. Its errors are that sampler's, in the first epoch After's too,
// so that they do not come late, and a Start outside [0, 1].
func (s Deferred) Epoch(labels []int, p Plan) ([]int, error) {
	if !(s.Start >= 0 && s.Start <= 1) {
		return nil, fmt.Errorf("sampler: Deferred.Start is %g: it must be in (0, 1], or 0 for 0.8", s.Start)
	}
	start, before, after := s.Start, s.Before, s.After
	if start == 0 {
		start = 0.8
	}
	if before == nil {
		before = Instance{}
	}
	if after == nil {
		after = ClassBalanced{}
	}
	if p.At.ByEpoch() >= start-1e-9 { // 0.8·5 is 4, though not in binary
		return after.Epoch(labels, p)
	}
	if p.At.Epoch == 0 {
		if _, err := after.Epoch(labels, p); err != nil {
			return nil, err
		}
	}
	return before.Epoch(labels, p)
}
