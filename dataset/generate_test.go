package dataset

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestGenerateDefaults(t *testing.T) {
	train, test, err := Generate(GenerateSettings{})
	require.NoError(t, err)
	require.Equal(t, []int{200, 200, 200, 200, 200, 200, 200, 200, 200, 200}, Counts(train))
	require.Equal(t, []int{50, 50, 50, 50, 50, 50, 50, 50, 50, 50}, Counts(test))
	require.Equal(t, []string{"disc-0", "disc-1", "square-2", "square-3", "triangle-4", "triangle-5", "ring-6", "ring-7",
		"cross-8", "cross-9"}, train.Classes())
	require.Equal(t, Shape{16, 16, 3}, test.Shape())

	seen := map[string]bool{}
	var img Image
	for _, set := range []*Memory{train, test} {
		for i := range set.Len() {
			require.NoError(t, set.Image(i, &img))
			require.False(t, seen[string(img.Pix)], "no two images are equal")
			seen[string(img.Pix)] = true
		}
	}
}

// The images are those of earlier versions: figures of the examples rest on them. In each row is one of a class, as the mean of
// the green values in 4×4 blocks.
func TestGenerateIsAsItWas(t *testing.T) {
	set, _, err := Generate(GenerateSettings{PerClass: 3, TestPerClass: 1, Seed: 1})
	require.NoError(t, err)
	var img Image
	for class, want := range [][16]int{
		{66, 89, 108, 130, 59, 55, 99, 133, 76, 33, 78, 152, 89, 106, 136, 141},
		{32, 40, 28, 29, 61, 51, 49, 55, 62, 66, 52, 80, 121, 181, 109, 109},
		{104, 133, 122, 82, 123, 125, 123, 118, 143, 108, 114, 119, 145, 139, 135, 125},
		{107, 129, 135, 126, 110, 149, 168, 133, 110, 141, 131, 120, 109, 100, 82, 109},
		{104, 124, 112, 135, 96, 104, 107, 94, 90, 107, 101, 116, 53, 93, 103, 115},
		{45, 105, 119, 85, 117, 123, 126, 94, 131, 121, 118, 101, 128, 122, 117, 105},
		{81, 100, 119, 134, 81, 94, 115, 128, 70, 113, 99, 119, 51, 67, 90, 85},
		{120, 60, 77, 89, 73, 110, 65, 48, 98, 56, 62, 118, 137, 134, 129, 121},
		{167, 135, 116, 86, 144, 105, 105, 65, 183, 105, 119, 48, 110, 76, 46, 28},
		{87, 110, 100, 138, 74, 63, 109, 126, 53, 33, 56, 116, 57, 65, 91, 98},
	} {
		require.NoError(t, set.Image(3*class+1, &img))
		var is [16]int
		for block := range is {
			for y := range 4 {
				for x := range 4 {
					is[block] += int(img.Pix[3*((block/4*4+y)*16+block%4*4+x)+1])
				}
			}
			is[block] /= 16
		}
		require.InDeltaSlice(t, want[:], is[:], 1, "class %d: %v", class, is)
	}
}

// So are those of both parts of a set of more classes and another size: sums of red, green and blue, and of the values times
// where they are.
func TestGenerateIsAsItWasInAll(t *testing.T) {
	train, test, err := Generate(GenerateSettings{Classes: 30, Size: 12, PerClass: 4, TestPerClass: 2, Seed: 3})
	require.NoError(t, err)
	for _, c := range []struct {
		set  *Memory
		want [4]float64
	}{{train, [4]float64{1679087, 1634297, 1662842, 2524311}}, {test, [4]float64{830520, 843680, 843112, 1264841}}} {
		var is [4]float64
		for i, v := range c.set.pix {
			is[i%3] += float64(v)
			is[3] += float64(v) * float64(i%1009) / 1009
		}
		require.InDeltaSlice(t, c.want[:], is[:], 10, "%.0f", is)
	}
}

func TestGenerateIsDeterministicAndExtends(t *testing.T) {
	few, _, err := Generate(GenerateSettings{Classes: 3, PerClass: 2, TestPerClass: 1, Seed: 5})
	require.NoError(t, err)
	many, _, err := Generate(GenerateSettings{Classes: 3, PerClass: 4, TestPerClass: 1, Seed: 5})
	require.NoError(t, err)
	other, _, err := Generate(GenerateSettings{Classes: 3, PerClass: 4, TestPerClass: 1, Seed: 6})
	require.NoError(t, err)
	var a, b, c Image
	for class := range 3 {
		for i := range 2 {
			require.NoError(t, few.Image(2*class+i, &a))
			require.NoError(t, many.Image(4*class+i, &b))
			require.NoError(t, other.Image(4*class+i, &c))
			require.Equal(t, a, b)
			require.NotEqual(t, a, c)
		}
	}
}

// TestGenerateClassesDifferAndOverlap classifies by the nearest neighbour in pixels: far better than chance, so there is
// something to learn, and far from perfect, so there is something left for a network.
func TestGenerateClassesDifferAndOverlap(t *testing.T) {
	train, test, err := Generate(GenerateSettings{})
	require.NoError(t, err)
	correct, asked := 0, 0
	for i := 0; i < test.Len(); i += 3 {
		asked++
		x := test.pix[i*test.Shape().Len():][:test.Shape().Len()]
		best, label := math.MaxInt, -1
		for j := range train.labels {
			distance := 0
			for k, v := range train.pix[j*train.Shape().Len():][:train.Shape().Len()] {
				d := int(v) - int(x[k])
				distance += d * d
			}
			if distance < best {
				best, label = distance, train.labels[j]
			}
		}
		if label == test.labels[i] {
			correct++
		}
	}
	accuracy := float64(correct) / float64(asked)
	require.Greater(t, accuracy, 0.15)
	require.Less(t, accuracy, 0.6)
}

func TestGenerateExtremes(t *testing.T) {
	for _, s := range []GenerateSettings{
		{Classes: 1, Size: 8, PerClass: 1, TestPerClass: 1},
		{Classes: 100, Size: 9, PerClass: 1, TestPerClass: 2},
	} {
		train, test, err := Generate(s)
		require.NoError(t, err)
		require.Equal(t, s.Classes, train.Len())
		require.Equal(t, s.Classes*s.TestPerClass, test.Len())
	}
	for _, c := range []struct {
		s    GenerateSettings
		want string
	}{
		{GenerateSettings{Classes: 101}, "GenerateSettings.Classes is 101: it must be at least 1 and at most 100, or 0 for 10"},
		{GenerateSettings{Classes: -1}, "GenerateSettings.Classes is -1: it must be at least 1 and at most 100, or 0 for 10"},
		{GenerateSettings{Size: 7}, "GenerateSettings.Size is 7: it must be at least 8 and at most 256, or 0 for 16"},
		{GenerateSettings{Size: 257}, "GenerateSettings.Size is 257: it must be at least 8 and at most 256, or 0 for 16"},
		{GenerateSettings{PerClass: -1}, "GenerateSettings.PerClass is -1: it must be at least 1 and at most 1000000, or 0 for 200"},
		{GenerateSettings{TestPerClass: 1_000_001}, "GenerateSettings.TestPerClass is 1000001: it must be at least 1 and at most 1000000, or 0 for 50"},
		{GenerateSettings{Classes: 1, Size: 256, PerClass: 87381, TestPerClass: 1},
			"87382 generated images of 256×256 take 16 GiB, at most 16 are made: lower PerClass or Size"},
	} {
		_, _, err := Generate(c.s)
		require.EqualError(t, err, "dataset: "+c.want)
	}
	_, err := GenerateSettings{Classes: 1, Size: 256, PerClass: 87380, TestPerClass: 1}.withDefaults()
	require.NoError(t, err, "just fits")
}

func TestHSV(t *testing.T) {
	require.Equal(t, rgb{1, 0, 0}, hsv(0, 1, 1))
	require.Equal(t, rgb{1, 0, 0}, hsv(-2, 1, 1))
	require.InDeltaSlice(t, []float64{0, 1, 0}, sliceOf(hsv(1.0/3, 1, 1)), 1e-12)
	require.InDeltaSlice(t, []float64{0.5, 0.5, 0.5}, sliceOf(hsv(0.7, 0, 0.5)), 1e-12)
}

func sliceOf(c rgb) []float64 { return c[:] }
