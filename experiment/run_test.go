package experiment

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// newRun makes the run of a method, kept in dir.
func newRun(t *testing.T, s Settings, method, dir string) *Run {
	t.Helper()
	d, err := s.Open(t.Context(), 1)
	require.NoError(t, err)
	return runOn(t, d, method, dir)
}

func runOn(t *testing.T, d *Data, name, dir string) *Run {
	t.Helper()
	r, err := d.NewRun(presets(name)[0])
	require.NoError(t, err)
	r.Dir, r.Resume = dir, true
	r.Trainer.Checkpoints.EveryEpochs = 100 // writing to disk takes longer than such epochs
	return r
}

func do(t *testing.T, r *Run) *Report {
	t.Helper()
	report, err := r.Do(context.Background())
	require.NoError(t, err)
	return report
}

// left is what a finished run leaves in its folder, without times.
func left(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	c, damaged, err := checkpoint.Store{Dir: filepath.Join(dir, "checkpoints")}.Newest()
	require.NoError(t, err)
	require.Empty(t, damaged)
	for _, name := range []string{"metrics.csv", "steps.csv"} {
		files[name] = table(t, filepath.Join(dir, name))
	}
	for _, name := range []string{"manifest.json", "report.json", "model.safetensors"} {
		files[name] = text(t, filepath.Join(dir, name))
	}
	for _, name := range []string{"run.json", "model.safetensors", "optimizer.safetensors", "manifest.json"} {
		files["checkpoint "+name] = text(t, filepath.Join(c.Path, name))
	}
	return files
}

// table is what a CSV file says without times and speeds.
func table(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"step", "name", "value", "time"}, rows[0])
	var lines []string
	for _, row := range rows[1:] {
		if row[1] != "images/s" {
			lines = append(lines, strings.Join(row[:3], ","))
		}
	}
	return strings.Join(lines, "\n")
}

func requireSame(t *testing.T, want, got map[string]string) {
	t.Helper()
	require.Len(t, got, len(want))
	for name := range want {
		require.True(t, want[name] == got[name], "%s differs", name)
	}
}

// Every method's run, stopped in the middle, goes on and leaves the files of one that was not.
func TestEveryMethodsRunGoesOn(t *testing.T) {
	methods := append(method.All(), method.Variants()...)
	if underRace() {
		methods = []method.Method{method.CE(), method.TauNorm(method.TauNormSettings{}), method.KCL()}
	}
	d, err := tiny().Open(t.Context(), 1)
	require.NoError(t, err)
	require.NoError(t, d.Load(context.Background()))
	for _, m := range methods {
		t.Run(m.Name, func(t *testing.T) {
			whole, parts := t.TempDir(), t.TempDir()
			report := do(t, runOn(t, d, m.Name, whole))
			require.Equal(t, manifest.LastEpoch, report.Weights)

			ctx, cancel := context.WithCancel(context.Background())
			r := runOn(t, d, m.Name, parts)
			steps := 0
			r.Trainer.OnStep = func(train.StepReport) error {
				if steps++; steps == 3 {
					cancel()
				}
				return nil
			}
			reached, err := r.Do(ctx)
			require.ErrorIs(t, err, context.Canceled)
			require.True(t, reached.Interrupted)
			require.Nil(t, reached.Top1)
			do(t, runOn(t, d, m.Name, parts))
			requireSame(t, left(t, whole), left(t, parts))

			net, about, err := hybrid.Open(whole)
			require.NoError(t, err)
			require.Equal(t, m.Name, about.Method)
			confusion, err := net.Evaluate(context.Background(), d.Test, 0)
			require.NoError(t, err)
			require.Equal(t, *report.Top1, *percent(confusion.Top1()), "the model is the one that was tested")
		})
	}
}

// What comes after the training is done again if it was interrupted, and a finished run is not trained again.
func TestASecondStageIsDoneAgain(t *testing.T) {
	whole, parts := t.TempDir(), t.TempDir()
	want := do(t, newRun(t, tiny(), "crt", whole))
	r := newRun(t, tiny(), "crt", parts)
	r.Finish = func(context.Context) error { return errors.New("no more power") }
	_, err := r.Do(context.Background())
	require.ErrorContains(t, err, "no more power")
	do(t, newRun(t, tiny(), "crt", parts))
	requireSame(t, left(t, whole), left(t, parts))

	r = newRun(t, tiny(), "crt", whole)
	r.Trainer.OnStep = func(train.StepReport) error { t.Error("trained again"); return nil }
	again := do(t, r)
	again.from, again.History, want.History = "", nil, nil
	require.Equal(t, want, again)
	r.Resume = false
	_, err = r.Do(context.Background())
	require.ErrorIs(t, err, ErrExists)
}

// Another run in the folder is refused before anything is changed, and the error says who can finish it.
func TestAnotherRunIsRefused(t *testing.T) {
	dir := t.TempDir()
	do(t, newRun(t, tiny(), "ce", dir))
	_, err := newRun(t, tiny(func(s *Settings) { s.LR = 0.2 }), "ce", dir).Do(context.Background())
	require.ErrorContains(t, err, dir+" has another run: choose another folder, or finish it by the settings and the build that began it.")
	require.ErrorContains(t, err, "\n  training.learning_rate: ")
	require.NotContains(t, err.Error(), "another build")

	path := filepath.Join(dir, "manifest.json")
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	b = bytes.Replace(b, []byte(`"go": "`), []byte(`"go": "older `), 1)
	b = bytes.Replace(b, []byte(`"revision": "`), []byte(`"revision": "12ab`), 1)
	require.NoError(t, os.WriteFile(path, b, 0o666))
	_, err = newRun(t, tiny(func(s *Settings) { s.LR = 0.2 }), "ce", dir).Do(context.Background())
	require.ErrorContains(t, err, "another build began the run: revision 12ab")
	do(t, newRun(t, tiny(), "ce", dir)) // the same run goes on with another build
	require.NoError(t, os.Remove(filepath.Join(dir, "report.json")))
	_, err = newRun(t, tiny(), "ce", dir).begin()
	require.NoError(t, err)
	require.Contains(t, text(t, path), "older", "until its end the manifest says what build began it")
	require.NoError(t, os.WriteFile(path, []byte("{"), 0o666))
	_, err = newRun(t, tiny(), "ce", dir).Do(context.Background())
	require.ErrorContains(t, err, path+": manifest: ")
}

// The epoch is chosen by held-out images, and the figures of the test set are those of the weights it then had.
func TestTheBestEpochIsChosen(t *testing.T) {
	dir := t.TempDir()
	s := tiny(func(s *Settings) { s.Epochs, s.Choose, s.EMA, s.Holdout = 12, "best", 0.9, 0.3 })
	r := newRun(t, s, "ce", dir)
	r.Trainer.Checkpoints.EveryEpochs = 1
	report := do(t, r)
	require.Equal(t, "held-out", report.HistoryOf)
	best := 0
	for i, e := range report.History {
		if *e.Top1 > *report.History[best].Top1 {
			best = i
		}
	}
	require.Equal(t, manifest.BestHeldOut, report.Weights)
	require.Equal(t, manifest.BestHeldOut, report.Manifest.Selection)
	require.Equal(t, best, *report.Epoch)
	require.Equal(t, *report.History[best].Top1, *report.HeldOut)
	require.Equal(t, manifest.LastEpoch, report.Last.Weights)
	require.Equal(t, 11, *report.Last.Epoch)
	d, err := s.Open(t.Context(), 1)
	require.NoError(t, err)
	for name, want := range map[string]*float64{"model": report.Top1, "ema": report.Top1EMA} {
		net, _, err := hybrid.Open(filepath.Join(dir, name+".safetensors"))
		require.NoError(t, err)
		confusion, err := net.Evaluate(context.Background(), d.Test, 0)
		require.NoError(t, err)
		require.Equal(t, *want, *percent(confusion.Top1()), name)
	}
	b, err := os.ReadFile(filepath.Join(dir, "metrics.csv"))
	require.NoError(t, err)
	require.Equal(t, 12, strings.Count(string(b), ",validation/top1,"))
	require.NotContains(t, string(b), ",test/top1,")
	require.False(t, newRun(t, s, "crt", dir).Choose, "the classifier that is judged is not the final one")
}

// What cannot be recorded ends the run before anything is saved that is ahead of it.
func TestARunEndsWhereItCannotBeRecorded(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "steps.csv"), []byte("of another program\n"), 0o666))
	_, err := newRun(t, tiny(), "ce", dir).Do(context.Background())
	require.ErrorContains(t, err, filepath.Join(dir, "steps.csv")+`: line 1 is "of another program\n"`)
	all, err := checkpoint.Store{Dir: filepath.Join(dir, "checkpoints")}.List()
	require.NoError(t, err)
	require.Empty(t, all)
}

// Every step and every epoch has a row of each of its figures, in order.
func TestWhatIsRecorded(t *testing.T) {
	dir := t.TempDir()
	s := tiny(func(s *Settings) { s.EvalEvery, s.Equal, s.Epochs, s.Holdout = 2, "epochs", 2, 0 })
	do(t, newRun(t, s, "hybrid-psc", dir))
	require.Regexp(t, `^0,loss/psc,[^,]*
0,weight/psc,1
0,loss/ce,[^,]*
0,weight/ce,0
0,loss,[^,]*
0,lr,0.02[^,]*
0,gradient norm,[^,]*
1,loss/psc,`, table(t, filepath.Join(dir, "steps.csv")))
	require.Regexp(t, `(?s)^0,loss/psc,.*0,lr,0.02[^\n]*\n1,loss/psc,[^,]*\n1,weight/psc,0.75\n.*\n1,test/top1,[^,]*\n1,test/balanced accuracy,`, table(t, filepath.Join(dir, "metrics.csv")))
	for _, name := range []string{"metrics", "steps"} {
		events, err := filepath.Glob(filepath.Join(dir, "tensorboard", name, "events.out.tfevents.*"))
		require.NoError(t, err)
		require.Len(t, events, 1)
	}
}

// A network for photographs takes larger images, and its model opens like any other.
func TestABackboneForPhotographs(t *testing.T) {
	dir := folders(t, 70, map[string][]int{"train": {12, 4}, "test": {2, 2}})
	s := Settings{Data: dir, Backbone: "resnet", Width: 4, Epochs: 1, Batch: 4}
	d, err := s.Open(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, 64, d.Settings.Size)
	require.Equal(t, 18, d.Settings.Depth)
	for _, name := range []string{"ce", "bbn"} {
		out := t.TempDir()
		r := runOn(t, d, name, out)
		require.Equal(t, "ResNet-18", r.Manifest.Network.Backbone)
		do(t, r)
		_, _, err = hybrid.Open(out)
		require.NoError(t, err)
	}
}

// A run all of whose checkpoints are gone says so, and begins anew; one that was killed before the first as well.
func TestARunWithoutItsCheckpointsBeginsAnew(t *testing.T) {
	dir := t.TempDir()
	r := newRun(t, tiny(), "ce", dir)
	r.Trainer.OnWarning = func(w train.Warning) error { t.Error(w); return nil }
	ctx, cancel := context.WithCancel(context.Background())
	r.Trainer.OnEpoch = func(train.EpochReport) error { cancel(); return nil }
	_, err := r.Do(ctx)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "checkpoints")))
	var warned []string
	r = newRun(t, tiny(), "ce", dir)
	r.Trainer.OnWarning = func(w train.Warning) error { warned = append(warned, w.String()); return nil }
	report := do(t, r)
	require.Len(t, warned, 1)
	require.Contains(t, warned[0], "begins anew: "+filepath.Join(dir, "checkpoints")+" has no checkpoint")
	require.Len(t, report.History, 6)

	other := t.TempDir()
	r = newRun(t, tiny(), "ce", filepath.Join(other, "begun"))
	r.Trainer.OnStep = func(train.StepReport) error { return errors.New("no more power") }
	_, err = r.Do(context.Background())
	require.ErrorContains(t, err, "no more power")
	_, err = Read(other)
	require.ErrorContains(t, err, "not finished: "+filepath.Join(other, "begun")+": train: stopped in epoch 0")
	do(t, newRun(t, tiny(), "ce", filepath.Join(other, "done")))
	require.NoError(t, os.MkdirAll(filepath.Join(other, "killed"), 0o777))
	require.NoError(t, os.WriteFile(filepath.Join(other, "killed", "manifest.json"), nil, 0o666))
	runs, err := Read(other)
	require.NoError(t, err)
	require.Len(t, runs, 1)
	names, err := Unfinished(other)
	require.NoError(t, err)
	require.Len(t, names, 2)
	require.Contains(t, names[0], "begun: train: stopped in epoch 0")
	require.Contains(t, names[0], "no more power")
	require.Contains(t, names[1], "killed: begun, and without report.json")
}
