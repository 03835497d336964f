package main

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A network learns from one that a run left, or trains its teacher first; experts are weighed by the images that they are tested on.
func TestTeachersAndExperts(t *testing.T) {
	dir := t.TempDir()
	tiny := " --quick --size 8 --width 2 --epochs 3 --out "
	teacher, given, first := filepath.Join(dir, "sade"), filepath.Join(dir, "given"), filepath.Join(dir, "first")
	succeed(t, "train --method sade"+tiny+teacher)
	_, log := succeed(t, "train --method dive --teacher "+teacher+tiny+given)
	require.NotContains(t, log, "its teacher is trained first")
	succeed(t, "train --resume --out "+given)
	_, log = succeed(t, "train --method dive"+tiny+first)
	require.Contains(t, log, "its teacher is trained first, by logit-adjusted: 3 epochs")
	out, _ := succeed(t, "compare --methods none --show training.images_seen --with "+given)
	require.Contains(t, out, "DiVE")

	fail(t, usage, "no method here learns from one", "train --method ce --teacher "+teacher+tiny+filepath.Join(dir, "none"))
	fail(t, usage, "no method here learns from one", "compare --quick --methods ce --teacher "+teacher)

	out, _ = succeed(t, "evaluate --aggregate "+teacher)
	require.Contains(t, out, "weights of the experts")
	fail(t, failed, "experts need a backbone of several branches", "evaluate --aggregate "+given)
}
