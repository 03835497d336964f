package parquet

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/internal/atomicfile"
	"github.com/parquet-go/parquet-go"
)

// saved is a row of SaveFeatures.
type saved struct {
	Name     string    `parquet:"name"`
	Features []float32 `parquet:"features,list"`
	Label    int64     `parquet:"label"`
}

// SaveFeatures writes vectors to a file, in one step: a column name, what each is called (such as the image's path), a column features of
// lists of float32, and a column label of integers, of which the metadata name the classes. OpenFeatures, Hugging Face's libraries,
// pandas and DuckDB read it. names is nil if they have none.
func SaveFeatures(path string, d dataset.Features, names []string) error {
	if names != nil && len(names) != d.Len() {
		return fmt.Errorf("parquet: %s: %d names for %d vectors", path, len(names), d.Len())
	}
	classes, err := json.Marshal(d.Classes())
	if err != nil {
		return fmt.Errorf("parquet: %s: the class names: %w", path, err)
	}
	metadata := `{"info": {"features": {"name": {"dtype": "string", "_type": "Value"}, "features": {"feature": {"dtype": "float32", "_type": "Value"}, "_type": "Sequence"}, ` +
		`"label": {"names": ` + string(classes) + `, "_type": "ClassLabel"}}}}`
	err = atomicfile.Write(path, func(w io.Writer) error {
		out := parquet.NewGenericWriter[saved](w, parquet.KeyValueMetadata("huggingface", metadata), parquet.MaxRowsPerRowGroup(1<<16))
		row := []saved{{Features: make([]float32, d.Width())}}
		for i := range d.Len() {
			if err := d.Vector(i, row[0].Features); err != nil {
				return err
			}
			if row[0].Label = int64(d.Label(i)); names != nil {
				row[0].Name = names[i]
			}
			if _, err := out.Write(row); err != nil {
				return err
			}
		}
		return out.Close()
	})
	if err != nil {
		return fmt.Errorf("parquet: %s: %w", path, err)
	}
	return nil
}
