package annotation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/longtail-ml/longtail/internal/smallfile"
)

// mostNames are the bytes of a file of names.
const mostNames = 1 << 26

// ReadNames reads the names of classes by their ids, for annotation files that have them in a file of their own: JSON, which
// is a list of objects with id and name (or an object with such a list as its categories), or an object of names by id; or a
// text of one name a line, whose ids count from 0, unless each line ends in a number, which is then the id.
func ReadNames(path string) (map[string]string, error) {
	raw, err := smallfile.Read(path, mostNames)
	if err != nil {
		return nil, fmt.Errorf("annotation: names of classes: %w", err)
	}
	raw = bytes.TrimSpace(bytes.TrimPrefix(raw, []byte(bom)))
	names, err := map[string]string{}, error(nil)
	switch {
	case len(raw) == 0:
		err = fmt.Errorf("is empty")
	case raw[0] == '[':
		err = categoryNames(raw, names)
	case raw[0] == '{':
		var file struct{ Categories json.RawMessage }
		if err = json.Unmarshal(raw, &file); err == nil && file.Categories != nil {
			err = categoryNames(file.Categories, names)
		} else {
			err = json.Unmarshal(raw, &names)
		}
	default:
		nameLines(string(raw), names)
	}
	if err != nil {
		return nil, fmt.Errorf("annotation: names of classes: %s: %w", path, err)
	}
	return names, nil
}

func categoryNames(raw []byte, names map[string]string) error {
	var all []category
	if err := json.Unmarshal(raw, &all); err != nil {
		return err
	}
	for i, c := range all {
		id, err := c.ID.text()
		if err != nil {
			return fmt.Errorf("category %d: %w", i, err)
		}
		if before, twice := names[id]; twice && before != c.Name {
			return fmt.Errorf("category id %s is there twice, as %q and %q", id, before, c.Name)
		}
		names[id] = c.Name
	}
	return nil
}

func nameLines(text string, names map[string]string) {
	numbered := map[string]string{}
	n := 0
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		names[strconv.Itoa(n)] = line
		n++
		if name, id, ok := cutLabel(line); ok {
			numbered[id] = name
		}
	}
	if len(numbered) == n { // every line has a number, each another
		clear(names)
		for id, name := range numbered {
			names[id] = name
		}
	}
}
