package nn_test

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/nn"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestMatchPath(t *testing.T) {
	const of = "backbone.layer1.0.conv1.weight"
	for pattern, want := range map[string]bool{
		"backbone": true, "backbone.layer1": true, of: true, "*.layer?.0": true, "backbone.layer[0-2]": true, "**": true,
		"**.weight": true, "backbone.**.weight": true, "**.conv*": true, "backbone.**.layer1": true, "backbone.**.**": true,
		"back": false, "layer1": false, "backbone.layer": false, "backbone.*.weight": false, "*.weight": false, of + ".x": false,
		"**.bias": false, "backbone.layer[2-9]": false, "**.layer1.conv1": false,
	} {
		got, err := nn.MatchPath(pattern, of)
		require.NoError(t, err)
		require.Equal(t, want, got, pattern)
	}
}

func TestMatchPathRefusesMalformedPatterns(t *testing.T) {
	for pattern, want := range map[string]string{
		"":          `nn: the pattern "" has an empty name: names are joined by single dots, and ** matches everything`,
		"a..b":      `nn: the pattern "a..b" has an empty name: names are joined by single dots, and ** matches everything`,
		"a.":        `nn: the pattern "a." has an empty name: names are joined by single dots, and ** matches everything`,
		"x.layer[1": `nn: the pattern "x.layer[1" is malformed at "layer[1": see path.Match for what a name may have`,
	} {
		_, err := nn.MatchPath(pattern, "a.b")
		require.EqualError(t, err, want)
	}
}

func TestEveryLeadingPartOfAPathMatchesIt(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		names := rapid.SliceOfN(rapid.StringMatching(`[a-z0-9_]{1,5}`), 1, 6).Draw(rt, "names")
		lead := rapid.IntRange(1, len(names)).Draw(rt, "lead")
		star := rapid.IntRange(0, lead-1).Draw(rt, "star")
		pattern := append([]string{}, names[:lead]...)
		for _, with := range []string{names[star], "*", "**"} {
			pattern[star] = with
			ok, err := nn.MatchPath(strings.Join(pattern, "."), strings.Join(names, "."))
			require.NoError(rt, err)
			require.True(rt, ok, "%v", pattern)
		}
		ok, err := nn.MatchPath(strings.Join(append(names, "z"), "."), strings.Join(names, "."))
		require.NoError(rt, err)
		require.False(rt, ok)
	})
}

// frozen lists the paths of what is frozen.
func frozen(m nn.Visitable) (paths []string) {
	for _, e := range nn.Entries(m) {
		if e.Frozen() {
			paths = append(paths, e.Path)
		}
	}
	return paths
}

func twoConvs() nn.Sequential {
	rng := rand.New(rand.NewPCG(1, 1))
	return nn.Sequential{nn.NewConvBN(nn.ConvBNSettings{In: 3, Out: 4, Kernel: 3, Padding: 1, ReLU: true, Rand: rng}), nn.NewConvBN(nn.ConvBNSettings{In: 4, Out: 4, Kernel: 3, Padding: 1, ReLU: true, Rand: rng}), nn.NewLinear(nn.LinearSettings{In: 4, Out: 2, Rand: rng})}
}

func TestFreezePaths(t *testing.T) {
	net := twoConvs()
	for want, patterns := range map[string][]string{
		`nn: the pattern "3" matches no parameter or statistic: their paths go from "0.conv.weight" to "2.bias", see nn.Entries`: {"0", "3"},
		"nn: no pattern is given: name the paths to choose, or ** for all":                                                       nil,
		`nn: the pattern ".0" has an empty name: names are joined by single dots, and ** matches everything`:                     {"0", ".0"},
	} {
		_, err := nn.FreezePaths(net, patterns...)
		require.EqualError(t, err, want)
		require.Empty(t, frozen(net), "nothing is frozen on an error")
	}
	_, err := nn.FreezePaths(nn.Sequential{}, "**")
	require.EqualError(t, err, `nn: the pattern "**" matches no parameter or statistic: there is none`)

	n, err := nn.FreezePaths(net, "0", "*.bn.weight", "0.conv")
	require.NoError(t, err)
	require.Equal(t, 5, n, "the statistics of a layer count as one")
	require.Equal(t, []string{"0.conv.weight", "0.bn.weight", "0.bn.bias", "0.bn.running_mean", "0.bn.running_var", "1.bn.weight"}, frozen(net))

	n, err = nn.UnfreezePaths(net, "0.bn", "2")
	require.NoError(t, err)
	require.Equal(t, 5, n)
	require.Equal(t, []string{"0.conv.weight", "1.bn.weight"}, frozen(net))
}

func TestFreezeStatistics(t *testing.T) {
	net := twoConvs()
	for want, pattern := range map[string]string{
		`nn: the pattern "*.conv" matches no statistic: their paths go from "0.bn.running_mean" to "1.bn.running_var", see nn.Entries`: "*.conv",
		`nn: the pattern "2" matches no statistic: their paths go from "0.bn.running_mean" to "1.bn.running_var", see nn.Entries`:      "2",
	} {
		_, err := nn.FreezeStatistics(net, "0", pattern)
		require.EqualError(t, err, want)
		require.Empty(t, frozen(net))
	}
	n, err := nn.FreezeStatistics(net, "0", "1.bn.running_mean")
	require.NoError(t, err)
	require.Equal(t, 2, n)
	statistics := []string{"0.bn.running_mean", "0.bn.running_var", "1.bn.running_mean", "1.bn.running_var"}
	require.Equal(t, statistics, frozen(net), "those of a layer go together")
	n, err = nn.UnfreezeStatistics(net, "0")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.Equal(t, statistics[2:], frozen(net))

	nn.Freeze(net, true)
	_, err = nn.UnfreezeStatistics(net, "**")
	require.NoError(t, err)
	require.Len(t, frozen(net), 8, "parameters stay frozen")
	nn.Freeze(net, false)
	require.Empty(t, frozen(net))
}

// A part chosen by nn.Select is frozen with its statistics.
func TestFreezingASelection(t *testing.T) {
	net := twoConvs()
	part, err := nn.Select(net, "1.bn", "2.bias")
	require.NoError(t, err)
	nn.Freeze(part, true)
	require.Equal(t, []string{"1.bn.weight", "1.bn.bias", "1.bn.running_mean", "1.bn.running_var", "2.bias"}, frozen(net))
}

func TestFreezePathsFindsASharedParameterUnderEachName(t *testing.T) {
	m := newTied()
	n, err := nn.FreezePaths(m, "second")
	require.NoError(t, err)
	require.Equal(t, 2, n)
	require.True(t, m.first.Weight.Frozen && m.first.Bias.Frozen)
}

func TestSelect(t *testing.T) {
	m := newTied()
	part, err := nn.Select(m, "second.weight", "queue", "position")
	require.NoError(t, err)
	got := nn.Entries(part)
	require.Equal(t, []string{"second.weight", "queue", "position"}, paths(got))
	require.Same(t, m.second.Weight, got[0].Param)
	require.Same(t, m.queue, got[1].Buffer)
	require.Same(t, m.position, got[2].State)
	require.Equal(t, []string{"x.second.weight", "x.queue", "x.position"}, paths(nn.Entries(under{part})))

	_, err = nn.Select(m, "third")
	require.EqualError(t, err, `nn: the pattern "third" matches no entry: their paths go from "first.weight" to "position", see nn.Entries`)

	conv := nn.NewConvBN(nn.ConvBNSettings{In: 3, Out: 4, Kernel: 3, Padding: 1, ReLU: true, Seed: 1})
	part, err = nn.Select(conv, "conv")
	require.NoError(t, err)
	require.Equal(t, nn.HWIO, nn.Entries(part)[0].Layout, "a convolution's weight lies in files as before")
	nn.Freeze(part, true)
	require.True(t, conv.Conv.Weight.Frozen)
	require.False(t, conv.BN.Weight.Frozen)
}

// under shows m under the name x.
type under struct{ m nn.Visitable }

func (u under) Visit(v nn.Visitor) { v.Sub("x", u.m) }
