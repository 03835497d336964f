package annotation

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
)

// id is an id of JSON: a number or a word. 7, 7.0 and "7" are one; "07" is another.
type id []byte

// UnmarshalJSON keeps the text.
func (d *id) UnmarshalJSON(raw []byte) error {
	*d = append((*d)[:0], raw...)
	return nil
}

func (d id) text() (string, error) {
	if n, ok := d.number(); ok {
		return strconv.FormatInt(n, 10), nil
	}
	if len(d) > 0 && d[0] == '"' {
		var word string
		if err := json.Unmarshal(d, &word); err != nil {
			return "", err
		}
		return word, nil
	}
	if len(d) == 0 || string(d) == "null" {
		return "", fmt.Errorf("there is no id")
	}
	return "", fmt.Errorf("the id %s is neither a whole number nor a word", shortened(string(d)))
}

func (d id) number() (int64, bool) {
	if len(d) > 0 && len(d) < 19 {
		n := int64(0)
		for _, c := range d {
			if c < '0' || c > '9' {
				n = -1
				break
			}
			n = 10*n + int64(c-'0')
		}
		if n >= 0 {
			return n, true
		}
	}
	if len(d) == 0 || d[0] == '"' {
		return 0, false
	}
	if n, err := strconv.ParseInt(string(d), 10, 64); err == nil {
		return n, true
	}
	x, err := strconv.ParseFloat(string(d), 64)
	return int64(x), err == nil && x == math.Trunc(x) && math.Abs(x) < 1<<53
}

// numbering numbers ids in the order in which they come.
type numbering struct {
	ints  map[int64]int32
	words map[string]int32
}

func newNumbering() numbering { return numbering{map[int64]int32{}, map[string]int32{}} }

func (m numbering) len() int { return len(m.ints) + len(m.words) }

// of returns the number of an id, and whether it is new.
func (m numbering) of(d id) (n int32, fresh bool, err error) {
	key, ok := d.number()
	if !ok {
		word, err := d.text()
		if err != nil {
			return 0, false, err
		}
		if key, err = strconv.ParseInt(word, 10, 64); err != nil || strconv.FormatInt(key, 10) != word {
			n, known := m.words[word]
			if !known {
				n = int32(m.len())
				m.words[word] = n
			}
			return n, !known, nil
		}
	}
	n, known := m.ints[key]
	if !known {
		n = int32(m.len())
		m.ints[key] = n
	}
	return n, !known, nil
}

// texts are many short texts.
type texts struct {
	all  []byte
	ends []int
}

func (t *texts) add(s []byte) {
	t.all = append(t.all, s...)
	t.ends = append(t.ends, len(t.all))
}

func (t *texts) at(i int) string {
	from := 0
	if i > 0 {
		from = t.ends[i-1]
	}
	return string(t.all[from:t.ends[i]])
}
