package schedule

// Progress says how far training has come. Epoch counts from 0 to Epochs-1, Step from 0 to Steps-1 within the epoch.
type Progress struct{ Epoch, Epochs, Step, Steps int }

// ByEpoch returns Epoch/Epochs: 0 in the first epoch, below 1 in the last. It is held within [0, 1], so that training
// past the planned end stays at the end, and is 0 when Epochs is not positive.
func (p Progress) ByEpoch() float64 { return p.fraction(0) }

// ByStep returns (Epoch + Step/Steps)/Epochs, held within [0, 1]. It equals ByEpoch when Steps is not positive.
func (p Progress) ByStep() float64 { return p.fraction(p.withinEpoch(0)) }

// withinEpoch returns the fraction of the epoch done once ahead more steps are taken, 0 if steps are not counted.
func (p Progress) withinEpoch(ahead int) float64 {
	if p.Steps <= 0 {
		return 0
	}
	return float64(p.Step+ahead) / float64(p.Steps)
}

func (p Progress) fraction(within float64) float64 {
	if p.Epochs <= 0 {
		return 0
	}
	return min(max((float64(p.Epoch)+within)/float64(p.Epochs), 0), 1)
}
