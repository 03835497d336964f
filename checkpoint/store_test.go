package checkpoint_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/safetensors"
)

// saved saves model m as the checkpoint of an epoch and step.
func saved(t testing.TB, s checkpoint.Store, epoch, step int, m nn.Visitable) string {
	t.Helper()
	path, err := s.Save(checkpoint.Run{Epoch: epoch, Step: step, Seed: 5}, nil, map[string]checkpoint.File{"model": {State: m}})
	require.NoError(t, err)
	return path
}

func bases(paths []string) (all []string) {
	for _, p := range paths {
		all = append(all, filepath.Base(p))
	}
	return all
}

func TestACheckpointComesBackAsItWas(t *testing.T) {
	s := checkpoint.Store{Dir: filepath.Join(t.TempDir(), "new", "run")}
	m, score := newModel(t), 0.25
	run := checkpoint.Run{Epoch: 7, Step: 123, Seed: 1<<64 - 1, Score: &score, State: json.RawMessage(`[1, 2]`)}
	path, err := s.Save(run, json.RawMessage(`{"module":"v1"}`), map[string]checkpoint.File{
		"model": {State: m, Metadata: map[string]string{"about": "a model"}}, "optimizer": {State: showing(func(nn.Visitor) {})}})
	require.NoError(t, err)
	require.Equal(t, filepath.Join(s.Dir, "epoch-0007-step-000123"), path)
	require.Equal(t, []string{"SHA256SUMS", "manifest.json", "model.safetensors", "optimizer.safetensors", "run.json"}, names(t, path))
	require.Equal(t, []string{"epoch-0007-step-000123"}, names(t, s.Dir))

	c, skipped, err := s.Newest()
	require.NoError(t, err)
	require.Empty(t, skipped)
	require.Equal(t, path, c.Path)
	require.JSONEq(t, `[1,2]`, string(c.Run.State))
	require.JSONEq(t, `{"module":"v1"}`, string(c.Manifest))
	c.Run.State, run.State, run.Version = nil, nil, checkpoint.Version
	require.Equal(t, run, c.Run)
	m.clear()
	require.NoError(t, c.Load("model", m))
	require.Equal(t, newModel(t), m)
	metadata, err := safetensors.Load(filepath.Join(path, "model.safetensors"), m)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"about": "a model"}, metadata)
	sums, err := os.ReadFile(filepath.Join(path, "SHA256SUMS"))
	require.NoError(t, err)
	sum, err := checkpoint.SumManifest(json.RawMessage(`{"module":"v1"}`))
	require.NoError(t, err)
	require.Contains(t, string(sums), sum+"  manifest.json\n")
	_, err = checkpoint.SumManifest(json.RawMessage("{"))
	require.ErrorContains(t, err, "checkpoint: manifest.json: ")
	require.True(t, c.Has("optimizer"))
	require.False(t, c.Has("ema"))
	require.EqualError(t, c.Load("ema", m), "checkpoint: "+path+": has no file ema.safetensors")
	require.ErrorContains(t, c.Load("optimizer", m), "file and model do not fit")
}

func TestTheChecksumsAreThoseOfSha256sum(t *testing.T) {
	program, err := exec.LookPath("sha256sum")
	if err != nil {
		t.Skip("needs sha256sum")
	}
	check := exec.Command(program, "-c", "SHA256SUMS")
	check.Dir = saved(t, checkpoint.Store{Dir: t.TempDir()}, 0, 0, newModel(t))
	out, err := check.CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, "model.safetensors: OK\nrun.json: OK\n", string(out))
}

func TestCheckpointsAreListedAsTheRunWent(t *testing.T) {
	s := checkpoint.Store{Dir: t.TempDir(), Keep: 100}
	for _, at := range [][2]int{{10000, 0}, {2, 0}, {9999, 1000000}, {2, 7}, {0, 12}, {2, 10}} {
		saved(t, s, at[0], at[1], newModel(t))
	}
	require.NoError(t, os.WriteFile(filepath.Join(s.Dir, "epoch-0003-step-000000"), nil, 0o666), "a file is none")
	require.NoError(t, os.Mkdir(filepath.Join(s.Dir, "epoch-3-step-0"), 0o777), "nor is a name written otherwise")
	require.NoError(t, os.Mkdir(filepath.Join(s.Dir, "notes"), 0o777))
	all, err := s.List()
	require.NoError(t, err)
	require.Equal(t, []string{"epoch-0000-step-000012", "epoch-0002-step-000000", "epoch-0002-step-000007", "epoch-0002-step-000010",
		"epoch-9999-step-1000000", "epoch-10000-step-000000"}, bases(all))
	none, err := checkpoint.Store{Dir: filepath.Join(s.Dir, "nowhere")}.List()
	require.NoError(t, err)
	require.Empty(t, none)
}

func TestNoCheckpoint(t *testing.T) {
	s := checkpoint.Store{Dir: filepath.Join(t.TempDir(), "x")}
	_, _, err := s.Newest()
	require.ErrorIs(t, err, checkpoint.ErrNone)
	require.EqualError(t, err, "checkpoint: "+s.Dir+": no checkpoint")
	_, err = s.Best()
	require.ErrorIs(t, err, checkpoint.ErrNone)
}

// Property: the newest Keep and the best stay, whatever the scores.
func TestOldCheckpointsAreRemoved(t *testing.T) {
	m := newModel(t)
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		require.NoError(t, err)
		s := checkpoint.Store{Dir: dir, Keep: rapid.IntRange(0, 4).Draw(r, "keep")}
		keep := s.Keep
		if keep == 0 {
			keep = 3
		}
		scores := rapid.SliceOfN(rapid.IntRange(-3, 3), 1, 8).Draw(r, "scores")
		best := -1
		for i, score := range scores {
			run := checkpoint.Run{Epoch: i}
			if score != 0 { // 0 stands for not scored
				v := float64(score)
				run.Score = &v
				if best < 0 || score > scores[best] {
					best = i
				}
			}
			_, err := s.Save(run, nil, map[string]checkpoint.File{"model": {State: m}})
			require.NoError(r, err)
			var want []string
			for j := range i + 1 {
				if j == best || j > i-keep {
					want = append(want, fmt.Sprintf("epoch-%04d-step-000000", j))
				}
			}
			require.Equal(r, want, names(t, dir))
		}
		c, err := s.Best()
		if best < 0 {
			require.ErrorIs(r, err, checkpoint.ErrNone)
		} else {
			require.NoError(r, err)
			require.Equal(r, best, c.Run.Epoch)
		}
	})
}

func TestAFailedSaveLeavesOlderCheckpointsAndNothingElse(t *testing.T) {
	s := checkpoint.Store{Dir: t.TempDir(), Keep: 1}
	m := newModel(t)
	first := saved(t, s, 0, 0, m)
	failing := showing(func(v nn.Visitor) {
		m.Visit(v)
		v.State("mute", mute{})
	})
	_, err := s.Save(checkpoint.Run{Epoch: 1}, nil, map[string]checkpoint.File{"a": {State: m}, "model": {State: failing}})
	require.EqualError(t, err, "checkpoint: saving "+filepath.Join(s.Dir, "epoch-0001-step-000000")+`: safetensors: state "mute": has no bytes`)
	_, err = s.Save(checkpoint.Run{Epoch: 1, State: json.RawMessage("{")}, nil, map[string]checkpoint.File{"model": {State: m}})
	require.ErrorContains(t, err, "run.json: json: error calling MarshalJSON")
	require.Panics(t, func() {
		_, _ = s.Save(checkpoint.Run{Epoch: 1}, nil, map[string]checkpoint.File{"model": {State: showing(func(nn.Visitor) { panic("no") })}})
	})
	require.Equal(t, []string{filepath.Base(first)}, names(t, s.Dir))
	c, _, err := s.Newest()
	require.NoError(t, err)
	require.Equal(t, first, c.Path)
}

func TestTheLockMakesTheFolderAndKeepsOthersOut(t *testing.T) {
	s := checkpoint.Store{Dir: filepath.Join(t.TempDir(), "new", "run")}
	release, err := s.Lock()
	require.NoError(t, err)
	_, err = s.Lock()
	var held *checkpoint.InUseError
	require.ErrorAs(t, err, &held)
	require.Equal(t, s.Dir, held.What)
	release()
	release, err = s.Lock()
	require.NoError(t, err)
	release()
	require.Empty(t, names(t, s.Dir))

	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	_, err = checkpoint.Store{Dir: file}.Lock()
	require.ErrorContains(t, err, file)
}

func TestFilesHaveTheModeOfOthers(t *testing.T) {
	plain := filepath.Join(t.TempDir(), "plain")
	require.NoError(t, os.WriteFile(plain, nil, 0o666))
	want, err := os.Stat(plain)
	require.NoError(t, err)
	folder := filepath.Join(t.TempDir(), "folder")
	require.NoError(t, os.Mkdir(folder, 0o777))
	wantFolder, err := os.Stat(folder)
	require.NoError(t, err)
	s := checkpoint.Store{Dir: filepath.Join(folder, "new", "run")}
	path := saved(t, s, 1, 0, newModel(t))
	for _, dir := range []string{filepath.Dir(s.Dir), s.Dir, path} {
		is, err := os.Stat(dir)
		require.NoError(t, err)
		require.Equal(t, wantFolder.Mode(), is.Mode(), dir)
	}
	for _, name := range names(t, path) {
		is, err := os.Stat(filepath.Join(path, name))
		require.NoError(t, err)
		require.Equal(t, want.Mode(), is.Mode(), name)
	}
}

func TestSaveIntoAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	_, err := checkpoint.Store{Dir: file}.Save(checkpoint.Run{}, nil, nil)
	require.ErrorContains(t, err, "checkpoint: saving "+filepath.Join(file, "epoch-0000-step-000000"))
	_, err = checkpoint.Store{Dir: file}.List()
	require.ErrorContains(t, err, "checkpoint: listing checkpoints: ")
}

// A process that was killed leaves a directory under a temporary name.
func TestLeftoversOfACrashAreIgnoredAndThenRemoved(t *testing.T) {
	s := checkpoint.Store{Dir: t.TempDir()}
	first := saved(t, s, 0, 0, newModel(t))
	left := filepath.Join(s.Dir, "epoch-0001-step-000000.tmp-ABCDEFGH")
	require.NoError(t, os.CopyFS(left, os.DirFS(first)))
	require.NoError(t, os.Mkdir(filepath.Join(s.Dir, "mine.tmp-1"), 0o777), "not ours")
	all, err := s.List()
	require.NoError(t, err)
	require.Equal(t, []string{first}, all)
	c, skipped, err := s.Newest()
	require.NoError(t, err)
	require.Empty(t, skipped)
	require.Equal(t, first, c.Path)
	second := saved(t, s, 2, 0, newModel(t))
	require.Equal(t, []string{filepath.Base(first), filepath.Base(second), "mine.tmp-1"}, names(t, s.Dir))
}

func TestSavingWhatIsThere(t *testing.T) {
	s := checkpoint.Store{Dir: t.TempDir()}
	m := newModel(t)
	path := saved(t, s, 1, 1, m)
	before, err := os.Stat(filepath.Join(path, "run.json"))
	require.NoError(t, err)
	saved(t, s, 1, 1, m)
	after, err := os.Stat(filepath.Join(path, "run.json"))
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after), "an intact one stays")

	require.NoError(t, os.Truncate(filepath.Join(path, "run.json"), 3))
	saved(t, s, 1, 1, m)
	_, err = checkpoint.Open(path)
	require.NoError(t, err, "a damaged one is replaced")
	require.Equal(t, []string{filepath.Base(path)}, names(t, s.Dir))
}

// A run that goes on from an older checkpoint, since newer ones are damaged, keeps what it saves.
func TestDamagedNewerCheckpointsDoNotPushOutIntactOnes(t *testing.T) {
	s := checkpoint.Store{Dir: t.TempDir(), Keep: 1}
	m := newModel(t)
	saved(t, checkpoint.Store{Dir: s.Dir, Keep: 9}, 1, 0, m)
	for epoch := 5; epoch < 8; epoch++ {
		require.NoError(t, os.Truncate(filepath.Join(saved(t, checkpoint.Store{Dir: s.Dir, Keep: 9}, epoch, 0, m), "run.json"), 0))
	}
	path := saved(t, s, 2, 0, m)
	c, skipped, err := s.Newest()
	require.NoError(t, err)
	require.Len(t, skipped, 3)
	require.Equal(t, path, c.Path)
	require.Equal(t, "epoch-0002-step-000000 epoch-0005-step-000000 epoch-0006-step-000000 epoch-0007-step-000000",
		strings.Join(names(t, s.Dir), " "))
}
