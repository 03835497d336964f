package manifest

import (
	"regexp"
	"slices"
	"strings"
)

// Changes returns the fields that make now another run than was: all but the build, the steps from which it is not bit for bit,
// and the images seen and samples dropped, which follow from the rest. It answers "is it the same run?" for whatever goes on with one or looks for one that is there already. None: it is.
// Contents that one of the two does not have, or that are checksums of other things, are not compared, and neither is a teacher with
// one that was still to be trained.
func Changes(was, now Manifest) []Difference {
	was.Build, was.Training.ImagesSeen = now.Build, now.Training.ImagesSeen
	was.NotBitForBit, was.Training.Dropped = now.NotBitForBit, now.Training.Dropped
	was.Data, now.Data = onlyComparable(was, now)
	was.Training.Streams = slices.Clone(was.Training.Streams)
	for i, s := range now.Training.Streams {
		if i < len(was.Training.Streams) && (s.TeacherSHA256 == "" || was.Training.Streams[i].TeacherSHA256 == "") {
			was.Training.Streams[i].TeacherSHA256 = s.TeacherSHA256
		}
	}
	return Diff(was, now)
}

// Further tells whether a run that is to be as in now has more to do than what was says it did: another number of ranks alone has not.
func Further(was, now Manifest) bool {
	was.Training.Ranks, was.Training.SyncBatchNorm = now.Training.Ranks, now.Training.SyncBatchNorm
	return len(Changes(was, now)) > 0
}

// onlyComparable leaves out contents that say nothing about each other: of other images, or of images of another size.
func onlyComparable(was, now Manifest) (a, b Data) {
	a, b = was.Data, now.Data
	x := []*string{&a.TrainContent, &a.HeldOutContent, &a.TestContent}
	for i, y := range []*string{&b.TrainContent, &b.HeldOutContent, &b.TestContent} {
		ofA, _, _ := strings.Cut(*x[i], ":")
		ofB, _, _ := strings.Cut(*y, ":")
		if ofA != ofB || !slices.Equal(was.Network.Input, now.Network.Input) {
			*x[i], *y = "", ""
		}
	}
	return a, b
}

// Unfair returns the fields in which two runs of one comparison must not differ, and do: data, backbone, recipe, the images
// seen and the groups of classes. Fields that the comparison shows may differ: each of shown names one, or a part of the
// manifest. Of runs of different seeds what follows from the seed is left out, such as which images the long tail has.
func Unfair(a, b Manifest, shown ...string) []Difference {
	x, y := common(a), common(b)
	if a.Training.Seed == b.Training.Seed {
		x.Data, y.Data = onlyComparable(a, b)
	}
	if x.Training.Recipe == "" || y.Training.Recipe == "" { // of runs before there was such a field: taken at their word
		x.Training.Recipe, y.Training.Recipe = "", ""
	}
	return slices.DeleteFunc(Diff(x, y), func(d Difference) bool {
		return slices.ContainsFunc(shown, func(f string) bool { return d.Field == f || strings.HasPrefix(d.Field, f+".") })
	})
}

// common returns the part of a manifest that does not depend on the seed and that all runs of a comparison have in common.
func common(m Manifest) (c Manifest) {
	c.Data = Data{Name: seedless(m.Data.Name), Profile: seedless(m.Data.Profile), TrainCounts: m.Data.TrainCounts,
		HeldOutCounts: m.Data.HeldOutCounts, TestCounts: m.Data.TestCounts}
	c.Network = Network{Backbone: m.Network.Backbone, Width: m.Network.Width, Input: m.Network.Input}
	c.Training = Training{ImagesSeen: m.Training.ImagesSeen, Groups: m.Training.Groups, Recipe: m.Training.Recipe}
	for _, text := range m.Training.Other { // where recipes were before
		if recipe, ok := strings.CutPrefix(text, "recipe: "); ok && c.Training.Recipe == "" {
			c.Training.Recipe = recipe
		}
	}
	return c
}

var seedSuffix = regexp.MustCompile(`, seed \d+$`)

func seedless(text string) string { return seedSuffix.ReplaceAllString(text, "") }
