package hybrid

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// decode reads one value of valid JSON into v. A field that v does not have may change what the others mean, so it is an
// error.
func decode(text []byte, v any) error {
	if len(text) == 0 {
		return errors.New("missing")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &kind):
		return fmt.Errorf("%s: a JSON %s, where %s is wanted", cmp.Or(kind.Field, "the whole"), kind.Value, kind.Type)
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}
