package hybrid

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// decode reads one JSON value into v. A field that v does not have may change what the others mean, so it is an error.
func decode(text []byte, v any) error {
	if len(text) == 0 {
		return errors.New("missing")
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(v)
	if err == nil {
		if _, more := d.Token(); more != io.EOF {
			err = fmt.Errorf("more follows at offset %d", d.InputOffset())
		}
	}
	var kind *json.UnmarshalTypeError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &kind):
		return fmt.Errorf("%s: a JSON %s, where %s is wanted", cmp.Or(kind.Field, "the whole"), kind.Value, kind.Type)
	case errors.As(err, new(*json.SyntaxError)) || errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("damaged JSON: %w", err)
	}
	return errors.New(strings.TrimPrefix(err.Error(), "json: "))
}
