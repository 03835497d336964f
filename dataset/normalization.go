package dataset

// NormalizationOf returns the mean and the standard deviation of each channel, of bytes over 255, that are usual for the
// images of d: what a method Normalization says, as that of the sets that CIFAR10 and CIFAR100 read, which Subset,
// LongTail, Holdout and Load pass on. They are nil for other sets; augment.NormalizeOf measures those.
func NormalizationOf(d Dataset) (mean, std []float64) {
	if n, ok := d.(interface {
		Normalization() (mean, std []float64)
	}); ok {
		return n.Normalization()
	}
	return nil, nil
}
