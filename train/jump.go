package train

import "math"

// jump follows the size of a loss.
type jump struct {
	begun      bool
	level, top float64 // moving average of its size, and the highest of those
	quiet      int     // steps to pass over after a jump
}

// add takes in a step, and says whether the loss is ten times its level, twice what it ever was, and twice its chance: a
// small loss may multiply by noise, and one of a queue that fills rises to its chance. After that it is silent for a while.
func (j *jump) add(value, chance float64, silence int) (jumped bool, from float64) {
	size := math.Abs(value)
	if !j.begun { // a first loss near zero, of either sign, says little
		first := max(size, chance)
		*j = jump{begun: true, level: first, top: first}
		return false, 0
	}
	from, high := j.level, 2*max(j.top, chance)
	j.level += (size - j.level) / 10
	j.top = max(j.top, j.level)
	if j.quiet > 0 {
		j.quiet--
		return false, 0
	}
	if jumped = value > 10*from && value > high; jumped {
		j.quiet = silence
	}
	return jumped, from
}
