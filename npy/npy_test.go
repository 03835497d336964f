package npy_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/internal/alloctest"
	"github.com/longtail-ml/longtail/npy"
	"github.com/stretchr/testify/require"
)

// array is a file with a header of the given text, of the version.
func array(major byte, text string, values any) []byte {
	b := []byte{0x93, 'N', 'U', 'M', 'P', 'Y', major, 0}
	if major == 1 {
		b = binary.LittleEndian.AppendUint16(b, uint16(len(text)))
	} else {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(text)))
	}
	b = append(b, text...)
	var w bytes.Buffer
	if values != nil {
		_ = binary.Write(&w, binary.LittleEndian, values)
	}
	return append(b, w.Bytes()...)
}

func header(descr, fortran, shape string) string {
	return fmt.Sprintf("{'descr': '%s', 'fortran_order': %s, 'shape': %s, }\n", descr, fortran, shape)
}

func open(b []byte) (*npy.File, error) {
	return npy.NewFile(bytes.NewReader(b), int64(len(b)), "x.npy")
}

func TestFloats(t *testing.T) {
	want := []float32{1, -2, 0.5, 3, 65504, 0}
	for _, c := range []struct {
		name string
		file []byte
	}{
		{"float16", array(1, header("<f2", "False", "(2, 3)"), []uint16{0x3c00, 0xc000, 0x3800, 0x4200, 0x7bff, 0})},
		{"float32", array(1, header("<f4", "False", "(2, 3)"), want)},
		{"version 2", array(2, header("<f4", "False", "(2, 3)"), want)},
		{"version 3, Python 2", array(3, header("<f4", "False", "(2L, 3L)"), want)},
		{"double quotes", array(1, strings.ReplaceAll(header("<f4", "False", "(2, 3)"), "'", `"`), want)},
		{"float64", array(1, header("<f8", "False", "(2,3)"), []float64{1, -2, 0.5, 3, 65504, 0})},
		{"Fortran's order", array(1, header("<f4", "True", "(2, 3)"), []float32{1, 3, -2, 65504, 0.5, 0})},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := open(c.file)
			require.NoError(t, err)
			require.Equal(t, []int{2, 3}, f.Shape)
			got, err := f.Float32()
			require.NoError(t, err)
			require.Equal(t, want, got)
			_, err = f.Ints()
			require.ErrorContains(t, err, f.DType)
		})
	}
	f, err := open(append(array(1, header(">f4", "False", "(1,)"), nil), 0x3f, 0x80, 0, 0))
	require.NoError(t, err)
	got, err := f.Float32()
	require.NoError(t, err)
	require.Equal(t, []float32{1}, got)
}

func TestInts(t *testing.T) {
	for _, c := range []struct {
		descr  string
		values any
		want   []int
	}{
		{"|i1", []int8{-128, 127}, []int{-128, 127}}, {"|u1", []uint8{0, 255}, []int{0, 255}}, {"|b1", []uint8{0, 1}, []int{0, 1}},
		{"<i2", []int16{-3, 3}, []int{-3, 3}}, {"<u2", []uint16{0, 65535}, []int{0, 65535}}, {"<i4", []int32{-3, 3}, []int{-3, 3}},
		{"<u4", []uint32{1, 1 << 30}, []int{1, 1 << 30}}, {"<i8", []int64{-3, 3}, []int{-3, 3}}, {"<u8", []uint64{1, 1 << 30}, []int{1, 1 << 30}},
	} {
		f, err := open(array(1, header(c.descr, "False", "(2,)"), c.values))
		require.NoError(t, err, c.descr)
		got, err := f.Ints()
		require.NoError(t, err, c.descr)
		require.Equal(t, c.want, got, c.descr)
		_, err = f.Float32()
		require.ErrorContains(t, err, c.descr)
	}
	f, err := open(array(1, header("<u8", "False", "(2,)"), []uint64{1, math.MaxUint64}))
	require.NoError(t, err)
	_, err = f.Ints()
	require.ErrorContains(t, err, "value 1")
}

func TestDamaged(t *testing.T) {
	whole := array(1, header("<f4", "False", "(2, 3)"), make([]float32, 6))
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"empty", nil, "does not begin with"},
		{"another format", []byte("PK\x03\x04 and so on and on"), ".npz"},
		{"cut off in the header", whole[:40], "offset 40"},
		{"cut off in the values", whole[:len(whole)-1], "takes 24"},
		{"longer than its shape", append(bytes.Clone(whole), 0), "25 bytes"},
		{"version 4", array(4, header("<f4", "False", "(1,)"), nil), "version 4.0"},
		{"a long header", array(2, strings.Repeat(" ", 1<<16+1), nil), "65537 bytes"},
		{"text", array(1, header("<U8", "False", "(1,)"), nil), `"<U8"`},
		{"objects", array(1, header("|O", "False", "(1,)"), nil), `"|O"`},
		{"records", array(1, "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", nil), "records"},
		{"no type", array(1, "{'fortran_order': False, 'shape': (1,), }", nil), "descr"},
		{"no shape", array(1, "{'descr': '<f4', 'fortran_order': False}", nil), "shape"},
		{"a negative extent", array(1, header("<f4", "False", "(-1,)"), nil), "extent"},
		{"huge", array(1, header("<f4", "False", "(4611686018427387904, 4)"), nil), "memory"},
		{"huge, product wraps", array(1, header("<f4", "False", "(4294967296, 4294967296)"), nil), "memory"},
		{"Fortran's order in three dimensions", array(1, header("<f4", "True", "(1, 1, 1)"), make([]float32, 1)), "ascontiguousarray"},
		{"garbage behind", array(1, header("<f4", "False", "(0,)")+"x", nil), "follows"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := open(c.file)
			require.ErrorContains(t, err, c.want)
			require.ErrorContains(t, err, "x.npy")
		})
	}
}

func TestSave(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.npy")
	for _, shape := range [][]int{{6}, {2, 3}, {0, 3}, {1, 2, 3}} {
		n := 1
		for _, d := range shape {
			n *= d
		}
		values := make([]float32, n)
		for i := range values {
			values[i] = float32(i) / 3
		}
		require.NoError(t, npy.Save(path, values, shape...))
		f, err := npy.Open(path)
		require.NoError(t, err)
		require.Equal(t, shape, f.Shape)
		got, err := f.Float32()
		require.NoError(t, err)
		require.Equal(t, values, got)
		require.NoError(t, f.Close())
	}
	require.NoError(t, npy.SaveInts(path, []int{-1, 1 << 20}, 2))
	f, err := npy.Open(path)
	require.NoError(t, err)
	defer f.Close()
	got, err := f.Ints()
	require.NoError(t, err)
	require.Equal(t, []int{-1, 1 << 20}, got)

	require.ErrorContains(t, npy.Save(path, make([]float32, 5), 2, 3), "5 values")
	require.ErrorContains(t, npy.Save(path, nil, -1), "negative")
	_, err = npy.Open(t.TempDir())
	require.ErrorContains(t, err, "regular")
	_, err = npy.Open(filepath.Join(t.TempDir(), "none.npy"))
	require.ErrorIs(t, err, os.ErrNotExist)
}

// NumPy reads what Save writes, and the other way round, if LONGTAIL_TORCH names a Python that has it.
func TestNumPy(t *testing.T) {
	python := os.Getenv("LONGTAIL_TORCH")
	if python == "" {
		t.Skip("set LONGTAIL_TORCH to a Python with NumPy")
	}
	dir := t.TempDir()
	require.NoError(t, npy.Save(filepath.Join(dir, "a.npy"), []float32{1, 2, 3, 4, 5, 6}, 2, 3))
	require.NoError(t, npy.SaveInts(filepath.Join(dir, "y.npy"), []int{4, -1}, 2))
	script := `
import numpy as np
a, y = np.load("a.npy"), np.load("y.npy")
assert a.dtype == np.float32 and a.tolist() == [[1, 2, 3], [4, 5, 6]], a
assert y.dtype == np.int64 and y.tolist() == [4, -1], y
for t in "f2", "f4", "f8", ">f4":
    np.save(t.strip(">") + ("b" if ">" in t else "") + ".npy", a.astype(t))
np.save("fortran.npy", np.asfortranarray(a))
`
	c := exec.Command(python, "-c", script)
	c.Dir = dir
	out, err := c.CombinedOutput()
	require.NoError(t, err, string(out))
	for _, name := range []string{"f2", "f4", "f8", "f4b", "fortran"} {
		f, err := npy.Open(filepath.Join(dir, name+".npy"))
		require.NoError(t, err)
		got, err := f.Float32()
		require.NoError(t, err)
		require.Equal(t, []float32{1, 2, 3, 4, 5, 6}, got, name)
		require.NoError(t, f.Close())
	}
}

func FuzzFile(f *testing.F) {
	f.Add(array(1, header("<f4", "False", "(2, 3)"), make([]float32, 6)))
	f.Add(array(2, header("<f2", "True", "(3, 2)"), make([]uint16, 6)))
	f.Add(array(3, header("|u1", "False", "()"), []uint8{1}))
	f.Add(array(1, header("<i8", "False", "(0, 3)"), nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		var a *npy.File
		var err error
		alloctest.Justified(t, len(b), func() { a, err = open(b) })
		if err != nil {
			return
		}
		n := 1
		for _, d := range a.Shape {
			n *= d
		}
		x, err1 := a.Float32()
		y, err2 := a.Ints()
		if err1 == nil {
			require.Len(t, x, n)
		}
		if err2 == nil {
			require.Len(t, y, n)
		}
		require.True(t, err1 != nil || err2 != nil)
	})
}
