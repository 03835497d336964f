package method

import (
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/schedule"
)

// With returns the method with another value of a setting, to try values that its paper does not have. Settings are
//
//	tau, gamma, own, max-margin, …  numbers and switches of its losses, by their names in package loss: IncludeOwn is own, and
//	                                temperatures are tau. Where several terms have one, TERM.NAME says whose, as bcl.tau.
//	                                0 is 0, not the paper's value; where a setting must be above 0 it is an error.
//	curriculum                      α of a hybrid: parabolic, linear, cosine, or a number that it keeps
//	tau                             of tau-norm and post-hoc-adjusted
//
// A value that is none is an error here; a setting that the method does not have is one of New, and so is a value that the loss
// does not take.
func (m Method) With(name, value string) (Method, error) {
	if name == "curriculum" {
		alpha, err := curriculum(value)
		if err != nil {
			return m, err
		}
		return m.changed(func(streams hybrid.Streams, s Setup) (hybrid.Streams, error) {
			if !scheduled(streams) {
				return nil, fmt.Errorf("has no curriculum to set: hybrids have")
			}
			return streams.Curriculum(alpha), nil
		}), nil
	}
	if name == "tau" && (m.Name == "tau-norm" || m.Name == "post-hoc-adjusted") {
		tau, err := number(name, value)
		if err != nil {
			return m, err
		}
		if tau == 0 {
			tau = loss.Off
		}
		by := PostHocAdjusted(PostHocAdjustedSettings{Tau: tau})
		if m.Name == "tau-norm" {
			by = TauNorm(TauNormSettings{Tau: tau})
		}
		m.Second, m.SecondSettings, m.NeedsHeld = by.Second, by.SecondSettings, by.NeedsHeld
		return m, nil
	}
	if _, err := strconv.ParseBool(value); err != nil {
		if _, err := number(name, value); err != nil {
			return m, err
		}
	}
	return m.changed(func(streams hybrid.Streams, s Setup) (hybrid.Streams, error) {
		return streams, setLoss(streams, name, value, s.Counts)
	}), nil
}

// changed is the method with its streams changed.
func (m Method) changed(by func(hybrid.Streams, Setup) (hybrid.Streams, error)) Method {
	before := m.Streams
	m.Streams = func(n *hybrid.Network, s Setup) (hybrid.Streams, error) {
		streams, err := before(n, s)
		if err != nil {
			return nil, err
		}
		return by(streams, s)
	}
	return m
}

func curriculum(value string) (schedule.Scheduler, error) {
	switch value {
	case "parabolic":
		return schedule.Curriculum{}, nil
	case "linear":
		return schedule.Curriculum{Curve: schedule.LinearDecay}, nil
	case "cosine":
		return schedule.Curriculum{Curve: schedule.CosineDecay}, nil
	}
	if alpha, err := strconv.ParseFloat(value, 64); err == nil && alpha >= 0 && alpha <= 1 {
		return schedule.Constant(alpha), nil
	}
	return nil, fmt.Errorf("method: curriculum %q is neither parabolic, linear, cosine nor a number from 0 to 1", value)
}

// scheduled tells whether the weights of the terms change.
func scheduled(streams hybrid.Streams) bool {
	for _, s := range streams {
		for _, t := range s.Terms {
			if _, fixed := t.Weight.(schedule.Constant); t.Weight == nil || fixed {
				return false
			}
		}
	}
	return true
}

func number(name, value string) (float64, error) {
	v, err := strconv.ParseFloat(value, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		return 0, fmt.Errorf("method: %s %q must be a number of at least 0, or true or false for a switch", name, value)
	}
	return v, nil
}

// setLoss sets what a name says in the losses of the streams, and has them check it.
func setLoss(streams hybrid.Streams, name, value string, counts []int) error {
	has := map[string][]setting{} // by TERM.NAME
	losses := map[string]loss.Loss{}
	for _, s := range streams {
		for _, t := range s.Terms {
			losses[t.Name] = t.Loss
			settingsOf(t.Loss, func(field string, v reflect.Value) {
				full := t.Name + "." + settingName(field)
				has[full] = append(has[full], setting{field, v})
			})
		}
	}
	var found []string
	for full := range has {
		if full == name || strings.HasSuffix(full, "."+name) {
			found = append(found, full)
		}
	}
	slices.Sort(found)
	switch {
	case len(has) == 0:
		return fmt.Errorf("has no setting %q: its losses have none", name)
	case len(found) == 0:
		return fmt.Errorf("has no setting %q: its losses have %s", name, strings.Join(slices.Sorted(maps.Keys(has)), ", "))
	case len(found) > 1:
		return fmt.Errorf("setting %q is that of several losses: say which, %s", name, strings.Join(found, " or "))
	}
	for _, s := range has[found[0]] {
		if before := has[found[0]][0].v; !s.v.Equal(before) {
			return fmt.Errorf("setting %q differs among the experts, as %v and %v: one value for all would make them alike", name, before, s.v)
		}
	}
	for _, s := range has[found[0]] {
		if err := s.set(name, value); err != nil {
			return err
		}
	}
	term, _, _ := strings.Cut(found[0], ".")
	if unfinished(losses[term]) { // checked when training begins
		return nil
	}
	if p, ok := losses[term].(loss.Preparer); ok {
		if err := p.Prepare(counts); err != nil {
			return fmt.Errorf("%s %s: %w", name, value, err)
		}
	}
	return nil
}

// unfinished tells whether a loss is made ready by the network.
func unfinished(l loss.Loss) bool {
	switch l := l.(type) {
	case *loss.DRW:
		return unfinished(l.Before) || unfinished(l.After)
	case *loss.Experts:
		return slices.ContainsFunc(l.Each, unfinished)
	}
	_, builder := l.(loss.Builder)
	return builder
}

// positive are the fields of which 0 means the paper's value, and nothing means 0.
var positive = []string{"Temperature", "CenterTemperature", "Start", "Weight", "Power", "PerClass"}

// setting is a field of a loss.
type setting struct {
	field string
	v     reflect.Value
}

func (s setting) set(name, value string) error {
	if s.v.Kind() == reflect.Bool {
		on, err := strconv.ParseBool(value)
		if err != nil {
			return fmt.Errorf("%s %q must be true or false", name, value)
		}
		s.v.SetBool(on)
		return nil
	}
	x, err := number(name, value)
	switch {
	case err != nil:
		return err
	case x == 0 && slices.Contains(positive, s.field):
		return fmt.Errorf("%s %q must be above 0", name, value)
	case x == 0 && s.field != "Smoothing": // which has no other value for 0
		x = loss.Off
	}
	if s.v.Kind() == reflect.Float64 {
		s.v.SetFloat(x)
		return nil
	}
	if x != math.Trunc(x) || x > 1<<30 {
		return fmt.Errorf("%s %q must be a whole number", name, value)
	}
	s.v.SetInt(int64(x))
	return nil
}

// settingsOf shows the numbers and switches of a loss, and of losses in it.
func settingsOf(l loss.Loss, show func(field string, v reflect.Value)) {
	v := reflect.ValueOf(l)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
		return
	}
	if m, ok := l.(*loss.LDAM); ok && !m.Reweight {
		all := show
		show = func(field string, v reflect.Value) {
			if field != "Beta" { // of weights that it has not
				all(field, v)
			}
		}
	}
	settingsIn(v.Elem(), show)
}

func settingsIn(v reflect.Value, show func(field string, v reflect.Value)) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if !field.IsExported() || field.Tag.Get("set") == "-" { // others go by it, as the head by the scale
			continue
		}
		switch f := v.Field(i); f.Kind() {
		case reflect.Float64, reflect.Bool, reflect.Int:
			if f.Type().PkgPath() == "" { // of no type of its own, whose numbers are names
				show(field.Name, f)
			}
		case reflect.Struct:
			settingsIn(f, show)
		case reflect.Interface:
			if inner, ok := f.Interface().(loss.Loss); ok {
				settingsOf(inner, show)
			}
		case reflect.Slice:
			for k := range f.Len() {
				if inner, ok := f.Index(k).Interface().(loss.Loss); ok {
					settingsOf(inner, show)
				}
			}
		}
	}
}

// settingName is max-margin for MaxMargin.
func settingName(field string) string {
	switch field {
	case "Temperature":
		return "tau"
	case "IncludeOwn":
		return "own"
	}
	var b strings.Builder
	for i, r := range field {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
