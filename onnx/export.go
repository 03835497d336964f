package onnx

import (
	"fmt"
	"io"
	"math"

	"github.com/longtail-ml/longtail"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/atomicfile"
	"github.com/longtail-ml/longtail/tensor"
)

// Save writes a network as the ONNX file path. A file of that name is replaced in one step, and only by a whole one. Class names
// and what else about says of it become metadata.
//
// An operation without an ONNX form is an error that names it, see Settings.Operations.
func Save(path string, n *hybrid.Network, about hybrid.About, s Settings) error {
	m, err := build(n, about, s)
	if err == nil {
		err = atomicfile.Write(path, m.writeTo)
	}
	if err != nil {
		return fmt.Errorf("onnx: writing %s: %w", path, err)
	}
	return nil
}

// Export is Save to a writer.
func Export(w io.Writer, n *hybrid.Network, about hybrid.About, s Settings) error {
	m, err := build(n, about, s)
	if err == nil {
		err = m.writeTo(w)
	}
	if err != nil {
		return fmt.Errorf("onnx: %w", err)
	}
	return nil
}

// build returns the file's message.
func build(n *hybrid.Network, about hybrid.About, s Settings) (m message, err error) {
	if err := s.check(n); err != nil {
		return m, err
	}
	metadata, err := describe(n, about)
	if err != nil {
		return m, err
	}
	err = tensor.Try(func() error {
		g, err := lowerNetwork(n, s)
		if err != nil {
			return err
		}
		f := model{ir: irVersion, producer: "longtail", version: longtail.Version, opsets: map[string]int64{"": opset}, metadata: metadata, graph: g}
		m = f.message()
		return nil
	})
	if err == nil && m.size > math.MaxInt32 {
		err = fmt.Errorf("the network takes %.1f GB, and an ONNX file has at most 2: export a smaller one", float64(m.size)/1e9)
	}
	return m, err
}
