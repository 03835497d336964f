package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/metrics"
	"github.com/stretchr/testify/require"
)

// thousands is a made run of iNaturalist 2018's shape: 8,142 classes of 1,000 to 2 training images, three test images of each.
func thousands(t *testing.T, name string, skill float64) *Run {
	const classes = 8142
	rng := rand.New(rand.NewPCG(5, uint64(1000*skill)))
	r := &Run{Name: name, Test: &Test{Compared: "10,000 of 437,513 training images", Hashed: true}}
	c, err := metrics.NewConfusion(classes)
	require.NoError(t, err)
	for i := range classes {
		n := int(1000 * math.Pow(0.002, float64(i)/classes))
		r.Figures.TrainCounts = append(r.Figures.TrainCounts, n)
		r.Figures.Manifest.Data.TestCounts = append(r.Figures.Manifest.Data.TestCounts, 3)
		r.Classes = append(r.Classes, fmt.Sprintf("Genus%02d species%03d", i%97, i))
		for range 3 {
			o := Outcome{Label: i, Predicted: i, Confidence: float32(0.2 + 0.8*rng.Float64()), Own: 0.1}
			if rng.Float64() > skill*math.Log(float64(n))/math.Log(1000) {
				o.Predicted = min(int(math.Abs(float64(i)*rng.Float64()+20*rng.NormFloat64())), classes-1)
			}
			require.NoError(t, c.Add(o.Label, o.Predicted))
			r.Test.Outcomes = append(r.Test.Outcomes, o)
		}
	}
	r.Test.Confusion = c
	for _, a := range c.PerClass() {
		v := 100 * float64(a)
		r.Figures.PerClass = append(r.Figures.PerClass, &v)
	}
	top1 := 100 * float64(c.Top1())
	r.Figures.Title, r.Figures.Top1 = "Hybrid-PSC", &top1
	r.Test.Calibration = Calibration{Temperatures: []float64{1.4}, Before: []metrics.Bin{{Images: 9, Confidence: 0.5, Accuracy: 0.4}}, After: []metrics.Bin{{Images: 9, Confidence: 0.42, Accuracy: 0.4}}}
	m := &Map{Of: "made points"}
	for _, i := range spaced(len(r.Test.Outcomes), 5000) {
		m.Images = append(m.Images, i)
		angle, away := float64(i)/700, 3+rng.NormFloat64()
		m.PCA = append(m.PCA, [2]float64{away * math.Cos(angle), away * math.Sin(angle)})
	}
	m.Neighbors = m.PCA
	r.Test.Map = m
	r.Curves = Curves{}
	for e := range 200 {
		at := float64(e) / 200
		for name, v := range map[string]float64{"loss": 9 - 6*at, "loss/psc": 8 - 5*at, "loss/ce": 9 - 7*at, "weight/psc": 1 - at*at, "weight/ce": at * at, "lr": 0.05 * (1 - at),
			"test/top1": 0.5 * at, "test/many": 0.6 * at, "test/medium": 0.5 * at, "test/few": 0.4 * at} {
			r.Curves[name] = append(r.Curves[name], Point{e, v})
		}
	}
	return r
}

// A page of 8,142 classes stays below 10 MB and has all of them. With LONGTAIL_PAGES=DIR it is there to look at.
func TestThousandsOfClasses(t *testing.T) {
	a, b := thousands(t, "one", 0.8), thousands(t, "two", 0.7)
	for name, runs := range map[string][]*Run{"one": {a}, "two": {a, b}} {
		page := written(t, runs...)
		if dir := os.Getenv("LONGTAIL_PAGES"); dir != "" {
			require.NoError(t, os.WriteFile(filepath.Join(dir, "thousands-"+name+".html"), []byte(page), 0o666))
		}
		require.Less(t, len(page), 10_000_000)
		require.Equal(t, 8142, strings.Count(page, "<tr data-g="))
		require.Contains(t, page, "Genus90 species8141")
		require.NotRegexp(t, `NaN|%!|Inf\b`, page)
		t.Logf("%s: %.1f MB", name, float64(len(page))/1e6)
	}
}
