package onnx

import "math"

// Forms of the operations that backbones of ONNX files have, so that what was read can be written again.

// described is an operation entry by entry, with the attributes it has.
func described(op string) func(*Call) value {
	return func(c *Call) value {
		return c.alike(func(in []string) string { return c.Node(op, c.op.Attributes, in...) })
	}
}

func (c *Call) float(name string) float64 { v, _ := c.op.Attributes[name].(float64); return v }

func clipped(c *Call) value {
	return c.alike(func(in []string) string {
		limits := []string{in[0], "", ""}
		for i, v := range []float64{c.float("low"), c.float("high")} {
			if !math.IsInf(v, 0) {
				limits[1+i] = c.scalar(v)
			}
		}
		return c.Node("Clip", nil, limits...)
	})
}

func power(c *Call) value {
	return c.alike(func(in []string) string { return c.Node("Pow", nil, in[0], c.scalar(c.float("by"))) })
}

func (c *Call) list(name string) []int { v, _ := c.op.Attributes[name].([]int); return v }

func sliced(c *Call) value {
	return c.whole(c.Node("Slice", nil, c.Input(0), c.Ints(c.list("from")...), c.Ints(c.list("to")...), c.Ints(c.list("axes")...), c.Ints(c.list("steps")...)))
}

func padded(c *Call) value {
	return c.whole(c.Node("Pad", nil, c.Input(0), c.Ints(c.list("pads")...), c.scalar(c.float("value"))))
}
