package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReport(t *testing.T) {
	data, run := photos(t), filepath.Join(t.TempDir(), "run")
	succeed(t, "train --data "+data+small+"--out", run)
	page := filepath.Join(t.TempDir(), "page.html")
	out, log := succeed(t, "report "+run+" -o "+page)
	require.Empty(t, out)
	require.Contains(t, log, page+" is the page")
	require.Contains(t, read(t, page), `id="confusion"`)
	require.Contains(t, read(t, page), "square-2")
	succeed(t, "report --figures-only "+run+" -o "+page)
	require.NotContains(t, read(t, page), `id="confusion"`)

	require.NoError(t, os.RemoveAll(filepath.Join(data, "test"))) // the run is still there
	succeed(t, "report "+run+" -o "+page)
	require.Contains(t, read(t, page), "The model was not tested once more")
	fail(t, failed, "is not the folder of a run", "report "+data+" -o "+page)
	fail(t, failed, "nowhere", "report "+run+" -o "+filepath.Join(data, "nowhere", "page.html"))
	fail(t, usage, "run", "report")
}
