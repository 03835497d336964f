package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail"
	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/method"
	"github.com/stretchr/testify/require"
)

// trained is a model of photos.
func trained(t *testing.T) (data, run string) {
	data, run = photos(t), filepath.Join(t.TempDir(), "run")
	succeed(t, "train --data "+data+small+"--epochs 6 --out", run)
	return data, run
}

// What evaluate says is what train said, by any of the model's paths, and classes may be in another order or some of them.
func TestEvaluate(t *testing.T) {
	data, run := trained(t)
	want := parseJSON[experiment.Report](t, read(t, run, "report.json"))
	all, err := filepath.Glob(filepath.Join(run, "checkpoints", "*"))
	require.NoError(t, err)
	for _, words := range []string{run, run + " " + data, filepath.Join(run, "model.safetensors") + " " + data, all[len(all)-1] + " " + data,
		run + " " + data + " --split test", run + " " + filepath.Join(data, "test")} {
		out, _ := succeed(t, "evaluate --json "+words)
		e := parseJSON[experiment.Evaluation](t, out)
		require.Equal(t, 15, e.Images, words)
		require.InDelta(t, *want.Top1, 100*float64(e.Top1), 1e-3, words)
		require.Equal(t, 40, *e.Classes[0].Train)
		require.NotEmpty(t, e.Reliability)
		require.Positive(t, e.NLL)
	}
	out, _ := succeed(t, "evaluate "+run+"")
	require.Regexp(t, `(?m)^top-1 \(%\) +[0-9.]+$`, out)
	require.Regexp(t, `(?m)^disc-0 +40 +5 +[0-9.]+$`, out)
	fail(t, usage, "--split", "evaluate "+run+" --split val")
	fail(t, usage, "are for DATA", "evaluate "+run+" --nested deep")

	files, err := filepath.Glob(filepath.Join(data, "test", "disc-0", "*"))
	require.NoError(t, err)
	require.NoError(t, os.Rename(files[0], files[0]+".png"))
	fail(t, failed, "data.test_content: ", "evaluate "+run)
	fail(t, failed, "not the test set that "+run+" has figures of", "evaluate "+run+" "+data)
	succeed(t, "evaluate "+run+" "+filepath.Join(data, "test"))

	require.NoError(t, os.RemoveAll(filepath.Join(data, "test", "disc-0")))
	model := filepath.Join(run, "model.safetensors")
	out, _ = succeed(t, "evaluate --json "+model+" "+data)
	require.Equal(t, 10, parseJSON[experiment.Evaluation](t, out).Images)
	require.NoError(t, os.Rename(filepath.Join(data, "test", "disc-1"), filepath.Join(data, "test", "cat")))
	fail(t, failed, "the model has no class cat: it has disc-0, ", "evaluate "+model+" "+data)
	fail(t, usage, "name the folder of images", "evaluate "+model)
	fail(t, failed, "missing", "evaluate missing "+data)
}

// Class folders alone are tested by the fifth that was not trained on.
func TestClassFoldersAloneAreNotTestedByWhatWasTrainedOn(t *testing.T) {
	data, run := t.TempDir(), filepath.Join(t.TempDir(), "run")
	writeImages(t, data, 1, []int{40, 15, 5})
	_, log := succeed(t, "train --data "+data+small+"--out", run)
	require.Contains(t, log, "no test set: 12 images")
	for _, words := range []string{run, run + " " + data} {
		out, _ := succeed(t, "evaluate --json "+words)
		require.Equal(t, 12, parseJSON[experiment.Evaluation](t, out).Images)
	}
}

func TestPredict(t *testing.T) {
	data, run := trained(t)
	photo, bad := filepath.Join(data, "test", "disc-0", "001.png"), filepath.Join(data, "bad.jpg")
	require.NoError(t, os.WriteFile(bad, []byte("no picture"), 0o666))
	out, _ := succeed(t, "predict --json "+run, photo, filepath.Join(data, "test", "disc-1"))
	all := parseJSON[[]seen](t, out)
	require.Len(t, all, 6)
	require.Equal(t, photo, all[0].File)
	require.Len(t, all[0].Classes, 3)
	sum := 0.0
	for i, k := range all[0].Classes {
		require.True(t, i == 0 || k.Probability <= all[0].Classes[i-1].Probability)
		sum += k.Probability
	}
	require.InDelta(t, 1, sum, 1e-6)
	require.Equal(t, 9, (&predictCmd{JSON: true}).top(9), "all")
	require.Equal(t, 5, (&predictCmd{}).top(9))
	fail(t, usage, "--top=0", "predict --top 0 "+run, photo)
	out, _ = succeed(t, "predict --top 1 "+run, photo)
	require.Equal(t, 2, strings.Count(out, "\n"))

	code, out, log := line("predict --json "+run, bad, photo, filepath.Join(data, "none.png"))
	require.Equal(t, failed, code)
	require.Contains(t, log, bad)
	require.Contains(t, log, "2 of 3 images cannot be read")
	all = parseJSON[[]seen](t, out)
	require.Empty(t, all[0].Classes)
	require.NotEmpty(t, all[0].Error)
	require.Len(t, all[1].Classes, 3, "the others go on")
	fail(t, failed, "has no image", "predict "+run+" "+filepath.Join(data, "train"))
}

// data lists every fault, and says what to do next.
func TestData(t *testing.T) {
	data := photos(t)
	out, _ := succeed(t, "data "+data)
	require.Contains(t, out, "59 images in 3 classes, 59 PNG; 16×16 to 16×16 pixels")
	require.Regexp(t, `(?m)^disc-0 +40 █{50}$`, out)
	require.Contains(t, out, "The largest class has 8.0 times the images of the smallest.")
	require.Contains(t, out, "    longtail train --data "+data+" --out runs/first\n")

	train, test := filepath.Join(data, "train"), filepath.Join(data, "test")
	for _, name := range []string{"a.jpg", "b.png"} {
		require.NoError(t, os.WriteFile(filepath.Join(train, "disc-0", name), []byte("no picture"), 0o666))
	}
	require.NoError(t, os.WriteFile(filepath.Join(train, "disc-0", "c.txt"), nil, 0o666))
	require.NoError(t, os.WriteFile(filepath.Join(test, "disc-1", "copy.png"), []byte(read(t, train, "disc-0", "000.png")), 0o666))
	require.NoError(t, os.Mkdir(filepath.Join(test, "empty"), 0o777))
	code, out, log := line("data " + data)
	require.Equal(t, unmet, code)
	require.Contains(t, log, "2 files that cannot be read, 1 images that are there twice")
	for _, want := range []string{"cannot be read: " + filepath.Join(train, "disc-0", "a.jpg"), "cannot be read: " + filepath.Join(train, "disc-0", "b.png"),
		"the same image: " + filepath.Join(train, "disc-0", "000.png") + " and " + filepath.Join(test, "disc-1", "copy.png"),
		"test: class empty has no", "passed over: 1 .txt files", "both must have the same folders"} {
		require.Contains(t, out, want)
	}
	code, out, _ = line("data --json " + data)
	require.Equal(t, unmet, code)
	a := parseJSON[advised](t, out)
	require.Len(t, a.Parts[0].Bad, 2)
	require.Equal(t, []int{42, 14, 5}, a.Parts[0].Counts)
	require.Len(t, a.Duplicates, 1)
	fail(t, failed, "longtail data "+data+" lists what is there", "train --data "+data+small+"--out "+filepath.Join(t.TempDir(), "run"))
	fail(t, failed, "no known data set", "data "+t.TempDir())

	alone := filepath.Join(t.TempDir(), "my photos")
	writeImages(t, alone, 1, slicesOf(50, 3))
	out, _ = succeed(t, "data", alone)
	require.Contains(t, out, "There is no test set: train takes a fifth of each class for one.")
	require.Contains(t, out, "(40 of 50 classes, evenly spaced by size)")
	require.Contains(t, out, "--data '"+alone+"'")
}

func slicesOf(n, value int) (all []int) {
	for range n {
		all = append(all, value)
	}
	return all
}

func TestMethodsAndVersion(t *testing.T) {
	out, _ := succeed(t, "methods")
	for _, m := range methods() {
		require.Contains(t, out, "\n"+m.Name+" ")
	}
	out, _ = succeed(t, "methods --json")
	require.Len(t, parseJSON[[]described](t, out), len(methods()))
	out, _ = succeed(t, "version")
	require.Contains(t, out, longtail.Version)
	out, _ = succeed(t, "version --json")
	require.Contains(t, out, `"version": "`+longtail.Version+`"`)
}

// A level of instructions that there is not is told, not passed over.
func TestAnUnknownLevel(t *testing.T) {
	for words, code := range map[string]int{"version": failed, "version --json": failed, "train --quick": usage, "predict x y": usage} {
		c := program(t, t.TempDir(), words)
		c.Env = append(os.Environ(), "LONGTAIL_CPU=foo")
		out, err := c.CombinedOutput()
		require.Error(t, err)
		require.Equal(t, code, c.ProcessState.ExitCode(), "%s: %s", words, out)
		require.Contains(t, string(out), `LONGTAIL_CPU is "foo"`)
		require.Equal(t, code == failed, strings.Contains(string(out), longtail.Version), "%s: %s", words, out)
	}
}

// Every command has examples in its help, and its lines parse.
func TestHelpHasExamplesThatParse(t *testing.T) {
	for _, command := range []string{"data", "train", "compare", "evaluate", "predict", "embed", "nearest", "knn", "duplicates", "serve", "export", "report", "watch", "sweep", "methods", "version", "completion"} {
		out, _ := succeed(t, command+" --help")
		_, examples, found := strings.Cut(out, "Examples:")
		require.True(t, found, command)
		lines := 0
		for _, words := range strings.Split(examples, "\n") {
			words, ok := strings.CutPrefix(words, "    longtail ")
			if !ok {
				continue
			}
			lines++
			words, _, _ = strings.Cut(words, " >")
			parser, err := newParser(nil, nil, nil)
			require.NoError(t, err)
			_, err = parser.Parse(strings.Fields(words))
			require.NoError(t, err, words)
		}
		require.True(t, lines > 0 || command == "completion", command)
	}
}

func TestCompletion(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		out, _ := succeed(t, "completion "+shell)
		for _, want := range []string{"train", "compare", "predict", "eval-every", "hybrid-psc-own-fixed", "zsh"} {
			require.Contains(t, out, want, shell)
		}
		path, err := exec.LookPath(shell)
		if err != nil {
			continue
		}
		script := filepath.Join(t.TempDir(), "script")
		require.NoError(t, os.WriteFile(script, []byte(out), 0o666))
		text, err := exec.Command(path, "-n", script).CombinedOutput()
		require.NoError(t, err, "%s", text)
	}
	path, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash to complete in")
	}
	complete := func(words ...string) string {
		script, _ := succeed(t, "completion bash")
		script += "\nCOMP_WORDS=(" + strings.Join(words, " ") + ")\nCOMP_CWORD=$((${#COMP_WORDS[@]}-1))\n_longtail\necho ${COMPREPLY[@]}\n"
		text, err := exec.Command(path, "-c", script).CombinedOutput()
		require.NoError(t, err, "%s", text)
		return strings.TrimSpace(string(text))
	}
	require.Equal(t, "train", complete("longtail", "tr"))
	require.Equal(t, "--method", complete("longtail", "train", "--meth"))
	require.Equal(t, "crt", complete("longtail", "train", "--method", "cr"))
	require.Equal(t, "fish", complete("longtail", "completion", "f"))
}

// Evaluate adjusts to a prior that is named, read or estimated, and says so.
func TestEvaluateUnderAPrior(t *testing.T) {
	data, run := trained(t) // by a logit-adjusted loss
	file := filepath.Join(t.TempDir(), "prior.json")
	write := func(text string) { require.NoError(t, os.WriteFile(file, []byte(text), 0o666)) }
	under := func(words string) experiment.Evaluation {
		out, _ := succeed(t, "evaluate --json "+run+" "+words)
		return parseJSON[experiment.Evaluation](t, out)
	}
	plain, same := under(""), under("--prior uniform")
	require.Nil(t, plain.Prior)
	require.Equal(t, plain.Top1, same.Top1)
	require.Contains(t, same.Prior.ModelIs, "logit-adjusted")
	require.Equal(t, same.Top1, under("--prior train --model-prior train").Top1)
	require.InDeltaSlice(t, []float64{40. / 59, 14. / 59, 5. / 59}, under("--prior train").Prior.Target, 1e-12)

	write(`{"disc-0": 1}`)
	classes := parseJSON[experiment.Evaluation](t, func() string { out, _ := succeed(t, "evaluate --json "+run); return out }()).Classes
	require.Equal(t, "disc-0", classes[0].Name)
	only := under("--prior " + file)
	require.Equal(t, []float64{1, 0, 0}, only.Prior.Target)
	require.EqualValues(t, 1, only.Classes[0].Accuracy, "nothing else is predicted")
	require.EqualValues(t, 1, only.Prior.Top1Under)
	write(`[0, 2, 2]`)
	require.Equal(t, 0.5, *under("--prior " + file).Classes[2].Prior)
	require.True(t, under("--prior estimate").Prior.Estimated)
	out, _ := succeed(t, "evaluate "+run+" --prior estimate")
	require.Regexp(t, `(?m)^adjusted to a prior +estimated from these images, without their labels, in \d+ rounds`, out)
	require.Regexp(t, `(?m)^the model's own prior +uniform`, out)
	require.Regexp(t, `(?m)^without the adjustment +top-1 [0-9.]+, `, out)
	require.Regexp(t, `(?m)^disc-0 +40 +5 +[0-9.]+ +[0-9.]+$`, out)

	for text, want := range map[string]string{`{"cat": 1}`: `"cat"`, `[1, 2]`: "2 weights for 3 classes", `x`: "neither a list", `[0, 0, 0]`: "no weight", `[1, -1, 0]`: "-1"} {
		write(text)
		fail(t, failed, want, "evaluate "+run+" "+data+" --prior "+file)
	}
	write(`[1, 1, 0]`)
	fail(t, failed, "class 2", "evaluate "+run+" --prior uniform --model-prior "+file)
	fail(t, usage, "none of uniform", "evaluate "+run+" --prior missing")
	fail(t, usage, "--prior", "evaluate "+run+" --model-prior train")
	fail(t, usage, "--model-prior=estimate is neither uniform nor train", "evaluate "+run+" --prior train --model-prior estimate")
}

// The help of --model-prior has each method that is no matter of course.
func TestHelpOfPriors(t *testing.T) {
	field, _ := reflect.TypeFor[underPrior]().FieldByName("ModelPrior")
	trained, asked, _ := strings.Cut(field.Tag.Get("help"), "demanded for")
	asked, _, _ = strings.Cut(asked, ";")
	for _, m := range method.All() {
		_, is, err := experiment.OwnPrior(hybrid.About{Method: m.Name, Counts: []int{2, 1}}, 2)
		word := `\b` + m.Name + `\b`
		require.Equal(t, err != nil, regexp.MustCompile(word).MatchString(asked), m.Name)
		require.Equal(t, strings.HasPrefix(is, "that of the training images"), regexp.MustCompile(word).MatchString(trained), m.Name)
	}
}
