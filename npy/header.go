package npy

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"strconv"
	"strings"
)

const magic = "\x93NUMPY"

// mostHeader is how long a header may be: those of plain arrays have some 100 bytes.
const mostHeader = 1 << 16

// header is what stands before the values.
type header struct {
	descr   string
	fortran bool
	shape   []int
	data    int64 // where the values begin
}

func readHeader(r io.ReaderAt) (h header, err error) {
	var head [12]byte
	n, err := r.ReadAt(head[:], 0)
	if err != nil && err != io.EOF {
		return h, err
	}
	if n < 10 || string(head[:len(magic)]) != magic {
		if strings.HasPrefix(string(head[:n]), "PK\x03\x04") {
			return h, errors.New("a .npz archive: save each array by itself, with numpy.save")
		}
		return h, errors.New(`not a .npy file: it does not begin with "\x93NUMPY"`)
	}
	size := int64(binary.LittleEndian.Uint16(head[8:]))
	h.data = 10
	switch major := head[6]; {
	case major == 2 || major == 3:
		if n < 12 {
			return h, errors.New("the file ends at offset 10, in the length of the header")
		}
		size, h.data = int64(binary.LittleEndian.Uint32(head[8:])), 12
	case major != 1:
		return h, fmt.Errorf("version %d.%d of the format: versions 1 to 3 are read", major, head[7])
	}
	if size > mostHeader {
		return h, fmt.Errorf("a header of %d bytes, at most %d are read: the file is damaged", size, mostHeader)
	}
	text := make([]byte, size)
	if n, err := r.ReadAt(text, h.data); int64(n) < size {
		if err != io.EOF {
			return h, err
		}
		return h, fmt.Errorf("the file ends at offset %d, in the header, which has %d bytes", h.data+int64(n), size)
	}
	p := parser{text: string(text), from: h.data}
	h.data += size
	return h, p.header(&h)
}

// values returns how many values there are, or why there cannot be so many.
func (h header) values(size int) (n int, err error) {
	total := uint64(size)
	for _, d := range h.shape {
		high, low := bits.Mul64(total, uint64(d))
		if high != 0 || low>>62 != 0 {
			return 0, fmt.Errorf("a shape of %v: more values than memory can hold", h.shape)
		}
		total = low
	}
	return int(total / uint64(size)), nil
}

// parser reads the header's text, a dictionary as Python writes it.
type parser struct {
	text string
	at   int
	from int64 // where the text begins in the file
}

func (p *parser) header(h *header) error {
	if err := p.take("{"); err != nil {
		return err
	}
	seen := map[string]bool{}
	for !p.next("}") {
		key, err := p.quoted()
		if err != nil {
			return err
		}
		if err := p.take(":"); err != nil {
			return err
		}
		if seen[key] {
			return p.wrong("%q is there twice", key)
		}
		seen[key] = true
		switch key {
		case "descr":
			if p.next("[") {
				return p.wrong("the values are records, or pickled objects: save the columns as arrays of their own")
			}
			h.descr, err = p.quoted()
		case "fortran_order":
			if h.fortran = p.next("True"); !h.fortran && !p.next("False") {
				err = p.wrong("fortran_order is neither True nor False")
			}
		case "shape":
			h.shape, err = p.shape()
		default:
			err = p.wrong("the key %q is not one of descr, fortran_order and shape", key)
		}
		if err != nil {
			return err
		}
		if !p.next(",") && !strings.HasPrefix(p.text[p.at:], "}") {
			return p.wrong("a comma or } is missing")
		}
	}
	for _, key := range []string{"descr", "fortran_order", "shape"} {
		if !seen[key] {
			return fmt.Errorf("the header has no %s", key)
		}
	}
	if p.space(); p.at < len(p.text) {
		return p.wrong("something follows the }")
	}
	return nil
}

func (p *parser) shape() (all []int, err error) {
	if err := p.take("("); err != nil {
		return nil, err
	}
	all = []int{}
	for !p.next(")") {
		from := p.at
		for p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
			p.at++
		}
		n, err := strconv.ParseInt(p.text[from:p.at], 10, 0)
		if err != nil {
			return nil, p.wrong("the shape has something that is no extent")
		}
		all = append(all, int(n))
		p.next("L") // of Python 2
		if !p.next(",") && !strings.HasPrefix(p.text[p.at:], ")") {
			return nil, p.wrong("a comma or ) is missing in the shape")
		}
	}
	return all, nil
}

func (p *parser) quoted() (string, error) {
	p.space()
	rest := p.text[p.at:]
	if rest == "" || rest[0] != '\'' && rest[0] != '"' {
		return "", p.wrong("a quoted word is missing")
	}
	end := strings.IndexByte(rest[1:], rest[0])
	if end < 0 {
		return "", p.wrong("a quote is not closed")
	}
	p.at += end + 2
	p.space()
	return rest[1 : end+1], nil
}

// next steps over the word if it is next, and over what space is around it.
func (p *parser) next(word string) bool {
	p.space()
	if !strings.HasPrefix(p.text[p.at:], word) {
		return false
	}
	p.at += len(word)
	p.space()
	return true
}

func (p *parser) take(word string) error {
	if !p.next(word) {
		return p.wrong("%q is missing", word)
	}
	return nil
}

func (p *parser) space() {
	for p.at < len(p.text) && strings.ContainsRune(" \n\t\r", rune(p.text[p.at])) {
		p.at++
	}
}

func (p *parser) wrong(format string, args ...any) error {
	return fmt.Errorf("the header, at offset %d: %s", p.from+int64(p.at), fmt.Sprintf(format, args...))
}
