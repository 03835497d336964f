//go:build !js

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/imagefile"
	"github.com/stretchr/testify/require"
)

// calls opens a model and classifies a picture as the worker does: node -e calls DIR MODEL PICTURE…
const calls = `
const fs = require('fs'), [dir, model, ...pictures] = process.argv.slice(1);
require(dir + '/wasm_exec.js');
WebAssembly.instantiate(fs.readFileSync(dir + '/longtail.wasm'), (globalThis.go = new Go()).importObject).then(({instance}) => {
  go.run(instance);
  const early = longtailClassify(fs.readFileSync(pictures[0])), opened = longtailOpen(fs.readFileSync(model));
  console.log('[' + [early, opened, ...pictures.map(p => longtailClassify(fs.readFileSync(p)))].join() + ']');
  process.exit(0);
});`

// What the browser says of a picture is what the program here says, but for rounding: in Node, which LONGTAIL_NODE names, and in the page
// in Chromium, which LONGTAIL_CHROMIUM names.
func TestBrowser(t *testing.T) {
	node := os.Getenv("LONGTAIL_NODE")
	if node == "" {
		t.Skip("LONGTAIL_NODE names no Node")
	}
	dir := t.TempDir()
	text, err := exec.Command("./build", dir).CombinedOutput()
	require.NoError(t, err, "%s", text)
	info, err := os.Stat(filepath.Join(dir, "longtail.wasm"))
	require.NoError(t, err)
	t.Logf("longtail.wasm has %.1f MB", float64(info.Size())/1e6)

	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 20})
	require.NoError(t, err)
	net, err := hybrid.NewNetwork(body, 3, hybrid.WithInput(32, 32, 3))
	require.NoError(t, err)
	model, photo, bad := filepath.Join(dir, "model.safetensors"), filepath.Join(dir, "photo.jpg"), filepath.Join(dir, "bad.jpg")
	require.NoError(t, hybrid.Save(model, net, hybrid.About{Classes: []string{"ant", "bee", "<b>cat</b>"}}))
	raw, err := os.ReadFile(filepath.Join("..", "..", "imagefile", "testdata", "orientation6.jpg"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(photo, raw, 0o666))
	require.NoError(t, os.WriteFile(bad, []byte("no picture"), 0o666))
	picture, err := imagefile.Decode(context.Background(), bytes.NewReader(raw), imagefile.Settings{})
	require.NoError(t, err)
	predictor, err := net.Freeze()
	require.NoError(t, err)
	predictor, err = predictor.WithAbout(hybrid.About{Classes: []string{"ant", "bee", "<b>cat</b>"}})
	require.NoError(t, err)
	want, err := predictor.Classify(picture)
	require.NoError(t, err)

	text, err = exec.Command(node, "-e", calls, dir, model, photo, bad).CombinedOutput()
	require.NoError(t, err, "%s", text)
	var answers []struct {
		Error   string
		Names   []string
		Classes []struct {
			Class       string
			Probability float64
		}
	}
	require.NoError(t, json.Unmarshal(text, &answers), "%s", text)
	require.Equal(t, "no model is open", answers[0].Error)
	require.Len(t, answers[1].Names, 3)
	require.Len(t, answers[2].Classes, 3)
	for i, c := range answers[2].Classes {
		require.Equal(t, want[i].Class, c.Class)
		require.InDelta(t, want[i].Probability, c.Probability, 1e-4)
	}
	require.NotEmpty(t, answers[3].Error)

	if chromium := os.Getenv("LONGTAIL_CHROMIUM"); chromium != "" {
		page := inPage(t, chromium, dir)
		require.Contains(t, page, fmt.Sprintf("<span>%.1f%%</span>", 100*want[0].Probability))
		require.Contains(t, page, "<span>&lt;b&gt;cat", "names are text")
		require.Contains(t, page, "Computed in ")
	}
}

// watching shows the page in a frame, and sends what is in it when it has computed.
const watching = `<iframe src="index.html?picture=photo.jpg"></iframe><script>
const frame = document.querySelector('iframe');
const timer = setInterval(() => {
  const main = frame.contentDocument.querySelector('main');
  if (!main || !main.querySelector('meter, .error')) return;
  clearInterval(timer);
  setTimeout(() => fetch('/seen', {method: 'POST', body: main.innerHTML}), 200);
}, 50)</script>`

// inPage is what the page in dir has after it computed photo.jpg.
func inPage(t *testing.T, chromium, dir string) string {
	seen := make(chan string, 1)
	site := http.NewServeMux()
	site.Handle("/", http.FileServer(http.Dir(dir)))
	site.HandleFunc("POST /seen", func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		seen <- string(body)
	})
	require.NoError(t, os.WriteFile(filepath.Join(dir, "watching.html"), []byte(watching), 0o666))
	server := httptest.NewServer(site)
	defer server.Close()
	c := exec.CommandContext(t.Context(), chromium, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "--user-data-dir="+t.TempDir(), server.URL+"/watching.html")
	require.NoError(t, c.Start())
	defer func() { _ = c.Process.Kill(); _ = c.Wait() }()
	select {
	case page := <-seen:
		return page
	case <-time.After(2 * time.Minute):
		require.Fail(t, "the page computed nothing")
		return ""
	}
}
