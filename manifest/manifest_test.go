package manifest_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/longtail-ml/longtail/manifest"
)

// hybrid is the manifest of a made-up run.
func hybrid() manifest.Manifest {
	return manifest.Manifest{
		Version: manifest.Version,
		Data: manifest.Data{Name: "CIFAR-10", Profile: "exponential, imbalance 100", TrainSHA256: "ab12", TrainCounts: []int{50, 5},
			HeldOutSHA256: "cd34", HeldOutCounts: []int{5, 1}, TestSHA256: "ef56", TestCounts: []int{10, 10}},
		Network: manifest.Network{Backbone: "CIFAR ResNet-32", Width: 16, Projection: "64 to 64 to 128", Classifier: "64 to 10",
			Input: []int{32, 32, 3}, Normalize: "mean 0.5, deviation 0.25", Frozen: []string{"backbone.conv1.weight"}, SeparatePasses: true,
			Parameters: 464154, MultiplyAdds: 68862592},
		Training: manifest.Training{Method: "hybrid-sc", Optimizer: "SGD, momentum 0.9", LearningRate: "0.5 <cut> at 120", ClipNorm: "2",
			EMA: "decay 0.999", Epochs: 200, LimitSteps: 90, Batch: 512, Accumulate: 2, SkipNonFinite: 3, ImagesSeen: 1 << 40, EvalEvery: 5,
			Groups: "by rank", BLAS: "gonum", Seed: 1<<64 - 1, Other: []string{"weights from elsewhere"},
			Streams: []manifest.Stream{
				{Name: "feature", Sampler: "instance", Views: [][]string{{"crop, padding 4", "flip"}, {"flip"}}, Mixer: "mixup", Terms: []manifest.Term{
					{Name: "sc", Loss: "supervised contrastive", Weight: "α", Views: []int{0, 1},
						Settings: map[string]string{"temperature": "0.1", "base": "1"}}}},
				{Sampler: "class-balanced", Terms: []manifest.Term{{Name: "ce", Loss: "cross-entropy", Weight: "1 − α"}}},
			}},
		Selection: manifest.BestHeldOut,
		Build:     manifest.Build{Module: "v1.2.3", Revision: "abc", Go: "go1.25.0", Platform: "linux/amd64", CPULevel: "avx2"},
	}
}

func TestTheFormatStaysAsItIs(t *testing.T) {
	got, err := hybrid().Encode()
	require.NoError(t, err)
	want, err := os.ReadFile(filepath.Join("testdata", "hybrid.json"))
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "a change of the format needs a new Version")
	back, err := manifest.Decode(want)
	require.NoError(t, err)
	require.Equal(t, hybrid(), back)
}

func TestDecodeIsStrict(t *testing.T) {
	for text, want := range map[string]string{
		``:                                "manifest: unexpected end of JSON input",
		`[1]`:                             "manifest: the text has a value of the wrong kind: array",
		`{}`:                              "manifest: there is no version: this is not a manifest",
		`{"version": null}`:               "manifest: there is no version: this is not a manifest",
		`{"version": 2, "new": 1}`:        "manifest: version 2 is not known, only 1: read it with the release that wrote it",
		`{"version": 0}`:                  "manifest: version 0 is not known, only 1: read it with the release that wrote it",
		`{"version": 1, "epochs": 3}`:     `manifest: unknown field "epochs": it is misspelt, or of another program`,
		`{"version": 1, "data": {"n":1}}`: `manifest: unknown field "n": it is misspelt, or of another program`,
		`{"version": 1, "training": {"streams": [{"terms": [{"tau": 1}]}]}}`: `manifest: unknown field "tau": it is misspelt, or of another program`,
		`{"version": 1} {}`:                            "manifest: invalid character '{' after top-level value",
		`{"version": 1, "training": {"batch": "512"}}`: "manifest: training.batch has a value of the wrong kind: string",
		`{"version": 1, "training": {"seed": -1}}`:     "manifest: training.seed has a value of the wrong kind: number -1",
	} {
		m, err := manifest.Decode([]byte(text))
		require.EqualError(t, err, want, text)
		require.Zero(t, m)
	}
}

func TestEncodeRefusesAnotherVersion(t *testing.T) {
	_, err := manifest.Manifest{}.Encode()
	require.EqualError(t, err, "manifest: version 0 cannot be written, only 1: begin with manifest.New")
}

func TestNewFillsInTheBuild(t *testing.T) {
	m := manifest.New("avx512")
	require.Equal(t, manifest.Version, m.Version)
	require.Equal(t, "avx512", m.Build.CPULevel)
	require.Equal(t, runtime.Version(), m.Build.Go)
	require.Equal(t, runtime.GOOS+"/"+runtime.GOARCH, m.Build.Platform)
	require.NotEqual(t, "unknown", m.Build.Module)
	require.Equal(t, m, manifest.New("avx512"))
}

func TestDiff(t *testing.T) {
	require.Empty(t, manifest.Diff(hybrid(), hybrid()))
	b := hybrid()
	b.Data.TrainCounts = []int{50, 6}
	b.Data.HeldOutSHA256, b.Data.HeldOutCounts = "", nil
	b.Training.Seed = 2
	b.Training.LearningRate = "0.1"
	b.Training.Streams[0].Terms[0].Settings = map[string]string{"temperature": "0.2", "a&b": "<"}
	b.Training.Streams[0].Views = [][]string{{"flip"}}
	second := manifest.Stream{Sampler: "instance", Terms: []manifest.Term{{Name: "ce"}, {Name: "kl"}}}
	b.Training.Streams = append(b.Training.Streams[:1], second, manifest.Stream{Name: "third"})
	b.Selection = manifest.LastEpoch
	var lines []string
	for _, d := range manifest.Diff(hybrid(), b) {
		lines = append(lines, d.String())
	}
	require.Equal(t, []string{
		`data.train_counts: [50,5], [50,6]`,
		`data.heldout_sha256: "cd34", ""`,
		`data.heldout_counts: [5,1], none`,
		`training.streams[0].views: [["crop, padding 4","flip"],["flip"]], [["flip"]]`,
		`training.streams[0].terms[0].settings.a&b: none, "<"`,
		`training.streams[0].terms[0].settings.base: "1", none`,
		`training.streams[0].terms[0].settings.temperature: "0.1", "0.2"`,
		`training.streams[1].sampler: "class-balanced", "instance"`,
		`training.streams[1].terms[0].loss: "cross-entropy", ""`,
		`training.streams[1].terms[0].weight: "1 − α", ""`,
		`training.streams[1].terms[1]: none, {"name":"kl","loss":"","weight":"","views":null,"key_views":null,"settings":null}`,
		`training.streams[2]: none, {"name":"third","sampler":"","views":null,"mixer":"","terms":null}`,
		`training.learning_rate: "0.5 <cut> at 120", "0.1"`,
		`training.seed: 18446744073709551615, 2`,
		`selection: "best on held-out split", "last epoch"`,
	}, lines)
}

func TestEmptyAndAbsentListsAreTheSame(t *testing.T) {
	b := hybrid()
	b.Training.Streams[1].Views = [][]string{}
	b.Training.Streams[1].Terms[0].Settings = map[string]string{}
	require.Empty(t, manifest.Diff(hybrid(), b))
}

// Whatever two manifests say, Diff of them is Diff of them swapped, and changing the differing numbers ends it.
func TestDiffIsSymmetric(t *testing.T) {
	some := rapid.Custom(func(rt *rapid.T) manifest.Manifest {
		m := manifest.Manifest{Version: manifest.Version}
		m.Training.Epochs = rapid.IntRange(0, 2).Draw(rt, "epochs")
		m.Data.TrainCounts = rapid.SliceOfN(rapid.IntRange(0, 1), 0, 2).Draw(rt, "counts")
		for range rapid.IntRange(0, 2).Draw(rt, "streams") {
			m.Training.Streams = append(m.Training.Streams, manifest.Stream{Terms: []manifest.Term{{
				Settings: rapid.MapOf(rapid.SampledFrom([]string{"a", "b"}), rapid.SampledFrom([]string{"", "1"})).Draw(rt, "settings")}}})
		}
		return m
	})
	rapid.Check(t, func(rt *rapid.T) {
		a, b := some.Draw(rt, "a"), some.Draw(rt, "b")
		there, back := manifest.Diff(a, b), manifest.Diff(b, a)
		require.Len(rt, back, len(there))
		for i, d := range there {
			require.Equal(rt, manifest.Difference{Field: d.Field, A: d.B, B: d.A}, back[i])
			require.NotEqual(rt, d.A, d.B)
		}
		x, err := a.Encode()
		require.NoError(rt, err)
		y, err := b.Encode()
		require.NoError(rt, err)
		same := strings.NewReplacer("[]", "null", "{}", "null")
		require.Equal(rt, same.Replace(string(x)) == same.Replace(string(y)), len(there) == 0, "Diff is empty if and only if the texts are the same")
		decoded, err := manifest.Decode(x)
		require.NoError(rt, err)
		require.Empty(rt, manifest.Diff(a, decoded))
	})
}

func TestHashSamples(t *testing.T) {
	hash := func(indices, labels []int) string {
		h, err := manifest.HashSamples(indices, labels)
		require.NoError(t, err)
		return h
	}
	sum := sha256.Sum256([]byte("10 0\n7 2\n"))
	require.Equal(t, hex.EncodeToString(sum[:]), hash([]int{10, 7}, []int{0, 2}))
	require.Equal(t, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", hash(nil, nil))
	all := map[string]bool{}
	for _, c := range [][2][]int{{{1, 2}, {0, 0}}, {{2, 1}, {0, 0}}, {{1, 2}, {0, 1}}, {{12}, {0}}, {{1}, {20}}, {{1, 2, 0}, {0, 0, 0}}} {
		all[hash(c[0], c[1])] = true
	}
	require.Len(t, all, 6)
	_, err := manifest.HashSamples([]int{1}, nil)
	require.EqualError(t, err, "manifest: 1 indices and 0 labels to hash: give one label for each index")
}

func FuzzDecode(f *testing.F) {
	whole, err := hybrid().Encode()
	require.NoError(f, err)
	f.Add(whole)
	for _, text := range []string{`{"version":1}`, `{"version":2}`, `{"version":1,"x":0}`, `{"VERSION":1,"version":1}`, "[", fmt.Sprint(1)} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := manifest.Decode(raw)
		if err != nil {
			require.Zero(t, m)
			return
		}
		text, err := m.Encode()
		require.NoError(t, err)
		back, err := manifest.Decode(text)
		require.NoError(t, err)
		require.Empty(t, manifest.Diff(m, back))
		again, err := back.Encode()
		require.NoError(t, err)
		require.True(t, bytes.Equal(text, again))
	})
}
