package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/serve"
	"github.com/stretchr/testify/require"
)

var serving = regexp.MustCompile(`address=(\S+)`)

// served is a process that serves, its address, and its log, line by line.
func served(t *testing.T, dir, words string, more ...string) (c *exec.Cmd, url string, log *bufio.Scanner) {
	t.Helper()
	c = program(t, dir, "serve --listen 127.0.0.1:0 "+words, more...)
	pipe, err := c.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill() })
	log = bufio.NewScanner(pipe)
	return c, serving.FindStringSubmatch(until(t, log, "msg=serving"))[1], log
}

// until reads a log to the line that has want.
func until(t *testing.T, log *bufio.Scanner, want string) string {
	t.Helper()
	for log.Scan() {
		if strings.Contains(log.Text(), want) {
			return log.Text()
		}
	}
	require.Fail(t, "the log has no "+want)
	return ""
}

func asked(t *testing.T, url string, file string) (status int, p serve.Predicted) {
	t.Helper()
	raw, err := os.ReadFile(file)
	require.NoError(t, err)
	got, err := http.Post(url, "image/png", bytes.NewReader(raw))
	require.NoError(t, err)
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &p), "%s", text)
	return got.StatusCode, p
}

func TestNamesOfServedModels(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tau=0.1_seed=1")
	require.NoError(t, os.Mkdir(dir, 0o777))
	for text, want := range map[string][2]string{dir: {"", dir}, "birds=" + dir: {"birds", dir}, "a=b": {"a", "b"}, "none": {"", "none"}} {
		name, path := named(text)
		require.Equal(t, want, [2]string{name, path})
	}
}
