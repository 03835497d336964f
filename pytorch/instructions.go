package pytorch

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// instructions are those that torch.save writes, by protocols 2 to 4.
var instructions map[byte]func(p *pickle) error

func init() {
	constant := func(v any) func(p *pickle) error { return func(p *pickle) error { return p.push(v) } }
	instructions = map[byte]func(p *pickle) error{
		0x80: func(p *pickle) error { // PROTO
			version, err := p.unsigned(1)
			if err == nil && (version < 2 || version > 5) {
				err = fmt.Errorf("protocol %d: only 2 to 5 are read", version)
			}
			return err
		},
		0x95: func(p *pickle) error { _, err := p.unsigned(8); return err }, // FRAME
		'N':  constant(nil), 0x88: constant(true), 0x89: constant(false), ')': constant(tuple{}),
		'}': func(p *pickle) error { return p.push(newDict()) },
		']': func(p *pickle) error { return p.push(&list{}) },
		'K': pushUnsigned(1), 'M': pushUnsigned(2),
		'J': func(p *pickle) error { v, err := p.unsigned(4); return p.pushIf(int64(int32(v)), err) }, // BININT
		0x8a: func(p *pickle) error { // LONG1
			n, err := p.unsigned(1)
			if err != nil {
				return err
			}
			return p.long(int64(n))
		},
		'G': func(p *pickle) error { // BINFLOAT, big-endian
			b, err := p.bytes(8)
			if err != nil {
				return err
			}
			return p.push(math.Float64frombits(binary.BigEndian.Uint64(b)))
		},
		'X': pushText(4), 0x8c: pushText(1), 0x8d: pushText(8), // BINUNICODE, SHORT_, BINUNICODE8
		'T': pushText(4), 'U': pushText(1), // BINSTRING, SHORT_
		'B': pushText(4), 'C': pushText(1), // BINBYTES, SHORT_
		'(': func(p *pickle) error { p.marks = append(p.marks, len(p.stack)); return nil },
		't': func(p *pickle) error { items, err := p.popMark(); return p.pushIf(tuple(items), err) },
		'l': func(p *pickle) error { items, err := p.popMark(); return p.pushIf(&list{items}, err) },
		'd': func(p *pickle) error {
			items, err := p.popMark()
			if err != nil {
				return err
			}
			d := newDict()
			return errors.Join(d.setAll(items), p.push(d))
		},
		0x85: pushTuple(1), 0x86: pushTuple(2), 0x87: pushTuple(3),
		'a': func(p *pickle) error { // APPEND
			items, err := p.popN(1)
			if err != nil {
				return err
			}
			return p.extend(items)
		},
		'e': func(p *pickle) error { // APPENDS
			items, err := p.popMark()
			if err != nil {
				return err
			}
			return p.extend(items)
		},
		's': func(p *pickle) error { // SETITEM
			items, err := p.popN(2)
			if err != nil {
				return err
			}
			return p.setItems(items)
		},
		'u': func(p *pickle) error { // SETITEMS
			items, err := p.popMark()
			if err != nil {
				return err
			}
			return p.setItems(items)
		},
		'q': put(1), 'r': put(4), 'h': get(1), 'j': get(4),
		0x94: func(p *pickle) error { return p.remember(int64(len(p.memo))) }, // MEMOIZE
		'c': func(p *pickle) error { // GLOBAL
			module, err := p.line()
			if err != nil {
				return err
			}
			name, err := p.line()
			if err != nil {
				return err
			}
			return p.global(module, name)
		},
		0x93: func(p *pickle) error { // STACK_GLOBAL
			items, err := p.popN(2)
			if err != nil {
				return err
			}
			module, ok := items[0].(string)
			name, ok2 := items[1].(string)
			if !ok || !ok2 {
				return fmt.Errorf("a name of %s and %s", kind(items[0]), kind(items[1]))
			}
			return p.global(module, name)
		},
		'R': func(p *pickle) error { // REDUCE
			items, err := p.popN(2)
			if err != nil {
				return err
			}
			if err := p.spend(copied(items[1])); err != nil {
				return err
			}
			v, err := call(items[0], items[1])
			return p.pushIf(v, err)
		},
		'b': func(p *pickle) error { // BUILD: attributes, such as the versions of layers in a state dict
			items, err := p.popN(2)
			if err != nil {
				return err
			}
			if _, ok := items[0].(*dict); !ok {
				return fmt.Errorf("sets attributes of a %s, of which only a dict may have some", kind(items[0]))
			}
			return p.push(items[0])
		},
		'Q': func(p *pickle) error { // BINPERSID
			id, err := p.pop()
			if err != nil {
				return err
			}
			s, err := p.storage(id)
			return p.pushIf(s, err)
		},
	}
}
