package loss

import (
	"fmt"
	"math"
)

// Off is a setting of 0, where the zero value of the field stands for the paper's value: Focal{Gamma: Off} is
// cross-entropy.
const Off = -1

// setting returns what a field means: the paper's value for 0, 0 for Off.
func setting(v, paper float64) float64 {
	switch v {
	case 0:
		return paper
	case Off:
		return 0
	}
	return v
}

// checkSetting reports a setting that is none: negative, but for Off, or not finite.
func checkSetting(name, field string, v, paper float64) error {
	if v := setting(v, paper); !(v >= 0) || math.IsInf(v, 1) {
		return fmt.Errorf("loss: %s: %s %v must be finite and above 0, or loss.Off for 0 (0 means the paper's %v)", name, field, v, paper)
	}
	return nil
}

// checkPositive reports a setting that must be above 0, as temperatures must; its zero value means the paper's.
func checkPositive(name, field string, v float64, paper string) error {
	if !(v >= 0) || math.IsInf(v, 1) {
		return fmt.Errorf("loss: %s: %s %v must be finite and above 0 (0 means the paper's %s)", name, field, v, paper)
	}
	return nil
}
