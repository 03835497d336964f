package train

import "time"

// Span is what a rank did for some time of a step.
type Span struct {
	Name         string // "backward" or "sum", of a bucket of gradients over all ranks
	Began, Ended time.Time
	Bytes        int // of the bucket
}

// Hidden returns the seconds that sums of gradients took, and how many of them went on beside backward passes.
func Hidden(spans []Span) (sums, hidden float64) {
	for _, s := range spans {
		if s.Name != spanSum {
			continue
		}
		sums += s.Ended.Sub(s.Began).Seconds()
		for _, b := range spans {
			if b.Name != spanBackward {
				continue
			}
			from, to := s.Began, s.Ended
			if b.Began.After(from) {
				from = b.Began
			}
			if b.Ended.Before(to) {
				to = b.Ended
			}
			if to.After(from) {
				hidden += to.Sub(from).Seconds()
			}
		}
	}
	return sums, hidden
}

const (
	spanBackward = "backward"
	spanSum      = "sum"
)
