package metrics_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/metrics"
)

// example has classes of accuracy 1, 1/4, none measured, 0, 1/2, of which class 1 has most images.
func example(t *testing.T) *metrics.Confusion {
	return count(t, 5, [2]int{0, 0}, [2]int{1, 1}, [2]int{1, 0}, [2]int{1, 0}, [2]int{1, 0},
		[2]int{3, 0}, [2]int{4, 4}, [2]int{4, 0})
}

func TestReport(t *testing.T) {
	r, err := example(t).Report([]int{500, 101, 90, 15, 2}, nil)
	require.NoError(t, err)
	requireRates(t, []metrics.Rate{3.0 / 8, 0.625, none, 0.25}, []metrics.Rate{r.Top1, r.Many, r.Medium, r.Few},
		"top-1, many (a mean of classes, not of images), medium (its class has no test images), few")
	requireRates(t, []metrics.Rate{1, 0.25, none, 0, 0.5}, r.PerClass, "per class")
	require.Equal(t, "top-1 37.50  many 62.50  medium n/a  few 25.00", r.String())
}

func TestReportEmptyGroupIsNotZero(t *testing.T) {
	r, err := example(t).Report([]int{500, 500, 500, 500, 500}, metrics.Groups{})
	require.NoError(t, err)
	requireRates(t, []metrics.Rate{0.4375, none, none}, []metrics.Rate{r.Many, r.Medium, r.Few},
		"many (the class without test images is left out), medium, few")
}

func TestReportByRank(t *testing.T) {
	r, err := example(t).Report([]int{500, 400, 300, 200, 100}, metrics.ByRank{First: 1, Last: 2})
	require.NoError(t, err)
	requireRates(t, []metrics.Rate{1, 0.25, 0.25}, []metrics.Rate{r.Many, r.Medium, r.Few}, "many, medium, few")
}

func TestReportJSON(t *testing.T) {
	r, err := example(t).Report([]int{500, 101, 90, 15, 2}, nil)
	require.NoError(t, err)
	text, err := json.Marshal(r)
	require.NoError(t, err)
	require.Equal(t, `{"top1":0.375,"many":0.625,"medium":null,"few":0.25,"balanced":0.4375,"macro_f1":0.3380952380952381,"per_class":[1,0.25,null,0,0.5]}`, string(text))

	var back metrics.Report
	require.NoError(t, json.Unmarshal(text, &back))
	require.Equal(t, r.String(), back.String())
	requireRates(t, r.PerClass, back.PerClass, "per class")
}

// stray is a grouping that names a class that does not exist.
type stray int

func (s stray) Split([]int) (many, medium, few []int, err error) { return nil, []int{int(s)}, nil, nil }

func TestReportErrors(t *testing.T) {
	for _, c := range []struct {
		counts []int
		g      metrics.Grouping
		want   string
	}{
		{[]int{1, 2, 3}, nil, "metrics: 3 training counts for 5 classes: give one for each class"},
		{[]int{1, 2, 3, -4, 5}, nil, "metrics: training count of class 3 is -4: counts start at 0"},
		{make([]int, 5), metrics.ByRank{}, "metrics: ByRank with First 3 and Last 3: there are only 5 classes"},
		{make([]int, 5), stray(5), "metrics: metrics_test.stray.Split returned class 5: classes go from 0 to 4"},
		{make([]int, 5), stray(-1), "metrics: metrics_test.stray.Split returned class -1: classes go from 0 to 4"},
	} {
		_, err := example(t).Report(c.counts, c.g)
		require.EqualError(t, err, c.want)
	}
}
