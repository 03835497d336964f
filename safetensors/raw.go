package safetensors

import (
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/longtail-ml/longtail/internal/atomicfile"
	"github.com/longtail-ml/longtail/tensor"
)

// Raw is a tensor of any type.
type Raw struct {
	Name  string
	DType string // "F32", "I64", "U8", …
	Shape tensor.Shape
	Bytes []byte // the values, little endian and row-major
}

// SaveRaw writes tensors to the safetensors file path as Save writes a model, in the order given. Readers may want values at
// multiples of their size: give the tensors of larger types first.
func SaveRaw(path string, all []Raw, metadata map[string]string) error {
	err := atomicfile.Write(path, func(w io.Writer) error { return writeRaw(w, all, metadata) })
	if err != nil {
		return fmt.Errorf("safetensors: saving %s: %w", path, err)
	}
	return nil
}

func writeRaw(w io.Writer, all []Raw, metadata map[string]string) error {
	var h header
	if err := h.metadata(metadata); err != nil {
		return err
	}
	seen := map[string]bool{metadataName: true}
	for _, r := range all {
		size, known := sizes[r.DType]
		switch {
		case seen[r.Name] || !utf8.ValidString(r.Name):
			return fmt.Errorf("a tensor is called %q, which another is, or which is no name", r.Name)
		case !known:
			return fmt.Errorf("tensor %q: the type %q is none of the format's", r.Name, r.DType)
		case int64(r.Shape.Len())*size != int64(len(r.Bytes)):
			return fmt.Errorf("tensor %q: %d bytes for shape %v of %s", r.Name, len(r.Bytes), r.Shape, r.DType)
		}
		seen[r.Name] = true
		h.add(r.Name, r.DType, r.Shape, int64(len(r.Bytes)))
	}
	text, err := h.bytes()
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return fmt.Errorf("writing the header: %w", err)
	}
	for _, r := range all {
		if _, err := w.Write(r.Bytes); err != nil {
			return fmt.Errorf("writing %q: %w", r.Name, err)
		}
	}
	return nil
}
