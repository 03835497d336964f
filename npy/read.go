package npy

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/longtail-ml/longtail/internal/half"
	"github.com/longtail-ml/longtail/internal/memory"
)

// File is an open .npy file, of which the header has been read and compared with the file's size.
type File struct {
	Shape []int
	DType string // as NumPy writes it: "<f4" is float32, little endian

	name    string
	header  header
	kind    byte // of the values: 'f', 'i', 'u' or 'b'
	size    int  // of one, in bytes
	values  int
	order   binary.ByteOrder
	content io.ReaderAt
	closer  io.Closer
}

// Open opens an array's file. Close it when it has been read.
func Open(path string) (*File, error) {
	if stat, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("npy: %w", err) // os names the path
	} else if !stat.Mode().IsRegular() { // opening a pipe would wait for a writer
		return nil, fmt.Errorf("npy: %s is not a regular file", path)
	}
	r, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("npy: %w", err)
	}
	stat, err := r.Stat()
	if err != nil {
		r.Close()
		return nil, fmt.Errorf("npy: %w", err)
	}
	f, err := NewFile(r, stat.Size(), path)
	if err != nil {
		r.Close()
		return nil, err
	}
	f.closer = r
	return f, nil
}

// NewFile reads the header of an array of size bytes. name is for errors.
func NewFile(r io.ReaderAt, size int64, name string) (*File, error) {
	f := &File{name: name, content: r}
	if err := f.open(size); err != nil {
		return nil, f.errorf("%w", err)
	}
	return f, nil
}

func (f *File) open(size int64) (err error) {
	if f.header, err = readHeader(f.content); err != nil {
		return err
	}
	f.Shape, f.DType = f.header.shape, f.header.descr
	if err := f.setType(); err != nil {
		return err
	}
	if f.values, err = f.header.values(f.size); err != nil {
		return err
	}
	if want, has := int64(f.values)*int64(f.size), size-f.header.data; has != want {
		return fmt.Errorf("%d bytes of values from offset %d on: %s of shape %v takes %d: the file is cut off or damaged", max(has, 0), f.header.data,
			f.DType, f.Shape, want)
	}
	if f.header.fortran && len(f.Shape) > 2 {
		return fmt.Errorf("an array of shape %v in Fortran's order: save numpy.ascontiguousarray of it", f.Shape)
	}
	return nil
}

// sizes that values of a kind have.
var sizes = map[byte][]int{'f': {2, 4, 8}, 'i': {1, 2, 4, 8}, 'u': {1, 2, 4, 8}, 'b': {1}}

func (f *File) setType() error {
	text := f.DType
	f.order = binary.LittleEndian
	if order := strings.IndexAny(text, "<>=|"); order == 0 {
		if text[0] == '>' {
			f.order = binary.BigEndian
		}
		text = text[1:]
	}
	if text != "" {
		f.kind = text[0]
		f.size, _ = strconv.Atoi(text[1:])
	}
	if !slices.Contains(sizes[f.kind], f.size) {
		return fmt.Errorf("values of type %q: floats of 16, 32 and 64 bits, integers and bool are read: convert them with astype", f.DType)
	}
	return nil
}

// Close closes the file that Open opened.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

// Float32 returns the values of an array of floats, in C's order. Those of float64 are rounded.
func (f *File) Float32() ([]float32, error) {
	if f.kind != 'f' {
		return nil, f.errorf("values of type %s, where floats are wanted: save astype('float32') of it", f.DType)
	}
	return read(f, 4, func(b []byte) (float32, error) {
		switch f.size {
		case 2:
			return half.Float32(f.order.Uint16(b)), nil
		case 4:
			return math.Float32frombits(f.order.Uint32(b)), nil
		}
		return float32(math.Float64frombits(f.order.Uint64(b))), nil
	})
}

// Ints returns the values of an array of integers or bools, in C's order.
func (f *File) Ints() ([]int, error) {
	if f.kind == 'f' {
		return nil, f.errorf("values of type %s, where integers are wanted: save astype('int64') of it", f.DType)
	}
	return read(f, 8, func(b []byte) (int, error) {
		var u uint64
		switch f.size {
		case 1:
			u = uint64(b[0])
		case 2:
			u = uint64(f.order.Uint16(b))
		case 4:
			u = uint64(f.order.Uint32(b))
		default:
			u = f.order.Uint64(b)
		}
		v := int64(u)
		if f.kind == 'i' { // the sign
			v = v << (64 - 8*f.size) >> (64 - 8*f.size)
		} else if v < 0 {
			return 0, fmt.Errorf("%d is too large an integer", u)
		}
		if int64(int(v)) != v {
			return 0, fmt.Errorf("%d is too large an integer for this machine", v)
		}
		return int(v), nil
	})
}

// read decodes all values, each of which takes so many bytes in memory.
func read[V any](f *File, bytes int64, decode func([]byte) (V, error)) ([]V, error) {
	if !memory.Has(bytes * int64(f.values)) {
		return nil, f.errorf("its %d values do not fit this machine's memory", f.values)
	}
	all := make([]V, f.values)
	r := bufio.NewReaderSize(io.NewSectionReader(f.content, f.header.data, int64(f.values)*int64(f.size)), 1<<16)
	one := make([]byte, f.size)
	for i := range all {
		if _, err := io.ReadFull(r, one); err != nil {
			return nil, f.errorf("reading value %d at offset %d: %w", i, f.header.data+int64(i)*int64(f.size), err)
		}
		v, err := decode(one)
		if err != nil {
			return nil, f.errorf("value %d at offset %d: %w", i, f.header.data+int64(i)*int64(f.size), err)
		}
		at := i
		if f.header.fortran && len(f.Shape) == 2 {
			at = i%f.Shape[0]*f.Shape[1] + i/f.Shape[0]
		}
		all[at] = v
	}
	return all, nil
}

func (f *File) errorf(format string, args ...any) error {
	return fmt.Errorf("npy: %s: %w", f.name, fmt.Errorf(format, args...))
}
