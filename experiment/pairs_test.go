package experiment

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/manifest"
)

// predicting is a run that is right with a rate, for each image alike in all runs or not.
func predicting(method string, seed uint64, images int, rate float64) Report {
	random := rand.New(rand.NewPCG(seed, uint64(len(method)+int(method[0]))))
	var p Predictions
	for i := range images {
		p.Labels = append(p.Labels, i%5)
		p.Predicted = append(p.Predicted, i%5)
		if random.Float64() > rate {
			p.Predicted[i] = (i + 1) % 5
		}
	}
	r := Report{Method: method, Title: method, Seed: seed, Predictions: &p, Manifest: manifest.Manifest{Version: manifest.Version}}
	counts, err := p.report([]int{1, 1, 1, 1, 1}, nil)
	if err != nil {
		panic(err)
	}
	r.fill(counts)
	return r
}

func paired(t *testing.T, runs []Report) Table {
	t.Helper()
	table, err := NewTable(runs, nil, false)
	require.NoError(t, err)
	require.NoError(t, table.AddPairs(runs))
	return table
}

func TestPairs(t *testing.T) {
	var runs []Report
	for seed := range uint64(3) {
		runs = append(runs, predicting("a", seed, 1000, 0.6), predicting("b", seed, 1000, 0.61), predicting("c", seed, 1000, 0.8))
	}
	table := paired(t, runs)
	require.Empty(t, table.NoInterval)
	require.Len(t, table.Pairs, 3)
	for i, names := range []string{"ba", "ca", "cb"} {
		p := table.Pairs[i]
		require.Equal(t, names, p.A+p.B)
		require.Equal(t, []uint64{0, 1, 2}, p.Seeds)
		require.InDelta(t, row(table, p.A).All.Mean-row(table, p.B).All.Mean, p.Top1.Mean, 1e-4)
		require.InDelta(t, p.Top1.Mean, p.Balanced.Mean, 1e-9)
		require.Equal(t, names == "ba", p.Top1.WithinNoise)
		require.Less(t, p.Top1.Low, p.Top1.Mean)
		require.Greater(t, p.Top1.High, p.Top1.Mean)
	}
	// Other runs in the table, and another order, change nothing.
	other := paired(t, []Report{runs[8], predicting("d", 1, 1000, 0.5), runs[5], runs[2], runs[6], runs[0], runs[3]})
	require.Contains(t, other.Pairs, Pair{"a", "c", []uint64{0, 1, 2}, table.Pairs[1].Top1.reversed(), table.Pairs[1].Balanced.reversed()})
	require.Equal(t, []uint64{1}, other.Pairs[0].Seeds, "d has one seed")

	var text bytes.Buffer
	require.NoError(t, table.Write(&text))
	require.Regexp(t, `(?m)^difference in top-1 \(points\) +95% interval +p *$`, text.String())
	require.Regexp(t, `(?m)^b − a +\S+ +\S+ to \S+ +0\.\d+ +within noise$`, text.String())
	require.Regexp(t, `(?m)^c − a +\+\S+ +\+\S+ to \+\S+ +<0\.001 *$`, text.String())
	require.NotContains(t, text.String(), "one seed")
	require.NotContains(t, text.String(), "balanced", "classes have as many test images")
}

// The interval covers what seeds change: methods that are apart by chance of their seeds are within noise.
func TestSeedsAreDrawnToo(t *testing.T) {
	runs := []Report{predicting("a", 1, 4000, 0.5), predicting("a", 2, 4000, 0.5), predicting("b", 1, 4000, 0.7), predicting("b", 2, 4000, 0.5)}
	require.True(t, paired(t, runs).Pairs[0].Top1.WithinNoise)
	one := paired(t, []Report{runs[0], runs[2]})
	require.False(t, one.Pairs[0].Top1.WithinNoise, "of this training alone")
	var text bytes.Buffer
	require.NoError(t, one.Write(&text))
	require.Contains(t, text.String(), "(one seed: ")
}

func row(t Table, method string) Row {
	for _, r := range t.Rows {
		if r.Method == method {
			return r
		}
	}
	panic(method)
}

// Seeds may have test sets of their own, as generated images have; two methods are compared on one only.
func TestPairsOfOtherTestSets(t *testing.T) {
	runs := []Report{predicting("a", 1, 100, 0.5), predicting("b", 1, 100, 0.5), predicting("a", 2, 90, 0.5), predicting("b", 2, 90, 0.5)}
	require.Equal(t, []uint64{1, 2}, paired(t, runs).Pairs[0].Seeds)
	runs[3] = predicting("b", 2, 100, 0.5)
	require.Equal(t, []uint64{1}, paired(t, runs).Pairs[0].Seeds)
	runs[1].Manifest.Data.TestContent = "sha256:other"
	require.Empty(t, paired(t, runs[:2]).Pairs)
}

// The balanced accuracy has a block of its own where classes are of unlike size in the test set.
func TestPairsOfAnUnbalancedTestSet(t *testing.T) {
	a, b := predicting("a", 1, 300, 0.5), predicting("b", 1, 300, 0.6)
	for _, r := range []*Report{&a, &b} {
		p := r.Predictions
		p.Labels, p.Predicted = p.Labels[:0:0], p.Predicted[:0:0]
		for i := range 300 {
			y := min(i/100, 1)
			p.Labels = append(p.Labels, y)
			p.Predicted = append(p.Predicted, y)
			if r == &a && y == 1 && i%2 == 0 || r == &b && y == 0 && i%3 > 0 {
				p.Predicted[i] = 1 - y
			}
		}
		f, err := p.report([]int{1, 1}, nil)
		require.NoError(t, err)
		r.fill(f)
	}
	table := paired(t, []Report{a, b})
	require.InDelta(t, 100*(100-66+200-0-100-100)/300.0, table.Pairs[0].Top1.Mean, 1e-9)
	require.InDelta(t, 100*(0.34+1-1-0.5)/2, table.Pairs[0].Balanced.Mean, 1e-9)
	var text bytes.Buffer
	require.NoError(t, table.Write(&text))
	require.Regexp(t, `(?m)^top-1 \(%\) +many +medium +few +all +balanced `, text.String())
	require.Contains(t, text.String(), "difference in balanced accuracy (points)")
}

// Of many methods, the text has each beside the best; the pairs have all.
func TestPairsOfManyMethods(t *testing.T) {
	var runs []Report
	for i, m := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		runs = append(runs, predicting(m, 1, 500, []float64{0.5, 0.55, 0.6, 0.9, 0.5, 0.3, 0.2}[i]))
	}
	table := paired(t, runs)
	require.Len(t, table.Pairs, 21)
	var text bytes.Buffer
	require.NoError(t, table.Write(&text))
	require.Contains(t, text.String(), "from the best, d")
	require.Regexp(t, `(?m)^g − d +-\S+ +-\S+ to -`, text.String())
	require.NotContains(t, text.String(), "d − ")
}

// Files of before have no predictions: they are read, and it is said that there is no interval.
func TestOlderFilesHaveNoInterval(t *testing.T) {
	runs := []Report{predicting("a", 1, 100, 0.5), predicting("b", 1, 100, 0.6), predicting("c", 1, 100, 0.6)}
	runs[1].Predictions = nil
	table, err := NewTable(runs, nil, true)
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "f.json")
	require.NoError(t, NewFile(nil, table, runs, nil).Write(path))
	read, err := Read(path)
	require.NoError(t, err)
	require.Equal(t, runs[0].Predictions, read[0].Predictions)
	table = paired(t, read)
	require.Len(t, table.Pairs, 1)
	require.Len(t, table.NoInterval, 1)
	require.Contains(t, table.NoInterval[0], "b, seed 1")
	require.Contains(t, table.NoInterval[0], path)
	var text bytes.Buffer
	require.NoError(t, table.Write(&text))
	require.Contains(t, text.String(), "no interval: b, seed 1")
}
