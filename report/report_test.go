package report

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/metrics"
	"github.com/stretchr/testify/require"
)

// trained is the folder of a run as longtail train leaves it, made once: some steps of a small network.
var trained = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "report")
	if err != nil {
		return "", err
	}
	return dir, trainTo(dir)
})

func trainTo(dir string) error {
	s := experiment.Quick()
	s.Epochs, s.Equal, s.Limit, s.EvalEvery = 3, "epochs", 2, 1
	d, err := s.Open(context.Background(), 1)
	if err != nil {
		return err
	}
	m, err := method.ByName("hybrid-psc")
	if err != nil {
		return err
	}
	r, err := d.NewRun(m)
	if err != nil {
		return err
	}
	r.Dir, r.Settings = dir, map[string]any{"method": "hybrid-psc", "seed": 1, "settings": s}
	_, err = r.Do(context.Background())
	return err
}

func TestMain(m *testing.M) {
	code := m.Run()
	if dir, err := trained(); err == nil {
		os.RemoveAll(dir)
	}
	os.Exit(code)
}

// copied is a copy of that folder without some files.
func copied(t *testing.T, without ...string) string {
	from, err := trained()
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "a run")
	require.NoError(t, os.CopyFS(dir, os.DirFS(from)))
	for _, name := range without {
		require.NoError(t, os.Remove(filepath.Join(dir, name)))
	}
	return dir
}

func open(t *testing.T, dir string, s Settings) *Run {
	r, err := Open(context.Background(), dir, s)
	require.NoError(t, err)
	return r
}

func written(t *testing.T, runs ...*Run) string {
	var b strings.Builder
	require.NoError(t, Write(&b, runs...))
	return b.String()
}

// What the model says of the test images now is what training said, and the page asks nothing of a network.
func TestPageOfARun(t *testing.T) {
	r := open(t, copied(t), Settings{})
	require.Empty(t, r.Notes)
	require.Len(t, r.Test.Outcomes, 500)
	for i, a := range r.Test.Confusion.PerClass() {
		require.InDelta(t, *r.Figures.PerClass[i]/100, float64(a), 1e-6)
	}
	require.Len(t, r.Test.Calibration.Temperatures, 1) // images were held out
	require.Len(t, r.Test.Voted, 2)
	require.Greater(t, float64(r.Test.Voted[1].Confusion.Top1()), 0.15) // chance is 0.1
	page := written(t, r)
	for _, want := range []string{"<h1>a run: Hybrid-PSC</h1>", `id="classes"`, `id="pairs"`, "Weights of the losses (α)", "Accuracy on held-out images by epoch",
		"Confusion", "Reliability", "Principal components, by class", "Gram matrix: prototypes of the loss psc", "Gram matrix: class means of", "Most wrongly sure", "200 training images nearest by cosine;",
		"Mistakes of the rarest classes", "No test image has the same pixels", "ring-6", "&#34;train_counts&#34;"} {
		require.Contains(t, page, want)
	}
	for _, c := range single(r).Sections[0].Charts {
		require.NotEmpty(t, c.alt)
	}
	require.Regexp(t, `<text [^>]*>predicted class, by training images</text>`, page) // text, which can be selected
	require.NotRegexp(t, `NaN|%!|Inf\b`, page)
	require.Empty(t, regexp.MustCompile(`(?:src|href|url)\s*[=(]\s*["']?(?:https?:)?//`).FindAllString(page, -1))
	require.Equal(t, page, written(t, open(t, copied(t), Settings{})))
}

func TestWhatCannotBeShownIsSaid(t *testing.T) {
	for _, c := range []struct {
		without []string
		note    string
	}{
		{[]string{"model.safetensors"}, "model.safetensors"},
		{[]string{"settings.json"}, "no settings.json in"},
		{[]string{"report.json", "model.safetensors"}, "not finished"},
	} {
		r := open(t, copied(t, c.without...), Settings{})
		require.True(t, r.Test == nil)
		require.Contains(t, strings.Join(r.Notes, "\n"), c.note)
		page := written(t, r)
		require.Contains(t, page, "Loss by epoch")
		require.NotContains(t, page, `id="confusion"`)
	}
	r := open(t, copied(t), Settings{FiguresOnly: true})
	require.True(t, r.Test == nil)
	require.Contains(t, r.Notes[0], "as was asked for")

	dir := copied(t)
	path := filepath.Join(dir, "manifest.json")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	other := regexp.MustCompile(`"test_content": "500 images: \w+"`).ReplaceAllString(string(text), `"test_content": "500 images: 0000"`)
	require.NoError(t, os.WriteFile(path, []byte(other), 0o666))
	r = open(t, dir, Settings{})
	require.True(t, r.Test == nil)
	require.Contains(t, r.Notes[0], "data.test_content")

	_, err = Open(context.Background(), t.TempDir(), Settings{})
	require.ErrorContains(t, err, "is not the folder of a run")
	_, err = Open(context.Background(), filepath.Join(dir, "nothing"), Settings{})
	require.ErrorContains(t, err, "manifest.json")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = Open(ctx, copied(t), Settings{})
	require.ErrorIs(t, err, context.Canceled)
}

// A run of a comparison has its settings in the folder above.
func TestRunOfAComparison(t *testing.T) {
	dir := copied(t)
	in := filepath.Join(filepath.Dir(dir), "settings.json")
	require.NoError(t, os.Rename(filepath.Join(dir, "settings.json"), in))
	require.NotNil(t, open(t, dir, Settings{}).Test)
}

func TestNamesAreText(t *testing.T) {
	r := open(t, copied(t), Settings{})
	r.Classes = append([]string{`<script>alert("x")</script>`}, r.Classes[1:]...)
	r.Notes = []string{"<b>"}
	page := written(t, r)
	require.NotContains(t, page, "<script>alert")
	require.NotContains(t, page, "<b>")
	require.Contains(t, page, "&lt;script&gt;")
}

func TestPagesThatCannotBe(t *testing.T) {
	require.ErrorContains(t, Write(&strings.Builder{}), "no runs")
	require.ErrorContains(t, Write(&strings.Builder{}, &Run{Name: "mine"}), "TrainCounts")
	r := &Run{Name: "mine", Classes: []string{"a"}}
	r.Figures.TrainCounts = []int{3, 2}
	require.ErrorContains(t, Write(&strings.Builder{}, r), "1 names for 2 classes")
	r.Classes, r.Test = nil, &Test{}
	require.ErrorContains(t, Write(&strings.Builder{}, r), "Test.Confusion")
	c, err := metrics.NewConfusion(2)
	require.NoError(t, err)
	r.Test.Confusion = c
	require.NotContains(t, written(t, r), `id="calibration"`)
	r.Test.Outcomes = []Outcome{{Label: 1, Predicted: 2}}
	require.ErrorContains(t, Write(&strings.Builder{}, r), "Outcomes[0]")
	r.Test.Outcomes[0].Predicted = 0
	r.Test.Map = &Map{Images: []int{1}, PCA: make([][2]float64, 1), Neighbors: make([][2]float64, 1)}
	require.ErrorContains(t, Write(&strings.Builder{}, r), "image 1")
	r.Test.Map, r.Test.Rare = nil, []Mistake{{Image: -1}}
	require.ErrorContains(t, Write(&strings.Builder{}, r), "image -1")
}

// A report without anything but counts is a page, whatever the counts.
func TestDegenerateCounts(t *testing.T) {
	for _, counts := range [][]int{{1, 1}, {0, 0}, {5, 0}, {7}, {1000000, 1, 1}} {
		r := &Run{Name: "mine"}
		r.Figures.TrainCounts = counts
		hundred := 100.0
		r.Figures.PerClass = []*float64{&hundred}
		require.NotRegexp(t, `NaN|%!|Inf\b`, written(t, r))
	}
}

func TestHistoryInPlaceOfAFile(t *testing.T) {
	r := open(t, copied(t, "metrics.csv"), Settings{FiguresOnly: true})
	require.Nil(t, r.Curves)
	require.Len(t, r.curves()["validation/top1"], 3)
	require.Contains(t, written(t, r), "Accuracy on held-out images by epoch")
}
