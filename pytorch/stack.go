package pytorch

import (
	"errors"
	"fmt"
)

var errEmpty = errors.New("nothing is on the stack: the file is damaged")

func (p *pickle) push(v any) error {
	p.stack = append(p.stack, v)
	return nil
}

func (p *pickle) pushIf(v any, err error) error {
	if err != nil {
		return err
	}
	return p.push(v)
}

// bottom is the height of the stack above the last mark.
func (p *pickle) bottom() int {
	if len(p.marks) == 0 {
		return 0
	}
	return p.marks[len(p.marks)-1]
}

func (p *pickle) pop() (any, error) {
	items, err := p.popN(1)
	if err != nil {
		return nil, err
	}
	return items[0], nil
}

// popN takes n values, the one on top last.
func (p *pickle) popN(n int) ([]any, error) {
	at := len(p.stack) - n
	if at < p.bottom() {
		return nil, errEmpty
	}
	items := append([]any(nil), p.stack[at:]...)
	p.stack = p.stack[:at]
	return items, nil
}

// popMark takes what is above the last mark, and the mark.
func (p *pickle) popMark() ([]any, error) {
	if len(p.marks) == 0 {
		return nil, errEmpty
	}
	items, err := p.popN(len(p.stack) - p.bottom())
	p.marks = p.marks[:len(p.marks)-1]
	return items, err
}

func (p *pickle) top() (any, error) {
	if len(p.stack) <= p.bottom() {
		return nil, errEmpty
	}
	return p.stack[len(p.stack)-1], nil
}

func (p *pickle) extend(items []any) error {
	v, err := p.top()
	if err != nil {
		return err
	}
	l, ok := v.(*list)
	if !ok {
		return fmt.Errorf("adds items to a %s", kind(v))
	}
	l.items = append(l.items, items...)
	return nil
}

func (p *pickle) setItems(items []any) error {
	v, err := p.top()
	if err != nil {
		return err
	}
	d, ok := v.(*dict)
	if !ok {
		return fmt.Errorf("sets items of a %s", kind(v))
	}
	return d.setAll(items)
}

// setAll takes keys and values by turns.
func (d *dict) setAll(items []any) error {
	if len(items)%2 != 0 {
		return errors.New("a key without a value")
	}
	for i := 0; i < len(items); i += 2 {
		d.set(items[i], items[i+1])
	}
	return nil
}

func (p *pickle) remember(at int64) error {
	v, err := p.top()
	if err == nil {
		p.memo[at] = v
	}
	return err
}

func put(bytes int64) func(p *pickle) error {
	return func(p *pickle) error {
		at, err := p.unsigned(bytes)
		if err != nil {
			return err
		}
		return p.remember(int64(at))
	}
}

func get(bytes int64) func(p *pickle) error {
	return func(p *pickle) error {
		at, err := p.unsigned(bytes)
		if err != nil {
			return err
		}
		v, ok := p.memo[int64(at)]
		if !ok {
			return fmt.Errorf("entry %d of the memo was never set: the file is damaged", at)
		}
		return p.push(v)
	}
}

func pushUnsigned(bytes int64) func(p *pickle) error {
	return func(p *pickle) error {
		v, err := p.unsigned(bytes)
		return p.pushIf(int64(v), err)
	}
}

// pushText pushes text whose length comes first, in so many bytes.
func pushText(bytes int64) func(p *pickle) error {
	return func(p *pickle) error {
		n, err := p.unsigned(bytes)
		if err != nil {
			return err
		}
		b, err := p.bytes(int64(n)) // a length beyond int64 is negative, and so refused
		return p.pushIf(string(b), err)
	}
}

func pushTuple(n int) func(p *pickle) error {
	return func(p *pickle) error {
		items, err := p.popN(n)
		return p.pushIf(tuple(items), err)
	}
}
