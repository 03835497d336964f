package hybrid_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/safetensors"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// forge writes tensors under a description, whose checksum it makes right.
func forge(t require.TestingT, path string, m nn.Visitable, description string) {
	h := sha256.New()
	h.Write([]byte(description))
	require.NoError(t, safetensors.WriteValues(h, m))
	var file bytes.Buffer
	require.NoError(t, safetensors.Write(&file, m, map[string]string{"longtail": description, "longtail.sha256": hex.EncodeToString(h.Sum(nil)), "format": "pt"}))
	require.NoError(t, os.WriteFile(path, file.Bytes(), 0o666))
}

// descriptionOf is that in the metadata of a saved network.
func descriptionOf(t testing.TB, n *hybrid.Network) string {
	m, err := hybrid.Metadata(n, nil, hybrid.About{Classes: []string{"a", "b", "c", "d"}})
	require.NoError(t, err)
	require.Equal(t, "pt", m["format"], "as Hugging Face's readers want it")
	return m["longtail"]
}

// A file in memory gives the network that Open gives.
func TestRead(t *testing.T) {
	n, path := resNet(t, 1), filepath.Join(t.TempDir(), "model.safetensors")
	require.NoError(t, hybrid.Save(path, n, hybrid.About{Classes: []string{"a", "b", "c", "d"}}))
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	want, about, err := hybrid.Open(path)
	require.NoError(t, err)
	got, aboutRead, err := hybrid.Read(bytes.NewReader(raw), int64(len(raw)))
	require.NoError(t, err)
	require.Equal(t, about, aboutRead)
	for i, e := range nn.Entries(want) {
		require.Equal(t, e, nn.Entries(got)[i])
	}
	for _, damaged := range [][]byte{nil, raw[:len(raw)-1], bytes.Replace(raw, []byte(`\"classes\":4`), []byte(`\"classes\":5`), 1)} {
		require.NotEqual(t, raw, damaged)
		_, _, err = hybrid.Read(bytes.NewReader(damaged), int64(len(damaged)))
		require.ErrorContains(t, err, "reading a model")
	}
}

func TestBadDescriptions(t *testing.T) {
	n := resNet(t, 1)
	good := descriptionOf(t, n)
	path := filepath.Join(t.TempDir(), "model.safetensors")
	forge(t, path, n, good)
	_, _, err := hybrid.Open(path)
	require.NoError(t, err)
	for _, c := range []struct{ want, from, to string }{
		{"damaged JSON: unexpected end of JSON input", `,"manifest_sha256":""}`, ``},
		{"version: missing", `"version":1,`, ``},
		{"version: 2, where this library (v0.1.0) reads 1: open the file with the version that saved it", `"version":1`, `"version":2,"new":3`},
		{`unknown field "heads"`, `"separate_passes"`, `"heads"`},
		{"classes: a JSON string, where int is wanted", `"classes":4`, `"classes":"4"`},
		{`fit "crop" is none of center-crop, squash, shorter-side, whole`, `"center-crop"`, `"crop"`},
		{"input: images of 8×0 with 3 channels: each must be at least 1", `"width":8`, `"width":0`},
		{"input: images of 100000000×8 with 3 channels", `"height":8`, `"height":100000000`},
		{"class names: there are 3 for a network of 4 classes", `,"d"]`, `]`},
		{"counts: there are 1 for a network of 4 classes", `"counts":null`, `"counts":[5]`},
		{`manifest: "x" is not a SHA-256`, `"manifest_sha256":""`, `"manifest_sha256":"x"`},
		{"Normalize has 3 means and 2 standard deviations", `"std":[0.25,`, `"std":[`},
		{"Normalize.Std[0] is 0: it must be positive", `"std":[0.25,`, `"std":[0,`},
		{`backbone.name: "vgg" is not a part this library knows`, `"cifar-resnet"`, `"vgg"`},
		{`backbone.name: a "relu" is a nn.Func, which is no backbone.Backbone`, `"cifar-resnet"`, `"relu"`},
		{`backbone.settings of a "mlp": unknown field "depth"`, `"cifar-resnet"`, `"mlp"`},
		{`backbone.settings of a "cifar-resnet": backbone: a CIFAR ResNet has depth 6n+2`, `"depth":8`, `"depth":9`},
		{`backbone.settings of a "cifar-resnet": depth: a JSON string, where int is wanted`, `"depth":8`, `"depth":"8"`},
		{"sizes of [8 0 3 1]: each must be at least 1", `"width":4`, `"width":0`},
		{`sizes of [2000000000 4 3 1] take more than 1.54e+12 values, the file has 5432`, `"depth":8`, `"depth":2000000000`},
		{"sizes of [8 4 3 1000000000] take more than", `"branches":1`, `"branches":1000000000`},
		{"sizes of [8 1000000000 3 1] take more than", `"width":4`, `"width":1000000000`},
		{`classifier.settings of a "linear": sizes of [1000000000 4]`, `"in":16,"out":4`, `"in":1000000000,"out":4`},
		{`classifier.settings of a "linear": missing`, `"classifier":{"name":"linear","settings":{"in":16,"out":4,"bias":true}}`, `"classifier":{"name":"linear"}`},
		{"the classifier gives logits of shape [1 4] for one image, 5 classes need [1 5]", `"classes":4,"class_names":["a","b","c","d"]`, `"classes":5,"class_names":null`},
		{"a classifier needs at least two classes, not 1", `"classes":4,"class_names":["a","b","c","d"]`, `"classes":1,"class_names":null`},
		{`projection.0.settings of a "linear": sizes of [-16 16]: each must be at least 1`, `"in":16,"out":16`, `"in":-16,"out":16`},
		{"input and weight [out, in] differ in width", `"in":16,"out":16`, `"in":15,"out":16`},
		{"the tensor classifier.bias is not of the network that the metadata tell of", `"in":16,"out":4,"bias":true`, `"in":16,"out":4,"bias":false`},
		{"the tensor projection.0.weight is not of the network", `"projection":…"classifier"`, `"projection":null,`},
		{"nn.Linear (classifier.weight) [1 8], [4 16]: input and weight [out, in] differ in width", `"width":4`, `"width":2`},
		{"projection.2.weight is [8 16] in the file, [7 16] in the model", `"in":16,"out":8`, `"in":16,"out":7`},
		{`projection.2.settings of a "linear": sizes of [16 60] take more than`, `"in":16,"out":8`, `"in":16,"out":60`},
		{`projection.1.settings of a "linear": sizes of [64 64] take more than`, `{"name":"relu"}`, `{"name":"linear","settings":{"in":64,"out":64,"bias":false}}`},
		{"sizes of [14 4 3 1] take more than 9.32e+03 values, the file has 5432", `"depth":8`, `"depth":14`},
	} {
		from, until, ranged := strings.Cut(c.from, "…")
		at := strings.Index(good, from)
		require.GreaterOrEqual(t, at, 0, c.from)
		end := at + len(from)
		if ranged {
			end = at + strings.Index(good[at:], until)
		}
		bad := good[:at] + c.to + good[end:]
		forge(t, path, n, bad)
		_, _, err := hybrid.Open(path)
		require.ErrorContains(t, err, path, c.to)
		require.ErrorContains(t, err, c.want, c.to)
	}
}

// What a forged file claims of a ResNet is refused before it takes memory.
func TestForgedSizesOfAResNet(t *testing.T) {
	for _, c := range []struct {
		backbone.ResNetSettings
		from, to string
	}{
		{backbone.ResNetSettings{Depth: 18, Width: 3}, `"width":3`, `"width":1000000000`},
		{backbone.ResNetSettings{Depth: 18, Width: 3}, `"branches":1`, `"branches":1000000000`},
		{backbone.ResNetSettings{Depth: 50, Width: 4}, `"group_width":4`, `"group_width":1000000000`},
		{backbone.ResNetSettings{Depth: 50, Width: 4}, `"groups":1`, `"groups":1000000000`},
		{backbone.ResNetSettings{Depth: 18, Width: 3}, `"depth":18`, `"depth":20`},
	} {
		n := newNetwork(t, photographs(t, c.ResNetSettings))
		good := descriptionOf(t, n)
		require.Contains(t, good, c.from)
		path := filepath.Join(t.TempDir(), "model.safetensors")
		forge(t, path, n, strings.Replace(good, c.from, c.to, 1))
		_, _, err := hybrid.Open(path)
		require.ErrorContains(t, err, `backbone.settings of a "resnet"`, c.to)
	}
}

func TestFilesThatAreNoModelFiles(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	n := resNet(t, 1)
	require.NoError(t, safetensors.Save(at("old"), n, map[string]string{"epochs": "200"}))
	_, _, err := hybrid.Open(at("old"))
	require.ErrorContains(t, err, at("old")+": a file of weights alone")
	require.ErrorContains(t, err, "safetensors.Load")
	other := resNet(t, 2)
	_, err = safetensors.Load(at("old"), other)
	require.NoError(t, err, "it still loads into a network made by hand")
	require.Equal(t, outputs(t, n), outputs(t, other))

	require.NoError(t, hybrid.Save(at("new"), n, hybrid.About{}))
	_, err = safetensors.Load(at("new"), resNet(t, 3))
	require.NoError(t, err, "a model file is one of weights too")

	reason, err := hybrid.Metadata(newNetwork(t, twice{newMLP(t, 192, 6), 6}), nil, hybrid.About{})
	require.ErrorContains(t, err, "implement nn.Describer")
	require.NoError(t, safetensors.Save(at("undescribed"), n, reason))
	_, _, err = hybrid.Open(at("undescribed"))
	require.ErrorContains(t, err, "implement nn.Describer", "the file says why")

	require.NoError(t, safetensors.Save(at("unchecked"), n, map[string]string{"longtail": descriptionOf(t, n)}))
	_, _, err = hybrid.Open(at("unchecked"))
	require.ErrorContains(t, err, "metadata longtail.sha256: missing")

	_, _, err = hybrid.Open(at("none"))
	require.ErrorContains(t, err, at("none")+": no such file or directory")
	_, _, err = hybrid.Open(dir)
	require.ErrorContains(t, err, dir+" has no file model.safetensors: name a model file, or a checkpoint of a run")
	require.NoError(t, os.Mkdir(at("epoch-0001"), 0o777))
	require.NoError(t, hybrid.Save(filepath.Join(at("epoch-0001"), "model.safetensors"), n, hybrid.About{}))
	_, _, err = hybrid.Open(dir)
	require.ErrorContains(t, err, "such as "+at("epoch-0001"))
	_, _, err = hybrid.Open(at("epoch-0001"))
	require.NoError(t, err)
}

// Property: a flipped bit is found, wherever it is.
func TestAFlippedBitIsFound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.safetensors")
	require.NoError(t, hybrid.Save(path, resNet(t, 1), hybrid.About{Classes: []string{"a", "b", "c", "d"}, Method: "ce"}))
	_, _, err := hybrid.Open(path)
	require.NoError(t, err)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	rapid.Check(t, func(r *rapid.T) {
		end := len(text)
		if rapid.Bool().Draw(r, "header") {
			end = 4000
		}
		bit := rapid.IntRange(0, 8*end-1).Draw(r, "bit")
		text[bit/8] ^= 1 << (bit % 8)
		defer func() { text[bit/8] ^= 1 << (bit % 8) }()
		require.NoError(r, os.WriteFile(path, text, 0o666))
		_, _, err := hybrid.Open(path)
		require.ErrorContains(r, err, path)
	})
}

func FuzzOpen(f *testing.F) {
	n := resNet(f, 1)
	small := mlp(f)
	f.Add([]byte(descriptionOf(f, n)), []byte(nil))
	f.Add([]byte(descriptionOf(f, small)), []byte(nil))
	f.Add([]byte(strings.Replace(descriptionOf(f, n), `"cifar-resnet"`, `"mlp"`, 1)), []byte(nil))
	path := filepath.Join(f.TempDir(), "model.safetensors")
	require.NoError(f, hybrid.Save(path, small, hybrid.About{}))
	whole, err := os.ReadFile(path)
	require.NoError(f, err)
	f.Add([]byte(nil), whole)
	f.Fuzz(func(t *testing.T, description, file []byte) {
		var size struct {
			Input struct{ Height, Width, Channels int }
		}
		if json.Unmarshal(description, &size) == nil && size.Input.Height*size.Input.Width*size.Input.Channels > 1<<12 {
			t.Skip("too large to compute quickly")
		}
		path := filepath.Join(t.TempDir(), "model.safetensors")
		try := func() {
			opened, about, err := hybrid.Open(path)
			if err != nil {
				require.ErrorContains(t, err, path)
				return
			}
			require.Contains(t, []int{0, opened.Classes()}, len(about.Classes))
			outputs(t, opened)
		}
		require.NoError(t, os.WriteFile(path, file, 0o666))
		try()
		for _, m := range []nn.Visitable{n, small} {
			text := strings.ToValidUTF8(string(description), "")
			forge(t, path, m, text)
			try()
		}
	})
}
