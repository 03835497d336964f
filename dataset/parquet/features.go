package parquet

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/longtail-ml/longtail/dataset/features"
	"github.com/longtail-ml/longtail/internal/half"
	"github.com/longtail-ml/longtail/internal/memory"
	"github.com/longtail-ml/longtail/internal/packed"
	"github.com/parquet-go/parquet-go"
)

// FeatureSettings say how OpenFeatures reads. The zero value finds the columns.
type FeatureSettings struct {
	Features string // the column of vectors, a list of floats; "": the one that has lists of floats
	Label    string // the column of labels, see Settings
	// Classes are the names of the classes. nil: those in the metadata; without them, labels that are numbers are indices, and
	// others are names, in alphabetical order.
	Classes []string
}

// OpenFeatures reads vectors of float16, float32 or float64, and their labels, from files as Open takes them. All vectors
// must have the length of the first.
func OpenFeatures(ctx context.Context, s FeatureSettings, paths ...string) (*features.Set, error) {
	set, err := openFeatures(ctx, s, paths)
	if err != nil {
		return nil, fmt.Errorf("parquet: %w", err)
	}
	return set, nil
}

// vectors are what is read of all files.
type vectors struct {
	width   int // 0: not known yet
	values  []float32
	labels  []string
	classes []string
	from    string // the first file
}

func openFeatures(ctx context.Context, s FeatureSettings, paths []string) (*features.Set, error) {
	names, err := packed.Expand(paths, ending)
	if err != nil {
		return nil, err
	}
	all := &vectors{from: names[0]}
	for i, path := range names {
		if err := all.read(ctx, path, i == 0, s); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	if len(all.labels) == 0 {
		return nil, fmt.Errorf("no rows in %s", names[0])
	}
	if s.Classes != nil {
		all.classes = s.Classes
	}
	labels, classes, err := packed.Number(all.labels, all.classes, false)
	if err != nil {
		return nil, err
	}
	return features.New(all.width, all.values, labels, classes)
}

func (all *vectors) read(ctx context.Context, path string, first bool, s FeatureSettings) error {
	f, is, err := packed.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	t, err := openTable(ctx, f, is.Size)
	if err != nil {
		return err
	}
	return guard(func() error {
		lists, err := t.listColumn(s.Features)
		if err != nil {
			return err
		}
		labels, err := t.labelColumn(s.Label)
		if err != nil {
			return err
		}
		if first {
			all.classes = labels.classes
		} else if s.Classes == nil && !slices.Equal(all.classes, labels.classes) {
			return fmt.Errorf("the metadata name other classes than those of %s: set Classes", all.from)
		}
		for g := range t.file.RowGroups() {
			if err := all.group(t, g, lists, labels); err != nil {
				return err
			}
		}
		return nil
	})
}

// group reads a row group.
func (all *vectors) group(t *table, g int, lists, labels column) error {
	texts, err := t.texts(g, labels)
	if err != nil {
		return err
	}
	if !memory.Has(4 * int64(len(texts)) * int64(all.width)) {
		return errors.New("the vectors do not fit this machine's memory")
	}
	number, err := decoder(lists)
	if err != nil {
		return err
	}
	rows, begin := 0, len(all.values)
	end := func() error { // of a row
		n := len(all.values) - begin
		if all.width == 0 {
			all.width = n
		}
		if n != all.width {
			return fmt.Errorf("row group %d, column %s, row %d has %d values, the first row has %d: all must have the same", g, lists.name(), rows-1, n, all.width)
		}
		begin = len(all.values)
		return nil
	}
	err = t.each(g, lists, func(v value) error {
		if v.RepetitionLevel() == 0 {
			if rows > 0 {
				if err := end(); err != nil {
					return err
				}
			}
			rows++
		}
		if v.IsNull() {
			return errors.New("a value, or the whole vector, is missing")
		}
		x := number(v)
		all.values = append(all.values, x)
		return nil
	})
	if err == nil && rows > 0 {
		err = end()
	}
	if err != nil {
		return err
	}
	if rows != len(texts) {
		return fmt.Errorf("row group %d: column %s has %d rows, column %s has %d", g, lists.name(), rows, labels.name(), len(texts))
	}
	if i := slices.Index(texts, ""); i >= 0 {
		return fmt.Errorf("row group %d, column %s, row %d: no label", g, labels.name(), i)
	}
	all.labels = append(all.labels, texts...)
	return nil
}

// listColumn returns the column of vectors.
func (t *table) listColumn(name string) (column, error) {
	c, err := t.choose("lists of floats", "Features", name, func(c *parquet.Column) bool { return elementOf(c) != nil })
	if err != nil {
		return column{}, err
	}
	e := elementOf(c)
	if e == nil {
		return column{}, fmt.Errorf("column %s has no vectors: they are lists of floats", c.Name())
	}
	return column{Column: e}, nil
}

// elementOf returns what a list's elements are, if they are floats.
func elementOf(c *parquet.Column) *parquet.Column {
	for !c.Leaf() {
		if len(c.Columns()) != 1 {
			return nil
		}
		c = c.Columns()[0]
	}
	if _, err := decoder(column{Column: c}); err != nil || c.MaxRepetitionLevel() != 1 {
		return nil
	}
	return c
}

// decoder returns what makes float32 of the values of a column.
func decoder(c column) (func(value) float32, error) {
	switch kind := c.kind(); {
	case kind == floats:
		return value.Float, nil
	case kind == doubles:
		return func(v value) float32 { return float32(v.Double()) }, nil
	case kind == fixed && c.Type().Length() == 2: // float16 is all that is kept so
		return func(v value) float32 { return half.Float32(binary.LittleEndian.Uint16(v.ByteArray())) }, nil
	}
	return nil, fmt.Errorf("column %s has values of type %s, not floats", c.name(), c.Type())
}
