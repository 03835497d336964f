package experiment

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/longtail-ml/longtail/method"
)

// Setting is a value of something that a run is trained by.
type Setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// String is tau=0.1.
func (s Setting) String() string { return s.Name + "=" + s.Value }

// Axis is a setting and the values to try.
type Axis struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

var settingName, settingValue = regexp.MustCompile(`^[a-z][a-z0-9.-]*$`), regexp.MustCompile(`^[A-Za-z0-9.+-]+$`)

// ParseAxis reads tau=0.05,0.1,0.2.
func ParseAxis(text string) (a Axis, err error) {
	name, values, ok := strings.Cut(text, "=")
	a.Name = strings.TrimSpace(name)
	if !ok || !settingName.MatchString(a.Name) {
		return a, fmt.Errorf("experiment: %q is no setting with values: write tau=0.05,0.1", text)
	}
	for _, v := range strings.Split(values, ",") {
		if v = strings.TrimSpace(v); !settingValue.MatchString(v) {
			return a, fmt.Errorf("experiment: %q of %q is no value: write %s=0.05,0.1", v, text, a.Name)
		}
		if slices.Contains(a.Values, v) {
			return a, fmt.Errorf("experiment: %q has the value %s twice", text, v)
		}
		a.Values = append(a.Values, v)
	}
	return a, nil
}

// ParseSettings reads tau=0.2,own=true.
func ParseSettings(text string) (all []Setting, err error) {
	if text == "" {
		return nil, nil
	}
	for _, part := range strings.Split(text, ",") {
		a, err := ParseAxis(part)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(all, func(s Setting) bool { return s.Name == a.Name }) {
			return nil, fmt.Errorf("experiment: %q has %s twice", text, a.Name)
		}
		all = append(all, Setting{a.Name, a.Values[0]})
	}
	return all, nil
}

// ofRecipe are the settings of Settings that Apply knows.
var ofRecipe = []string{"lr", "decay", "batch", "warmup", "clip", "embedding"}

// Apply puts values in place of those of s and m: lr, decay, batch, warmup, clip and embedding are fields of Settings, and
// others are for method.Method.With.
func Apply(s Settings, m method.Method, set []Setting) (Settings, method.Method, error) {
	for _, v := range set {
		if !slices.Contains(ofRecipe, v.Name) {
			var err error
			if m, err = m.With(v.Name, v.Value); err != nil {
				return s, m, err
			}
			continue
		}
		if s.Recipe == "paper" && slices.Contains(ofRecipe[:4], v.Name) {
			return s, m, fmt.Errorf("experiment: %s has no meaning with recipe paper, by which each method has its own", v.Name)
		}
		x, err := strconv.ParseFloat(v.Value, 64)
		whole := v.Name == "batch" || v.Name == "embedding"
		if err != nil || !(x >= 0 && x <= 1<<30) || whole && (x != float64(int(x)) || x < 1) || v.Name == "lr" && x == 0 {
			return s, m, fmt.Errorf("experiment: %s: %q is not a value that it can have", v.Name, v.Value)
		}
		switch v.Name {
		case "lr":
			s.LR = x
		case "decay":
			s.Decay = x
		case "batch":
			s.Batch = int(x)
		case "warmup":
			s.Warmup = x
		case "clip":
			s.Clip = x
		case "embedding":
			s.Embedding = int(x)
		}
	}
	return s, m, nil
}
