package metrics

import "math"

// F1 returns for each class the harmonic mean of its precision and recall, 2·TP/(2·TP + FP + FN): 0 if no image of the
// class was predicted correctly, NaN for a class without images.
func (c *Confusion) F1() []Rate {
	predicted := make([]int, c.Classes())
	for pair, n := range c.cells {
		predicted[pair[1]] += n
	}
	rates := make([]Rate, c.Classes())
	for class := range rates {
		if c.images[class] == 0 {
			rates[class] = Rate(math.NaN())
			continue
		}
		rates[class] = ratio(2*c.correct[class], predicted[class]+c.images[class])
	}
	return rates
}

// MacroF1 returns the mean of the classes' F1, over the classes that have images; NaN without images.
func (c *Confusion) MacroF1() Rate { return Mean(c.F1()) }

// BalancedAccuracy returns the mean of the classes' accuracies, over the classes that have images; NaN without images.
// On a balanced test set it is Top1.
func (c *Confusion) BalancedAccuracy() Rate { return Mean(c.PerClass()) }
