package describe_test

import (
	"math"
	"testing"

	"github.com/longtail-ml/longtail/internal/describe"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

type inner struct{ A, B float64 }

type settings struct {
	Name   string
	Rate   float64
	On     bool
	List   []int
	Part   any
	Self   *settings
	ByName map[string]int
	Data   *tensor.Tensor
	F      func()
	hidden int
}

func named(schedule.Progress) float64 { return 1 }

func TestValue(t *testing.T) {
	cyclic := &settings{Name: "a"}
	cyclic.Self = cyclic
	for want, v := range map[string]any{
		"":                       nil,
		"describe_test.settings": settings{hidden: 3},
		`describe_test.settings{Name: "x", Rate: 0.1}`:            settings{Name: "x", Rate: 0.1},
		`describe_test.settings{List: [1, 2], On: true}`:          &settings{On: true, List: []int{1, 2}},
		`describe_test.settings{Part: describe_test.inner{B: 2}}`: settings{Part: inner{B: 2}},
		`describe_test.settings{Part: describe_test.inner}`:       settings{Part: &inner{}},
		`describe_test.settings{Name: "a", Self: "itself"}`:       cyclic,
		`describe_test.settings{ByName: {k: 2}}`:                  settings{ByName: map[string]int{"k": 2}},
		`describe_test.settings{Data: [2 3]}`:                     settings{Data: tensor.New(2, 3)},
		`describe_test.settings{F: func}`:                         settings{F: func() {}},
		`describe_test.inner{A: "+Inf", B: "NaN"}`:                inner{math.Inf(1), math.NaN()},
		"schedule.Constant(0.5)":                                  schedule.Constant(0.5),
		"schedule.complement{of: schedule.Constant(0.5)}":         schedule.Complement(schedule.Constant(0.5)),
		"describe_test.named":                                     named,
		"func":                                                    func() {},
	} {
		require.Equal(t, want, describe.Value(v, 3))
	}
}

// A function does not say what it does: its values in each epoch tell two apart.
func TestSchedulesOfFunctions(t *testing.T) {
	of := func(late float64) string {
		return describe.Value(schedule.Func(func(p schedule.Progress) float64 { return late * float64(p.Epoch) }), 3)
	}
	require.Regexp(t, `^schedule\.Func\(func\)\{values: [0-9a-f]{16}\}$`, of(1))
	require.Equal(t, of(1), of(1))
	require.NotEqual(t, of(1), of(2))
	require.NotEqual(t, of(1), describe.Value(schedule.Warmup{Epochs: 1, Then: schedule.Func(named)}, 3))
}

func TestLongListsAreTold(t *testing.T) {
	long := make([]int, 100)
	first := describe.Value(settings{List: long}, 0)
	require.Contains(t, first, "100 elements, SHA-256 ")
	long[99] = 1
	require.NotEqual(t, first, describe.Value(settings{List: long}, 0))
}

func TestFields(t *testing.T) {
	name, fields := describe.Fields(&settings{Name: "x", Rate: 2, Part: inner{A: 1}}, 0)
	require.Equal(t, "describe_test.settings", name)
	require.Equal(t, map[string]string{"Name": `"x"`, "Rate": "2", "Part": "describe_test.inner{A: 1}"}, fields)
}
