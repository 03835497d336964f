package safetensors

import (
	"fmt"
	"io"

	"github.com/longtail-ml/longtail/internal/atomicfile"
	"github.com/longtail-ml/longtail/nn"
)

// Save writes the state of m to the safetensors file path with the given metadata, which may be nil. A file of that name
// is replaced in one step, when the new one is complete and on disk: whatever interrupts Save, path holds all of the old
// or all of the new. On an error, nothing else stays behind. The file keeps its mode and owner, one that is read-only stays
// as it is, links are followed, and devices and FIFOs are written into.
func Save(path string, m nn.Visitable, metadata map[string]string) error {
	err := atomicfile.Write(path, func(w io.Writer) error { return write(w, m, metadata) })
	if err != nil {
		return fmt.Errorf("safetensors: saving %s: %w", path, err)
	}
	return nil
}
