package record

import (
	"errors"
	"slices"
)

// Multi returns a Recorder that passes every call on to all of the recorders, in this order and whatever one of them says,
// and returns their errors joined. Multi() keeps nothing.
func Multi(recorders ...Recorder) Recorder { return multi(slices.Clone(recorders)) }

type multi []Recorder

func (m multi) each(do func(Recorder) error) error {
	errs := make([]error, len(m))
	for i, r := range m {
		errs[i] = do(r)
	}
	return errors.Join(errs...)
}

func (m multi) Scalar(step int, name string, value float64) error {
	return m.each(func(r Recorder) error { return r.Scalar(step, name, value) })
}

func (m multi) Text(step int, name, text string) error {
	return m.each(func(r Recorder) error { return r.Text(step, name, text) })
}

func (m multi) Settings(step int, values map[string]string) error {
	return m.each(func(r Recorder) error { return r.Settings(step, values) })
}

func (m multi) Flush() error { return m.each(Recorder.Flush) }

func (m multi) Close() error { return m.each(Recorder.Close) }
