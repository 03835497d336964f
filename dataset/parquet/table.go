package parquet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// table is an open file.
type table struct {
	ctx      context.Context
	file     *parquet.File
	features map[string]feature // of the metadata, by column
}

// feature is what Hugging Face's metadata say of a column.
type feature struct {
	Type  string   `json:"_type"`
	Names []string `json:"names"`
}

type value = parquet.Value

// column is a leaf of the table.
type column struct {
	*parquet.Column
	classes []string // of labels; nil: not known
}

// Kinds of values.
const (
	int32s  = parquet.Int32
	int64s  = parquet.Int64
	floats  = parquet.Float
	doubles = parquet.Double
	texts   = parquet.ByteArray
	fixed   = parquet.FixedLenByteArray
)

func (c column) kind() parquet.Kind { return c.Type().Kind() }
func (c column) name() string       { return strings.Join(c.Path(), ".") }

func openTable(ctx context.Context, r io.ReaderAt, size int64) (t *table, err error) {
	if err := checkFooter(r, size); err != nil {
		return nil, err
	}
	err = guard(func() error {
		f, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true), parquet.ReadBufferSize(1<<16))
		if err != nil {
			return err
		}
		t = &table{ctx: ctx, file: f, features: map[string]feature{}}
		return t.readMetadata()
	})
	return t, err
}

// guard turns a panic of the library, which damage can lead to, into an error.
func guard(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the file is damaged: %v", p)
		}
	}()
	return do()
}

// readMetadata reads what Hugging Face's libraries say of the columns.
func (t *table) readMetadata() error {
	text, ok := t.file.Lookup("huggingface")
	if !ok {
		return nil
	}
	var m struct {
		Info struct {
			Features map[string]json.RawMessage `json:"features"`
		} `json:"info"`
	}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		return fmt.Errorf("metadata huggingface: %w", err)
	}
	for name, raw := range m.Info.Features {
		var f feature
		if json.Unmarshal(raw, &f) == nil { // others are lists and structs
			t.features[name] = f
		}
	}
	return nil
}

// names lists the columns for errors.
func (t *table) names() string {
	var all []string
	for _, c := range t.file.Root().Columns() {
		all = append(all, c.Name())
	}
	return strings.Join(all, ", ")
}

// choose returns the one column at the top for which is holds, or the one named.
func (t *table) choose(what, setting, name string, is func(*parquet.Column) bool) (*parquet.Column, error) {
	if name != "" {
		if c := t.file.Root().Column(name); c != nil {
			return c, nil
		}
		return nil, fmt.Errorf("no column %q: the file has %s", name, t.names())
	}
	var found []*parquet.Column
	var names []string
	for _, c := range t.file.Root().Columns() {
		if is(c) {
			found, names = append(found, c), append(names, c.Name())
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, fmt.Errorf("no column has %s: the file has %s: name it by Settings.%s", what, t.names(), setting)
	}
	return nil, fmt.Errorf("the columns %s have %s: name one by Settings.%s", strings.Join(names, ", "), what, setting)
}

// imageColumn returns the column of encoded images: a struct's field bytes, or bytes alone.
func (t *table) imageColumn(name string) (column, error) {
	c, err := t.choose("images (a struct of bytes and path)", "Image", name, func(c *parquet.Column) bool { return bytesOf(c) != nil && !c.Leaf() })
	if err != nil {
		return column{}, err
	}
	b := bytesOf(c)
	if b == nil {
		return column{}, fmt.Errorf("column %s has no images: they are a struct with a field bytes, or bytes", c.Name())
	}
	return column{Column: b}, nil
}

func bytesOf(c *parquet.Column) *parquet.Column {
	if !c.Leaf() {
		if c = c.Column("bytes"); c == nil || !c.Leaf() {
			return nil
		}
	}
	if c.Type().Kind() != texts || c.MaxRepetitionLevel() > 0 {
		return nil
	}
	return c
}

// labelColumn returns the column of labels.
func (t *table) labelColumn(name string) (column, error) {
	if name == "" && t.file.Root().Column("label") != nil {
		name = "label"
	}
	c, err := t.choose("classes in the metadata", "Label", name, func(c *parquet.Column) bool { return t.features[c.Name()].Type == "ClassLabel" })
	if err != nil {
		return column{}, err
	}
	if !c.Leaf() || c.MaxRepetitionLevel() > 0 || !slices.Contains([]parquet.Kind{int32s, int64s, texts}, c.Type().Kind()) {
		return column{}, fmt.Errorf("column %s has no labels: they are integers or texts", c.Name())
	}
	return column{c, t.features[c.Name()].Names}, nil
}

// each gives the values of a column in a row group in order. They are valid until do returns.
func (t *table) each(group int, c column, do func(value) error) error {
	row := int64(-1)
	wrong := func(err error) error {
		return fmt.Errorf("row group %d, column %s, row %d: %w", group, c.name(), max(row, 0), err)
	}
	pages := t.file.RowGroups()[group].ColumnChunks()[c.Index()].Pages()
	defer pages.Close()
	var some [64]value
	for {
		if t.ctx.Err() != nil {
			return context.Cause(t.ctx)
		}
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return wrong(err)
		}
		err = eachOf(page, some[:], func(v value) error {
			if v.RepetitionLevel() == 0 {
				row++
			}
			if err := do(v); err != nil {
				return wrong(err)
			}
			return nil
		})
		parquet.Release(page)
		if err != nil {
			return err
		}
	}
}

func eachOf(page parquet.Page, some []value, do func(value) error) error {
	values := page.Values()
	for {
		n, err := values.ReadValues(some)
		for _, v := range some[:n] {
			if err := do(v); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
