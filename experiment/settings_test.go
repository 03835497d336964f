package experiment

import (
	"testing"

	"github.com/longtail-ml/longtail/method"
	"github.com/stretchr/testify/require"
)

func TestSettingsAreChecked(t *testing.T) {
	paper := func(s *Settings) { s.Recipe, s.Equal = "paper", "epochs" }
	for _, c := range []struct {
		want    string
		change  func(*Settings)
		methods []string
	}{
		{`equal "steps" is not one of images, epochs`, func(s *Settings) { s.Equal = "steps" }, nil},
		{`profile "tail" is not one of exp, step, natural`, func(s *Settings) { s.Profile = "tail" }, nil},
		{`choose "first" is not one of last, best, balanced`, func(s *Settings) { s.Choose = "first" }, nil},
		{"no meaning with profile natural", func(s *Settings) { s.Profile = "natural" }, nil},
		{"epochs is 0: it must be at least 1", func(s *Settings) { s.Epochs = 0 }, nil},
		{"size is 4: it must be at least 8", func(s *Settings) { s.Size = 4 }, nil},
		{"lr is -1", func(s *Settings) { s.LR = -1 }, nil},
		{"warmup is 101: it must be from 0 to 100", func(s *Settings) { s.Warmup = 101 }, nil},
		{"holdout is 1", func(s *Settings) { s.Holdout = 1 }, nil},
		{"50 is not a percentage above 0", func(s *Settings) { s.Cuts = []float64{60, 50} }, nil},
		{"100 is not a percentage", func(s *Settings) { s.Cuts = []float64{100} }, nil},
		{"views paper is for images of size 32, not 8", func(s *Settings) { s.Views = "paper" }, nil},
		{"crop resized and views strong exclude each other", func(s *Settings) { s.Views, s.Crop = "strong", "resized" }, nil},
		{"crop resized and views resized exclude each other", func(s *Settings) { s.Views, s.Crop = "resized", "resized" }, nil},
		{"", func(s *Settings) { s.Views = "strong" }, []string{"ce"}},
		{"views \"weak\" is not one of plain, resized, strong, paper", func(s *Settings) { s.Views = "weak" }, nil},
		{"epochs 7 and batch 96 must be multiples of 3, the images a sample of hybrid-sc", func(s *Settings) { s.Epochs = 7 }, []string{"ce", "hybrid-sc"}},
		{"recipe paper trains every method for as many epochs", func(s *Settings) { s.Recipe = "paper" }, nil},
		{"no recipe for crt, supcon", paper, []string{"ce", "crt", "supcon"}},
		{"", paper, []string{"ce", "hybrid-sc", "paco"}},
		{"", func(s *Settings) { s.Profile, s.Imbalance = "natural", 0 }, []string{"ce"}},
	} {
		if c.change == nil {
			c.change = func(*Settings) {}
		}
		err := tiny(c.change).Check(presets(c.methods...)...)
		if c.want == "" {
			require.NoError(t, err)
		} else {
			require.ErrorContains(t, err, c.want)
		}
	}
	require.NoError(t, Usual().Check())
}

// Each method by its own recipe, whole epochs of batches of its own size.
func TestRecipesOfThePapers(t *testing.T) {
	s := tiny(func(s *Settings) { s.Epochs, s.Recipe, s.Equal, s.Imbalance, s.Clip = 1, "paper", "epochs", 10, 0 })
	runs, table := compare(t, Comparison{Settings: s, Methods: presets("ce", "bbn"),
		Show: []string{"training.images_seen", "training.batch", "training.learning_rate"}})
	images := 0
	for _, n := range runs[0].Manifest.Data.TrainCounts {
		images += n
	}
	for i, want := range []struct {
		batch, images int
		optimizer     string
	}{{512, 1, "optim.SGD{Momentum: 0.9, WeightDecay: 0.0001}"}, {128, 2, "optim.SGD{Momentum: 0.9, Nesterov: true, WeightDecay: 0.0002}"}} {
		m := runs[i].Manifest.Training
		require.Equal(t, want.batch, m.Batch)
		require.Equal(t, want.optimizer, m.Optimizer)
		require.Equal(t, "the method's own", m.Recipe)
		require.EqualValues(t, images/want.batch*want.batch*want.images, m.ImagesSeen)
		require.Equal(t, m.ImagesSeen, table.Rows[i].Images)
	}
	s.Clip = 2
	again := plan(t, Comparison{Settings: s, Methods: presets("ce")})
	require.Equal(t, "the method's own, clipped to 2", again.Todo[0].Manifest.Training.Recipe)
}

// What would fail in training is found before it.
func TestWhatDoesNotFitIsFoundFirst(t *testing.T) {
	fails := func(want, method string, change func(*Settings)) {
		t.Helper()
		_, err := Comparison{Settings: tiny(change), Methods: presets(method), Seeds: []uint64{1}}.Plan()
		require.ErrorContains(t, err, want)
	}
	fails("ce draws batches of 96000 of only ", "ce", func(s *Settings) { s.Batch = 96000 })
	fails("tau-norm chooses its exponent by images that are held out", "tau-norm", func(s *Settings) { s.Holdout = 0 })
	fails("choose best needs images to choose by", "ce", func(s *Settings) { s.Holdout, s.Choose = 0, "best" })
	fails("missing", "ce", func(s *Settings) { s.Data = "missing" })
	d, err := tiny().Open(t.Context(), 1)
	require.NoError(t, err)
	d.counts = d.counts[:5]
	_, err = d.NewRun(method.CE())
	require.ErrorContains(t, err, "there are only 5 classes")
}
