package autograd

import "fmt"

// Precision is what convolutions multiply, see Mode.
type Precision int

const (
	Float32 Precision = iota
	// BFloat16 has the range of float32 and 8 bits of precision, half the memory, and twice the multiply-adds where the processor
	// has instructions for it (AVX512_BF16). Elsewhere it is slower than float32.
	BFloat16
)

// String is "float32" or "bfloat16".
func (p Precision) String() string {
	switch p {
	case Float32:
		return "float32"
	case BFloat16:
		return "bfloat16"
	}
	return fmt.Sprintf("Precision(%d)", int(p))
}

// ParsePrecision returns the precision of a name; "" is float32.
func ParsePrecision(name string) (Precision, error) {
	for _, p := range []Precision{Float32, BFloat16} {
		if name == p.String() || name == "" {
			return p, nil
		}
	}
	return 0, fmt.Errorf("the precision %q is none: use float32 or bfloat16", name)
}
