package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Encode returns m as indented JSON, its fields in the order of the struct and maps by name. A Version other than this
// package's is an error.
func (m Manifest) Encode() ([]byte, error) {
	if m.Version != Version {
		return nil, fmt.Errorf("manifest: version %d cannot be written, only %d: begin with manifest.New", m.Version, Version)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(m); err != nil {
		return nil, fmt.Errorf("manifest: %w", err)
	}
	return b.Bytes(), nil
}

// Decode reads what Encode returned. A manifest of another version, a field that this version does not know, and anything
// after the manifest are errors that name it.
func Decode(text []byte) (Manifest, error) {
	var head struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(text, &head); err != nil { // of the whole text: d below reads no further than the manifest
		return Manifest{}, malformed(err)
	}
	if head.Version == nil {
		return Manifest{}, fmt.Errorf("manifest: there is no version: this is not a manifest")
	}
	if *head.Version != Version {
		return Manifest{}, fmt.Errorf("manifest: version %d is not known, only %d: read it with the release that wrote it",
			*head.Version, Version)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	var m Manifest
	if err := d.Decode(&m); err != nil {
		return Manifest{}, malformed(err)
	}
	return m, nil
}

func malformed(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		where := "the text"
		if kind.Field != "" {
			where = kind.Field
		}
		return fmt.Errorf("manifest: %s has a value of the wrong kind: %s", where, kind.Value)
	}
	text := strings.TrimPrefix(err.Error(), "json: ")
	if strings.HasPrefix(text, "unknown field") {
		text += ": it is misspelt, or of another program"
	}
	return fmt.Errorf("manifest: %s", text)
}
