package pytorch

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"strings"
)

// pickle interprets the instructions that torch.save writes. It makes values and runs nothing.
type pickle struct {
	r        *bufio.Reader
	at, size int64 // bytes read, and those there are, or that may be read
	stack    []any
	marks    []int // heights of the stack
	memo     map[int64]any
	storages map[string]*storage // by their keys
	work     int                 // values that may still be made
}

// maxPickle bounds the memory that the values of a pickle take: many times its own size. A thousand tensors have names
// of some 100,000 bytes.
const maxPickle = 32 << 20

// maxWork bounds the instructions, each of which makes a value at most, and what calls copy: a tensor takes some 30.
const maxWork = 4 << 20

func newPickle(r io.Reader, size int64) *pickle {
	return &pickle{r: bufio.NewReader(r), size: min(size, maxPickle), storages: map[string]*storage{}, work: maxWork}
}

// run interprets one pickle and returns its value.
func (p *pickle) run() (any, error) {
	p.stack, p.marks, p.memo = nil, nil, map[int64]any{}
	for {
		at := p.at
		b, err := p.byte()
		if err != nil {
			return nil, err
		}
		if b == '.' {
			v, err := p.pop()
			if err != nil {
				return nil, fmt.Errorf("the pickle at byte %d: %w", at, err)
			}
			return v, nil
		}
		if err := p.spend(1); err != nil {
			return nil, err
		}
		do := instructions[b]
		if do == nil {
			return nil, fmt.Errorf("the pickle at byte %d: instruction %#02x is not part of a file of tensors: nothing of it was run", at, b)
		}
		if err := do(p); err != nil {
			return nil, fmt.Errorf("the pickle at byte %d, instruction %#02x: %w", at, b, err)
		}
	}
}

// spend counts values that are made.
func (p *pickle) spend(n int) error {
	if p.work -= n; p.work < 0 {
		return fmt.Errorf("the pickle at byte %d makes more than the %d values that a file of tensors may: save the tensors alone", p.at, maxWork)
	}
	return nil
}

// has reports whether n bytes are left.
func (p *pickle) has(n int64) error {
	switch {
	case n >= 0 && n <= p.size-p.at:
		return nil
	case p.size == maxPickle:
		return fmt.Errorf("the pickle at byte %d goes on beyond the %d bytes that names of tensors may take: save the tensors alone", p.at, maxPickle)
	}
	return fmt.Errorf("the pickle is truncated: %d bytes are wanted at byte %d of %d: the file is damaged or its copy incomplete", n, p.at, p.size)
}

func (p *pickle) byte() (byte, error) {
	if err := p.has(1); err != nil {
		return 0, err
	}
	b, err := p.r.ReadByte()
	p.at++
	return b, err
}

// bytes reads n of them, which must be there.
func (p *pickle) bytes(n int64) ([]byte, error) {
	if err := p.has(n); err != nil {
		return nil, err
	}
	b := make([]byte, n)
	read, err := io.ReadFull(p.r, b)
	p.at += int64(read)
	if err != nil {
		return nil, fmt.Errorf("reading at byte %d: %w", p.at, err)
	}
	return b, nil
}

// unsigned reads a little-endian integer of n bytes.
func (p *pickle) unsigned(n int64) (uint64, error) {
	b, err := p.bytes(n)
	if err != nil {
		return 0, err
	}
	var wide [8]byte
	copy(wide[:], b)
	return binary.LittleEndian.Uint64(wide[:]), nil
}

// line reads up to the next end of a line.
func (p *pickle) line() (string, error) {
	const longest = 1 << 10
	var text strings.Builder
	for text.Len() < longest {
		b, err := p.byte()
		if err != nil {
			return "", err
		}
		if b == '\n' {
			return text.String(), nil
		}
		text.WriteByte(b)
	}
	return "", fmt.Errorf("a name of more than %d bytes", longest)
}

// long reads an integer of n bytes in two's complement; one that int64 cannot hold becomes its bytes.
func (p *pickle) long(n int64) error {
	b, err := p.bytes(n)
	if err != nil {
		return err
	}
	if n > 8 {
		return p.push(string(b))
	}
	var v int64
	for i := len(b) - 1; i >= 0; i-- {
		if v = v<<8 | int64(b[i]); i == len(b)-1 {
			v = int64(int8(b[i]))
		}
	}
	return p.push(v)
}

// global puts a name on the stack if it is one of those known.
func (p *pickle) global(module, name string) error {
	g := global(module + "." + name)
	if functions[g] == nil && storageTypes[g] == "" {
		return refused(g)
	}
	return p.push(g)
}

// storage returns what a persistent id stands for: ("storage", its type, its key, the device, the number of values).
func (p *pickle) storage(id any) (*storage, error) {
	t, ok := id.(tuple)
	if !ok || len(t) < 5 || len(t) > 6 || t[0] != "storage" || len(t) == 6 && t[5] != nil {
		return nil, fmt.Errorf("a reference that is not of a plain storage: %s", kind(id))
	}
	name, _ := t[1].(global)
	dtype := storageTypes[name]
	key, ok := t[2].(string)
	numel, ok2 := t[4].(int64)
	if dtype == "" || !ok || !ok2 || numel < 0 || numel > math.MaxInt64/16 {
		return nil, fmt.Errorf("a storage of type %s, key %s and %s values", kind(t[1]), shown(t[2]), shown(t[4]))
	}
	s := &storage{dtype, key, numel}
	if known := p.storages[key]; known != nil {
		if *known != *s {
			return nil, fmt.Errorf("storage %q has %d values of %s and also %d of %s", key, known.numel, known.dtype, numel, dtype)
		}
		return known, nil
	}
	p.storages[key] = s
	return s, nil
}
