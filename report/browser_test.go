//go:build linux || darwin

package report

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// browser speaks Chromium's DevTools protocol over pipes.
type browser struct {
	t       *testing.T
	to      *os.File
	from    *bufio.Reader
	session string
	id      int
	events  []string // messages that are no answers
}

func newBrowser(t *testing.T, program string) *browser {
	in, to, err := os.Pipe()
	require.NoError(t, err)
	from, out, err := os.Pipe()
	require.NoError(t, err)
	cmd := exec.Command(program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe", "--user-data-dir="+t.TempDir())
	cmd.ExtraFiles = []*os.File{in, out}
	require.NoError(t, cmd.Start())
	require.NoError(t, from.SetReadDeadline(time.Now().Add(3*time.Minute)))
	b := &browser{t: t, to: to, from: bufio.NewReaderSize(from, 1<<20)}
	t.Cleanup(func() { b.call("Browser.close", nil); _ = cmd.Wait() })
	require.NoError(t, in.Close())
	require.NoError(t, out.Close())
	target := b.call("Target.createTarget", map[string]any{"url": "about:blank"})["targetId"]
	b.session = b.call("Target.attachToTarget", map[string]any{"targetId": target, "flatten": true})["sessionId"].(string)
	for _, domain := range []string{"Page", "Runtime", "Network", "Log"} {
		b.call(domain+".enable", nil)
	}
	return b
}

// call sends a command and returns its result.
func (b *browser) call(method string, params map[string]any) map[string]any {
	b.id++
	text, err := json.Marshal(map[string]any{"id": b.id, "method": method, "params": params, "sessionId": b.session})
	require.NoError(b.t, err)
	_, err = b.to.Write(append(bytes.ReplaceAll(text, []byte(`,"sessionId":""`), nil), 0))
	require.NoError(b.t, err)
	for {
		line, err := b.from.ReadBytes(0)
		if err != nil && method == "Browser.close" {
			return nil
		}
		require.NoError(b.t, err)
		var m struct {
			ID     int
			Result map[string]any
			Error  any
		}
		require.NoError(b.t, json.Unmarshal(line[:len(line)-1], &m))
		if m.ID == b.id {
			require.Nil(b.t, m.Error, method)
			return m.Result
		}
		b.events = append(b.events, string(line))
	}
}

// eval returns the value of an expression.
func (b *browser) eval(expression string) any {
	r := b.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true})
	require.NotContains(b.t, r, "exceptionDetails", expression)
	return r["result"].(map[string]any)["value"]
}

func (b *browser) key(name string, code int, text string) {
	for _, kind := range []string{"keyDown", "keyUp"} {
		b.call("Input.dispatchKeyEvent", map[string]any{"type": kind, "key": name, "code": name, "windowsVirtualKeyCode": code, "text": text})
	}
}

// In Chromium: no error on the console, no request but for the page, no overflow at 1280 and 400 pixels, tables that sort by the
// keyboard and are searched, and 8,142 classes within 3 seconds. LONGTAIL_CHROMIUM names the program; LONGTAIL_PAGES keeps screenshots.
func TestBrowser(t *testing.T) {
	program := os.Getenv("LONGTAIL_CHROMIUM")
	if program == "" {
		t.Skip("LONGTAIL_CHROMIUM names no Chromium")
	}
	r := open(t, copied(t), Settings{})
	a, b := thousands(t, "one", 0.8), thousands(t, "two", 0.7)
	for name, runs := range map[string][]*Run{"run": {r}, "thousands": {a}, "several": {a, b}} {
		path := filepath.Join(t.TempDir(), name+".html")
		require.NoError(t, os.WriteFile(path, []byte(written(t, runs...)), 0o666))
		b := newBrowser(t, program)
		for _, width := range []int{1280, 400} {
			b.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500})
			b.call("Emulation.setEmulatedMedia", map[string]any{"features": []any{map[string]any{"name": "prefers-color-scheme", "value": map[int]string{1280: "light", 400: "dark"}[width]}}})
			b.call("Page.navigate", map[string]any{"url": "file://" + path})
			began := time.Now()
			for b.eval("document.readyState") != "complete" {
				time.Sleep(20 * time.Millisecond)
			}
			took := b.eval("performance.getEntriesByType('navigation')[0].loadEventEnd").(float64)
			t.Logf("%s at %d: loaded in %.0f ms (%v)", name, width, took, time.Since(began).Round(time.Millisecond))
			require.Less(t, took, 3000.0)
			require.LessOrEqual(t, b.eval("document.documentElement.scrollWidth"), float64(width), "the page is wider than the window")
			require.Equal(t, "", b.eval("[...document.querySelectorAll('img')].filter(i => i.complete && !i.naturalWidth).map(i => i.title).join()"))
			if dir := os.Getenv("LONGTAIL_PAGES"); dir != "" {
				shot := b.call("Page.captureScreenshot", map[string]any{"captureBeyondViewport": true, "clip": map[string]any{"x": 0, "y": 0, "width": width,
					"height": min(b.eval("document.documentElement.scrollHeight").(float64), 9000), "scale": 1}})
				data, err := base64.StdEncoding.DecodeString(shot["data"].(string))
				require.NoError(t, err)
				require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%s-%d.png", name, width)), data, 0o666))
			}
		}
		if name != "several" { // what is printed is looked at
			pdf, err := base64.StdEncoding.DecodeString(b.call("Page.printToPDF", map[string]any{"printBackground": true})["data"].(string))
			require.NoError(t, err)
			require.Equal(t, "%PDF", string(pdf[:4]))
			if dir := os.Getenv("LONGTAIL_PAGES"); dir != "" {
				require.NoError(t, os.WriteFile(filepath.Join(dir, name+".pdf"), pdf, 0o666))
			}
		}
		table := map[string]string{"run": "classes", "thousands": "classes", "several": "classes-table"}[name]
		rows := "[...document.querySelectorAll('#" + table + " tbody tr')]"
		head := "document.querySelectorAll('#" + table + " th')[2]"
		first := rows + ".find(r => !r.hidden).cells[2].textContent"
		last := rows + ".at(-1).cells[2].textContent"
		largest, smallest := b.eval(first), b.eval(last)
		b.eval(head + ".firstElementChild.focus()")
		b.key("Enter", 13, "\r")
		require.Equal(t, "descending", b.eval(head+".getAttribute('aria-sort')"))
		require.Equal(t, largest, b.eval(first))
		b.key(" ", 32, " ")
		require.Equal(t, "ascending", b.eval(head+".getAttribute('aria-sort')"))
		require.Equal(t, smallest, b.eval(first))
		search := map[string]string{"run": "ring-7", "thousands": "species4711", "several": "species4711"}[name]
		b.eval("{const s = document.querySelector('input[type=search]'); s.value = '" + search + "'; s.dispatchEvent(new Event('input'))}")
		require.Contains(t, b.eval(rows+".filter(r => !r.hidden).map(r => r.textContent).join()"), search)
		require.LessOrEqual(t, b.eval(rows+".filter(r => !r.hidden).length"), 9.0)
		for _, e := range b.events {
			var m struct {
				Method string
				Params struct{ Request struct{ URL string } }
			}
			require.NoError(t, json.Unmarshal([]byte(strings.TrimSuffix(e, "\x00")), &m))
			require.NotContains(t, []string{"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"}, m.Method, e)
			if m.Method == "Network.requestWillBeSent" {
				require.Regexp(t, "^(file://"+path+"|data:)", m.Params.Request.URL)
			}
		}
	}
}
