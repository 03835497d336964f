package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/embedding"
	"github.com/stretchr/testify/require"
)

// Embeddings of a run find its images again, and those that are there twice.
func TestEmbedNearestAndDuplicates(t *testing.T) {
	data, run := trained(t)
	dir := t.TempDir()
	index := filepath.Join(dir, "train.safetensors")
	out, _ := succeed(t, "embed "+run+" -o", index, "--projector", filepath.Join(dir, "projector"), "--sprite")
	require.Contains(t, out, "the run's training set: 59 images of 3 classes")
	set, err := embedding.Open(index)
	require.NoError(t, err)
	require.Len(t, set.Thumbnails, 59)
	require.FileExists(t, filepath.Join(dir, "projector", "sprite.png"))
	require.Equal(t, 59, strings.Count(read(t, dir, "projector", "tensors.tsv"), "\n"))

	photo := filepath.Join(data, "train", "disc-1", "003.png")
	out, _ = succeed(t, "nearest --json -k 2 "+run, index, photo)
	all := parseJSON[[]alike](t, out)
	require.Len(t, all[0].Nearest, 2)
	require.Equal(t, near{photo, "disc-1", all[0].Nearest[0].Cosine}, all[0].Nearest[0])
	require.InDelta(t, 1, all[0].Nearest[0].Cosine, 1e-5)
	out, _ = succeed(t, "nearest "+run, index, photo)
	require.Regexp(t, ` +1\.0000  disc-1  .*003\.png\n`, out)
	fail(t, failed, "1 of 2 images", "nearest "+run, index, photo, filepath.Join(data, "none.png"))

	test := filepath.Join(dir, "test.npy")
	require.NoError(t, os.WriteFile(filepath.Join(data, "test", "disc-0", "again.png"), []byte(read(t, data, "test", "disc-1", "001.png")), 0o666))
	out, _ = succeed(t, "embed --split test -o "+test+" "+run, data)
	require.Contains(t, out, "16 images")
	out, _ = succeed(t, "duplicates --json --at-least 0.9999999 "+test)
	d := parseJSON[doubled](t, out)
	require.Equal(t, 1, d.Total)
	require.Equal(t, [2]string{"disc-0", "disc-1"}, d.Pairs[0].Class)
	require.True(t, strings.HasSuffix(d.Pairs[0].Names[0], "again.png"))
	out, _ = succeed(t, "duplicates --at-least=-0.9 --most 1 "+test)
	require.Contains(t, out, "(the nearest 1; --most names more)")

	out, _ = succeed(t, "knn --json -k 1 "+index, index)
	v := parseJSON[voted](t, out)
	require.Equal(t, 59, v.Images)
	require.EqualValues(t, 1, v.Top1, "each is nearest to itself")
	out, _ = succeed(t, "knn --balanced "+index, test)
	require.Contains(t, out, "16 images, by the 59 nearest of 59 training images")
	require.Regexp(t, `(?m)^balanced accuracy \(%\) +[0-9.]+$`, out)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "test_classes.txt"), []byte("disc-0\ncat\nring-2\n"), 0o666))
	fail(t, failed, "the class cat", "knn "+index, test)
	fail(t, failed, "none.npy", "knn "+index, "none.npy")
	fail(t, failed, "only 3 classes", "knn --groups rank "+index, index)
	fail(t, usage, "-k must", "knn -k 0 "+index, test)

	fail(t, usage, ".csv", "embed "+run+" -o x.csv")
	fail(t, usage, "examples/parquet", "embed "+run+" -o x.parquet")
	fail(t, usage, "--sprite", "embed "+run+" --sprite -o x.npy")
	fail(t, usage, "name the images", "embed "+filepath.Join(run, "model.safetensors")+" -o x.npy")
	fail(t, usage, "--split", "embed "+run+" --split test -o x.npy")
	fail(t, usage, "--at-least", "duplicates --at-least 2 "+test)
	fail(t, usage, "-k=0", "nearest -k 0 "+run, index, photo)
	fail(t, failed, "none.npy", "duplicates none.npy")
}
