package onnx

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/longtail-ml/longtail"
	"github.com/longtail-ml/longtail/hybrid"
)

// describe returns what a file says of a network: class names, and how pictures become its input.
func describe(n *hybrid.Network, about hybrid.About) (entries [][2]string, err error) {
	if len(about.Classes) > 0 && len(about.Classes) != n.Classes() {
		return nil, fmt.Errorf("there are %d class names for a network of %d classes", len(about.Classes), n.Classes())
	}
	add := func(key string, value any) {
		text, ok := value.(string)
		if !ok {
			raw, failed := json.Marshal(value)
			text, err = string(raw), failed
		}
		if err == nil && text != "" {
			entries = append(entries, [2]string{key, text})
		}
	}
	if len(about.Classes) > 0 {
		add("classes", about.Classes)
	}
	if len(about.Counts) > 0 {
		add("counts", about.Counts)
	}
	add("method", about.Method)
	add("library", "longtail "+longtail.Version)
	add("input", n.Input().String())
	if normalize := n.Normalize(); slices.Max(append(normalize.Std, 0)) > 0 {
		add("mean", normalize.Mean)
		add("std", normalize.Std)
	}
	if n.Input().Features == 0 {
		if r := n.Resize(); r.Shorter > 0 {
			add("resize", fmt.Sprintf("shorter side %d", r.Shorter))
		} else if fit, failed := about.Fit.MarshalText(); failed == nil {
			add("fit", string(fit))
		}
	}
	return entries, err
}
