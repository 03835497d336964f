package posthoc_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/posthoc"
)

func TestClassMeansByHand(t *testing.T) {
	// Class 0 points to (1, 0) and (0, 1), whatever the lengths, so its mean to (1, 1); class 1 to (−1, 0); class 2 has none.
	train := posthoc.Set{Features: matrix(3, 2, 5, 0, 0, 0.1, -3, 0), Labels: []int{0, 0, 1}, Classes: 3}
	m, err := posthoc.NewClassMeans(train, posthoc.ClassMeansSettings{})
	require.NoError(t, err)
	got, err := m.Scores(matrix(3, 2, 7, 7, -1, 0, 0, 0))
	require.NoError(t, err)
	h := float32(math.Sqrt2 / 2)
	require.InDeltaSlice(t, []float32{1, -h, -h, 1, 0, 0}, []float32{got.Data()[0], got.Data()[1], got.Data()[3],
		got.Data()[4], got.Data()[6], got.Data()[7]}, 1e-6)
	for _, i := range []int{2, 5, 8} {
		require.Equal(t, -inf, got.Data()[i], "a class without images is never predicted")
	}
	c, err := posthoc.Judge(got, []int{0, 1, 2})
	require.NoError(t, err)
	require.Equal(t, [3]int{1, 1, 0}, [3]int{c.At(0, 0), c.At(1, 1), c.At(2, 2)})
}

func TestClassMeansAgainstBruteForce(t *testing.T) {
	train, test := clouds(1, 5, 0.8, 40, 12, 3), clouds(2, 5, 0.8, 6, 6, 6)
	for _, centered := range []bool{false, true} {
		center := make([]float64, 5)
		if centered {
			for i := range train.Labels {
				for k, v := range row(train.Features, i) {
					center[k] += v / float64(len(train.Labels))
				}
			}
		}
		direction := func(v []float64) []float64 {
			for k := range v {
				v[k] -= center[k]
			}
			return unit(v)
		}
		means := make([][]float64, 3)
		for i, y := range train.Labels {
			if means[y] == nil {
				means[y] = make([]float64, 5)
			}
			for k, v := range direction(row(train.Features, i)) {
				means[y][k] += v
			}
		}
		m, err := posthoc.NewClassMeans(train, posthoc.ClassMeansSettings{Center: centered})
		require.NoError(t, err)
		got, err := m.Scores(test.Features)
		require.NoError(t, err)
		for i := range test.Labels {
			for c := range means {
				want := dot(direction(row(test.Features, i)), unit(means[c]))
				require.InDelta(t, want, float64(got.Data()[i*3+c]), 1e-5)
			}
		}
	}
}

func TestClassMeansOfOneClassAndOfFeaturesThatCancel(t *testing.T) {
	m, err := posthoc.NewClassMeans(posthoc.Set{Features: matrix(2, 2, 1, 0, -1, 0), Labels: []int{0, 0}, Classes: 1}, posthoc.ClassMeansSettings{})
	require.NoError(t, err)
	got, err := m.Scores(matrix(1, 2, 3, 4))
	require.NoError(t, err)
	require.Equal(t, []float32{0}, got.Data(), "a mean without direction")
}

func TestSetErrors(t *testing.T) {
	good := posthoc.Set{Features: matrix(2, 1, 1, 2), Labels: []int{0, 1}, Classes: 2}
	const features = "posthoc: features of "
	for want, change := range map[string]func(s *posthoc.Set){
		features + "shape none: they must be a matrix with a row for each image": func(s *posthoc.Set) { s.Features = nil },
		"posthoc: no features: the set holds no images":                          func(s *posthoc.Set) { s.Features = matrix(0, 1) },
		features + "row 1 have the value NaN at position 0: they must be finite": func(s *posthoc.Set) { s.Features = matrix(2, 1, 1, nan) },
		"posthoc: 1 labels for 2 rows: give one for each":                        func(s *posthoc.Set) { s.Labels = s.Labels[:1] },
		"posthoc: label of row 1 is 1, not one of 1 classes":                     func(s *posthoc.Set) { s.Classes = 1 },
		"posthoc: 0 classes: there must be at least 1":                           func(s *posthoc.Set) { s.Classes = 0 },
	} {
		s := good
		change(&s)
		_, err := posthoc.NewClassMeans(s, posthoc.ClassMeansSettings{})
		require.EqualError(t, err, want)
		_, err = posthoc.KNN{}.Scores(s, matrix(1, 1, 1))
		require.EqualError(t, err, want)
		_, err = posthoc.Retrain{}.CRT(t.Context(), s)
		require.EqualError(t, err, want)
		_, _, err = posthoc.Retrain{}.LWS(t.Context(), linear(2, 1, []float32{1, 2}, nil), s)
		require.EqualError(t, err, want)
	}
	m, err := posthoc.NewClassMeans(good, posthoc.ClassMeansSettings{})
	require.NoError(t, err)
	for _, scores := range []func() error{
		func() error { _, err := m.Scores(matrix(1, 2, 1, 1)); return err },
		func() error { _, err := posthoc.KNN{}.Scores(good, matrix(1, 2, 1, 1)); return err },
	} {
		require.EqualError(t, scores(), "posthoc: features of width 2, the classifier is of width 1: both must come from one backbone")
	}
	require.Equal(t, []int{1, 1}, good.Counts())
}

func TestJudge(t *testing.T) {
	c, err := posthoc.Judge(matrix(3, 2, 1, 1, -inf, 0, 3, -inf), []int{0, 1, 1})
	require.NoError(t, err)
	require.Equal(t, [3]int{1, 1, 1}, [3]int{c.At(0, 0), c.At(1, 1), c.At(1, 0)})
	_, err = posthoc.Judge(matrix(1, 2, 1, nan), []int{0})
	require.EqualError(t, err, "posthoc: the score of row 0, class 1 is NaN")
	_, err = posthoc.Judge(matrix(1, 2, 1, 1), []int{2})
	require.EqualError(t, err, "posthoc: label of row 0 is 2, not one of 2 classes")
	_, err = posthoc.Judge(nil, nil)
	require.EqualError(t, err, "posthoc: scores must be a matrix with a row for each image and a column for each class")
}

// The head scores as the means do.
func TestClassMeansHead(t *testing.T) {
	train := clouds(1, 5, 1, 12, 7, 3)
	m, err := posthoc.NewClassMeans(train, posthoc.ClassMeansSettings{})
	require.NoError(t, err)
	want, err := m.Scores(train.Features)
	require.NoError(t, err)
	head, err := m.Head()
	require.NoError(t, err)
	tape := autograd.NewTape(autograd.Mode{NoGrad: true})
	require.InDeltaSlice(t, want.Data(), head.Forward(tape.Const(train.Features)).Data(), 1e-6)

	centered, err := posthoc.NewClassMeans(train, posthoc.ClassMeansSettings{Center: true})
	require.NoError(t, err)
	_, err = centered.Head()
	require.EqualError(t, err, "posthoc: class means with Center have no head of cosines: make them without, or use Scores")
	train.Classes = 4
	m, err = posthoc.NewClassMeans(train, posthoc.ClassMeansSettings{})
	require.NoError(t, err)
	_, err = m.Head()
	require.EqualError(t, err, "posthoc: class 3 has no images: a head would have to leave it out, use Scores")
}
