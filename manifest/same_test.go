package manifest_test

import (
	"testing"

	"github.com/longtail-ml/longtail/manifest"
	"github.com/stretchr/testify/require"
)

func fields(all []manifest.Difference) (names []string) {
	for _, d := range all {
		names = append(names, d.Field)
	}
	return names
}

func TestChangesLeavesOutBuildAndImagesSeen(t *testing.T) {
	a, b := hybrid(), hybrid()
	b.Build.Go, b.Build.CPULevel, b.Training.ImagesSeen = "go1.99", "generic", 7
	require.Empty(t, manifest.Changes(a, b))
	b.Training.Batch++
	b.Selection = "by hand"
	require.Equal(t, []string{"training.batch", "selection"}, fields(manifest.Changes(a, b)))
}

// A teacher's weights are compared where both say them.
func TestChangesComparesTeachers(t *testing.T) {
	of := func(teacher, sum string) manifest.Manifest {
		m := hybrid()
		m.Training.Streams[0].Teacher, m.Training.Streams[0].TeacherSHA256 = teacher, sum
		return m
	}
	for _, c := range []struct {
		a, b manifest.Manifest
		want []string
	}{
		{of("ResNet", "1"), of("ResNet", "1"), nil},
		{of("ResNet", "1"), of("ResNet", ""), nil},
		{of("ResNet", "1"), of("ResNet", "2"), []string{"training.streams[0].teacher_sha256"}},
		{of("ResNet", ""), of("MLP", "2"), []string{"training.streams[0].teacher"}},
		{of("", ""), of("MLP", "2"), []string{"training.streams[0].teacher"}},
	} {
		require.Equal(t, c.want, fields(manifest.Changes(c.a, c.b)))
		require.Equal(t, c.want, fields(manifest.Changes(c.b, c.a)))
	}
	a, b := of("ResNet", "1"), of("ResNet", "")
	manifest.Changes(a, b)
	require.Equal(t, "1", a.Training.Streams[0].TeacherSHA256, "what is compared does not change")
}

func TestUnfair(t *testing.T) {
	of := func(seed uint64, change func(*manifest.Manifest)) manifest.Manifest {
		m := manifest.Manifest{Version: manifest.Version, Data: manifest.Data{Name: "generated, seed 1", TrainSHA256: "a", TrainCounts: []int{5, 1}},
			Network:  manifest.Network{Backbone: "MLP", Input: []int{8, 8, 3}},
			Training: manifest.Training{Method: "ce", Seed: seed, Batch: 4, ImagesSeen: 100, Recipe: "common", Groups: "metrics.Groups"}}
		change(&m)
		return m
	}
	base := of(1, func(*manifest.Manifest) {})
	for _, c := range []struct {
		seed   uint64
		change func(*manifest.Manifest)
		shown  []string
		want   []string
	}{
		{1, func(m *manifest.Manifest) { m.Training.Method, m.Training.Batch = "sc", 8 }, nil, nil},
		{1, func(m *manifest.Manifest) { m.Training.ImagesSeen = 200 }, nil, []string{"training.images_seen"}},
		{1, func(m *manifest.Manifest) { m.Training.ImagesSeen = 200 }, []string{"training.images_seen"}, nil},
		{1, func(m *manifest.Manifest) { m.Data.TrainSHA256 = "b" }, nil, []string{"data.train_sha256"}},
		{1, func(m *manifest.Manifest) { m.Data.TestSHA256 = "b" }, []string{"data"}, nil},
		{1, func(m *manifest.Manifest) { m.Data.TestSHA256 = "b" }, []string{"dat"}, []string{"data.test_sha256"}},
		{2, func(m *manifest.Manifest) { m.Data.TrainSHA256, m.Data.Name = "b", "generated, seed 2" }, nil, nil},
		{2, func(m *manifest.Manifest) { m.Data.TrainCounts = []int{5, 2} }, nil, []string{"data.train_counts"}},
		{1, func(m *manifest.Manifest) { m.Network.Backbone = "ResNet" }, nil, []string{"network.backbone"}},
		{1, func(m *manifest.Manifest) { m.Training.Groups = "by rank" }, nil, []string{"training.groups"}},
		{1, func(m *manifest.Manifest) { m.Training.Recipe = "own" }, nil, []string{"training.recipe"}},
		{1, func(m *manifest.Manifest) { m.Training.Recipe = "" }, nil, nil},
		{1, func(m *manifest.Manifest) { m.Training.Recipe, m.Training.Other = "", []string{"recipe: common"} }, nil, nil},
		{1, func(m *manifest.Manifest) { m.Training.Recipe, m.Training.Other = "", []string{"recipe: own"} }, nil, []string{"training.recipe"}},
	} {
		other := of(c.seed, c.change)
		require.Equal(t, c.want, fields(manifest.Unfair(base, other, c.shown...)))
		require.Equal(t, c.want, fields(manifest.Unfair(other, base, c.shown...)))
	}
}

func TestNotes(t *testing.T) {
	m := manifest.Manifest{Selection: manifest.LastEpoch}.With(manifest.Notes{Data: "CIFAR-10", Profile: "natural", Method: "ce", Recipe: "own", Other: []string{"x"}})
	require.Equal(t, manifest.Manifest{Data: manifest.Data{Name: "CIFAR-10", Profile: "natural"},
		Training: manifest.Training{Method: "ce", Recipe: "own", Other: []string{"x"}}, Selection: manifest.LastEpoch}, m)
	require.Equal(t, "by hand", m.With(manifest.Notes{Selection: "by hand"}).Selection)
}

func TestContentsAreComparedWhereTheyAreOfTheSame(t *testing.T) {
	for _, c := range []struct {
		was, now string
		want     []string
	}{
		{"names, sizes, 4 images: ab", "names, sizes, 4 images: ab", nil},
		{"names, sizes, 4 images: ab", "names, sizes, 4 images: cd", []string{"data.test_content"}},
		{"names, sizes, 4 images: ab", "names, sizes, 5 images: cd", nil},
		{"names, sizes, 4 images: ab", manifest.NotHashed, nil},
		{"", "names, sizes, 4 images: ab", nil},
	} {
		a, b := hybrid(), hybrid()
		a.Data.TestContent, b.Data.TestContent = c.was, c.now
		require.Equal(t, c.want, fields(manifest.Changes(a, b)))
		require.Equal(t, c.want, fields(manifest.Changes(b, a)))
		require.Equal(t, c.want, fields(manifest.Unfair(a, b)))
		b.Network.Input = []int{16, 16, 3}
		require.Equal(t, []string{"network.input"}, fields(manifest.Changes(a, b)), "other pixels for that alone")
	}
}

func TestChangesLeavesOutFromWhereItIsNotBitForBit(t *testing.T) {
	a, b := hybrid(), hybrid()
	b.NotBitForBit = []manifest.Departure{{Step: 3, Changes: []string{"training.epochs: 1, 2"}}}
	require.Empty(t, manifest.Changes(a, b))
	require.NotEmpty(t, manifest.Diff(a, b))
}
