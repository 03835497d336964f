package main

import (
	"bufio"
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// The program needs nothing beside it, as in the image of the Dockerfile: no libraries, no temporary folder, no home, no rights.
func TestInAnEmptyRoot(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may change the root directory")
	}
	path := filepath.Join(t.TempDir(), "longtail")
	build := exec.Command("go", "build", "-tags", "nompi", "-o", path, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	text, err := build.CombinedOutput()
	require.NoError(t, err, string(text))
	root, err := os.MkdirTemp("", "root") // t.TempDir is closed to others than root
	require.NoError(t, err)
	defer os.RemoveAll(root)
	require.NoError(t, os.Chmod(root, 0o755))
	program, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(root, "longtail"), program, 0o755))
	require.NoError(t, os.Mkdir(filepath.Join(root, "here"), 0o777))
	require.NoError(t, os.Chmod(filepath.Join(root, "here"), 0o777))
	writePhoto(t, filepath.Join(root, "here", "photo.jpg"))

	command := func(words string) *exec.Cmd {
		c := exec.Command("/longtail", strings.Fields(words)...)
		c.Dir, c.Env = "/here", []string{"PATH=/"}
		c.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		return c
	}
	do := func(words string) string {
		t.Helper()
		out, err := command(words).CombinedOutput()
		require.NoError(t, err, "%s\n%s", words, out)
		return string(out)
	}
	require.Contains(t, do("version"), "longtail")
	do("train --quick --size 8 --epochs 1 --depth 8 --width 4 --limit 2 --out run")
	require.Regexp(t, `%  \S+\n`, do("predict run photo.jpg"))
	do("embed run -o train.safetensors")
	do("export run -o model.onnx")
	do("report run -o page.html")

	c := command("serve run --index train.safetensors --listen 127.0.0.1:0")
	pipe, err := c.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, c.Start())
	defer func() { _ = c.Process.Kill(); _ = c.Wait() }()
	url := serving.FindStringSubmatch(until(t, bufio.NewScanner(pipe), "msg=serving"))[1]
	raw, err := os.ReadFile(filepath.Join(root, "here", "photo.jpg"))
	require.NoError(t, err)
	for _, route := range []string{"/v1/predict", "/v1/neighbours"} {
		got, err := http.Post(url+route, "image/jpeg", bytes.NewReader(raw))
		require.NoError(t, err)
		got.Body.Close()
		require.Equal(t, http.StatusOK, got.StatusCode)
	}
}
