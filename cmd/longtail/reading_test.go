package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/dataset/source"
	"github.com/longtail-ml/longtail/experiment"
	"github.com/longtail-ml/longtail/internal/terminal"
	"github.com/stretchr/testify/require"
)

// inat writes the annotations of photos in the manner of iNaturalist, with ids that have gaps.
func inat(t *testing.T) (dir string) {
	dir = photos(t)
	for _, part := range []string{"train", "test"} {
		all, err := filepath.Glob(filepath.Join(dir, part, "*", "*.png"))
		require.NoError(t, err)
		var images, annotations, categories []string
		ids := map[string]int{}
		for i, path := range all {
			class := filepath.Base(filepath.Dir(path))
			if ids[class] == 0 {
				ids[class] = 100 - 7*len(ids)
				categories = append(categories, fmt.Sprintf(`{"id": %d, "name": "the %s"}`, ids[class], class))
			}
			images = append(images, fmt.Sprintf(`{"id": "%s-%d", "file_name": "%s/%s"}`, part, i, class, filepath.Base(path)))
			annotations = append(annotations, fmt.Sprintf(`{"id": %d, "image_id": "%s-%d", "category_id": %d}`, i, part, i, ids[class]))
		}
		text := fmt.Sprintf(`{"info": {}, "images": [%s], "annotations": [%s], "categories": [%s]}`, strings.Join(images, ","), strings.Join(annotations, ","), strings.Join(categories, ","))
		require.NoError(t, os.WriteFile(filepath.Join(dir, part+"2018.json"), []byte(text), 0o666))
		require.NoError(t, os.Rename(filepath.Join(dir, part), filepath.Join(dir, part+"_images")))
	}
	return dir
}

// JSON trains, is evaluated and goes on as class folders do.
func TestTrainOnJSON(t *testing.T) {
	dir, run := inat(t), filepath.Join(t.TempDir(), "run")
	out, _ := succeed(t, "data --json "+dir)
	a := parseJSON[advised](t, out)
	require.Equal(t, "JSON", a.Kind)
	require.Equal(t, []int{5, 14, 40}, a.Parts[0].Counts, "in the order of the ids")
	_, log := succeed(t, "train --data "+dir+small+"--out", run)
	require.Contains(t, log, "derived: training set: 59 images in 3 classes of train2018.json")
	r := parseJSON[experiment.Report](t, read(t, run, "report.json"))
	require.Equal(t, []string{"86", "93", "100"}, r.Manifest.Data.ClassIDs)
	require.Equal(t, "the disc-0", r.Manifest.Data.Classes[2])
	for _, words := range []string{run, run + " " + dir, run + " " + filepath.Join(dir, "test2018.json")} {
		out, _ := succeed(t, "evaluate --json "+words)
		e := parseJSON[experiment.Evaluation](t, out)
		require.Equal(t, 15, e.Images)
		require.InDelta(t, *r.Top1, 100*float64(e.Top1), 1e-3)
	}
	_, log = succeed(t, "train --resume --out", run)
	require.NotContains(t, log, "epoch 1/")
}

// What data advises has the options that it was given, so that it runs.
func TestAdviceKeepsTheOptionsOfReading(t *testing.T) {
	dir := photos(t)
	lines := "image,class\n"
	for _, class := range []string{"disc-0", "square-2"} {
		for i := range 5 {
			lines += fmt.Sprintf("%s/00%d.png,%s\n", class, i, class)
		}
	}
	table := filepath.Join(t.TempDir(), "train.csv")
	require.NoError(t, os.WriteFile(table, []byte(lines), 0o666))
	given := []string{"--columns", "image,class", "--images", filepath.Join(dir, "train")}
	out, _ := succeed(t, "data --json "+table, given...)
	next := parseJSON[advised](t, out).Next
	require.Contains(t, next, strings.Join(given, " "))
	words := strings.Fields(strings.ReplaceAll(next, "runs/first", filepath.Join(t.TempDir(), "run")))
	succeed(t, strings.Join(words[1:], " ")+small)

	all := reading{"image,*", "my images", "val.csv", "test.csv", "label", "names", "leaves", true, true}
	require.Equal(t, " --columns 'image,*' --images 'my images' --val val.csv --test test.csv --label label --names names --nested leaves --boxes --skip-unclear", all.words())
	require.Equal(t, "'train-{0..9}.tar'", argument("train-{0..9}.tar"))
}

// Errors say which option helps.
func TestErrorsOfReadingNameOptions(t *testing.T) {
	dir := photos(t)
	write := func(name, text string) string {
		path := filepath.Join(t.TempDir(), name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		return path
	}
	image := filepath.Join(dir, "train", "disc-0", "000.png")
	for _, c := range []struct{ data, want string }{
		{write("a.csv", "image,class,species\n"+image+",bird,owl\n"), "--columns image,"},
		{write("b.csv", "image,class\nnone.png,bird\n"), "--images"},
		{write("c.csv", "image,class\n"+image+",\n"), "--skip-unclear"},
	} {
		fail(t, failed, c.want, "train --data "+c.data+small+"--out "+filepath.Join(t.TempDir(), "run"))
		fail(t, failed, c.want, "data "+c.data)
	}
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "test", "disc-0")))
	fail(t, failed, "--allow-missing", "train --data "+dir+small+"--out "+filepath.Join(t.TempDir(), "run"))
	require.NoError(t, os.Rename(filepath.Join(dir, "train", "disc-0"), filepath.Join(dir, "train", "disc-1", "disc-0")))
	fail(t, failed, "--nested leaves", "train --data "+dir+small+"--out "+filepath.Join(t.TempDir(), "run"))
	succeed(t, "train --data "+dir+" --nested deep"+small+"--out", filepath.Join(t.TempDir(), "run"))
}

// With thousands of classes a table shows some, from the largest to the smallest.
func TestManyClassesAreCut(t *testing.T) {
	var all []experiment.ClassFigure
	for i := range 8142 {
		n := i
		all = append(all, experiment.ClassFigure{Name: fmt.Sprint(i), Train: &n})
	}
	some := spaced(all)
	require.Len(t, some, bars)
	require.Equal(t, "8141", some[0].Name)
	require.Equal(t, "0", some[bars-1].Name)
	require.Equal(t, "0", all[0].Name, "left as they were")

	var out strings.Builder
	c := &console{terminal.NewStream(&out), nil}
	require.NoError(t, printEvaluation(c, &experiment.Evaluation{Classes: all}, "here"))
	require.Less(t, strings.Count(out.String(), "\n"), bars+15)
	require.Contains(t, out.String(), "40 of 8142 classes")
	empty := &source.Scan{Parts: []source.ScanPart{{Name: "train", Classes: make([]string, 8142), Counts: make([]int, 8142)}}}
	require.Less(t, len(faults(empty)), 30)
	require.Contains(t, strings.Join(faults(empty), "\n"), "8122 more")
}

// A class without test images has no figure, and means are over the others.
func TestAClassWithoutTestImagesHasNoFigure(t *testing.T) {
	dir, run := photos(t), filepath.Join(t.TempDir(), "run")
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "test", "disc-0")))
	succeed(t, "train --allow-missing --data "+dir+small+"--out", run)
	r := parseJSON[experiment.Report](t, read(t, run, "report.json"))
	require.Nil(t, r.PerClass[0])
	require.NotNil(t, r.PerClass[1])
	require.NotNil(t, r.Top1)
	require.Nil(t, r.Medium, "the class of 40 images is the only one of them")
	out, _ := succeed(t, "evaluate "+run)
	require.Regexp(t, `(?m)^disc-0 +40 +0 +n/a$`, out)
}
