package dataset

import (
	"fmt"
	"strings"
)

// Fit says how images are brought to the size asked for.
type Fit int

const (
	// CenterCrop scales the image until it covers the size, and cuts off evenly what stands out.
	CenterCrop Fit = iota
	// Squash scales width and height each to the size, which distorts the image.
	Squash
	// ShorterSide scales the shorter side to the size and keeps the aspect ratio. Images then differ in size, and what is made of
	// them ends in one: views with augment.ResizedCrop, networks with hybrid.WithResize.
	ShorterSide
	// Whole leaves images the size that they have; none is asked for.
	Whole
)

// OneSize tells whether images come in one size.
func (f Fit) OneSize() bool { return f == CenterCrop || f == Squash }

// FitOf returns how the images of d were brought to their size: what a method Fit says, as that of Files, which Subset,
// LongTail, Holdout and Load pass on. It is CenterCrop for other sets.
func FitOf(d Dataset) Fit {
	if f, ok := d.(interface{ Fit() Fit }); ok {
		return f.Fit()
	}
	return CenterCrop
}

var fitNames = [...]string{CenterCrop: "center-crop", Squash: "squash", ShorterSide: "shorter-side", Whole: "whole"}

func (f Fit) check() error {
	if f < 0 || int(f) >= len(fitNames) {
		return fmt.Errorf("fit %d is none of CenterCrop, Squash, ShorterSide and Whole", int(f))
	}
	return nil
}

// String is "center-crop", "squash", "shorter-side" or "whole".
func (f Fit) String() string {
	if f.check() != nil {
		return fmt.Sprintf("Fit(%d)", int(f))
	}
	return fitNames[f]
}

// MarshalText returns String, or an error for a Fit that is none.
func (f Fit) MarshalText() ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return []byte(fitNames[f]), nil
}

// UnmarshalText reads what MarshalText wrote.
func (f *Fit) UnmarshalText(text []byte) error {
	for i, name := range fitNames {
		if string(text) == name {
			*f = Fit(i)
			return nil
		}
	}
	return fmt.Errorf("dataset: fit %q is none of %s", text, strings.Join(fitNames[:], ", "))
}
