package source

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/dataset/annotation"
	"github.com/stretchr/testify/require"
)

const (
	cocoTrain = `{"images": [{"id": 1, "file_name": "p/a.png"}, {"id": 2, "file_name": "p/b.png"}], "categories": [{"id": 4, "name": "cat"}, {"id": 9, "name": "dog"}],
		"annotations": [{"id": 1, "image_id": 1, "category_id": 9}, {"id": 2, "image_id": 2, "category_id": 4}]}`
	cocoTest = `{"images": [{"id": 1, "file_name": "q/a.png"}, {"id": 2, "file_name": "q/b.png"}], "categories": [{"id": 9, "name": "dog"}, {"id": 4, "name": "cat"}],
		"annotations": [{"id": 1, "image_id": 1, "category_id": 4}, {"id": 2, "image_id": 2, "category_id": 9}]}`
	unlabelled = `{"images": [{"id": 1, "file_name": "q/a.png"}]}`
)

// What people have on their disks, and what it is.
func TestOpen(t *testing.T) {
	for _, c := range []struct {
		name, path        string // below the folder
		files             [][2]string
		settings          Settings
		kind              string
		train, test, held []string
		ids               []string
		found             []string // parts of sentences
	}{
		{name: "class folders", files: images("train/cat/a.png", "train/dog/a.png", "test/cat/a.png", "test/dog/b.png"), kind: "class folders",
			train: []string{"train/cat/a.png cat", "train/dog/a.png dog"}, test: []string{"test/cat/a.png cat", "test/dog/b.png dog"}},
		{name: "class folders and what lies beside", files: append(images("train/cat/a.png", "train/dog/a.png"), [2]string{"train/cat/b.heic", ""}, [2]string{"train.csv", "image,label\na.png,cat\n"}), kind: "class folders",
			train: []string{"train/cat/a.png cat", "train/dog/a.png dog"}, found: []string{"train.csv is passed over", "passed over: 1 .heic files"}},
		{name: "class folders alone", files: append(images("cat/a.png", "dog/a.png"), [2]string{"README.txt", "Photographs of 2026\n"}), kind: "class folders",
			train: []string{"cat/a.png cat", "dog/a.png dog"}, found: []string{"README.txt"}},
		{name: "nested folders", files: images("train/cat/x/a.png", "train/dog/a.png"), settings: Settings{SplitSettings: dataset.SplitSettings{FolderSettings: dataset.FolderSettings{Nested: dataset.Leaves}}}, kind: "class folders",
			train: []string{"train/cat/x/a.png cat/x", "train/dog/a.png dog"}},
		{name: "Kaggle's", files: append(images("train/a.png", "train/b.png", "test/c.png"), [2]string{"train.csv", "image_id,breed\na,cat\nb,dog\n"}, [2]string{"test.csv", "image_id\nc\n"}, [2]string{"sample_submission.csv", "image_id,breed\nc,cat\n"}), kind: "table",
			train: []string{"train/a.png cat", "train/b.png dog"}, found: []string{".png appended", "test.csv is passed over", "paths in column image_id, labels in column breed"}},
		{name: "ISIC's", path: "ISIC_Training_GroundTruth.csv", files: append(images("ISIC_Training_Input/I1.png", "ISIC_Training_Input/I2.png", "ISIC_Test_Input/I3.png"), [2]string{"ISIC_Training_GroundTruth.csv", "image,MEL,NV\nI1,0.0,1.0\nI2,1.0,0.0\n"},
			[2]string{"ISIC_Test_GroundTruth.csv", "image,MEL,NV\nI3,0.0,1.0\n"}), kind: "table", settings: Settings{SplitSettings: dataset.SplitSettings{AllowMissing: true}},
			train: []string{"ISIC_Training_Input/I1.png NV", "ISIC_Training_Input/I2.png MEL"}, test: []string{"ISIC_Test_Input/I3.png NV"}, ids: []string{"MEL", "NV"}},
		{name: "iNaturalist's", files: append(images("p/a.png", "p/b.png", "q/a.png", "q/b.png"), [2]string{"train2018.json", cocoTrain}, [2]string{"val2018.json", cocoTest}, [2]string{"test2018.json", unlabelled},
			[2]string{"categories.json", `[{"id": 4, "name": "Felis"}, {"id": 9, "name": "Canis"}]`}), kind: "JSON", ids: []string{"4", "9"},
			train: []string{"p/a.png Canis", "p/b.png Felis"}, test: []string{"q/a.png Felis", "q/b.png Canis"}, found: []string{"test2018.json is passed over", "names of classes from categories.json"}},
		{name: "COCO's", files: append(images("train2017/p/a.png", "train2017/p/b.png", "val2017/q/a.png", "val2017/q/b.png"), [2]string{"annotations/instances_train2017.json", cocoTrain}, [2]string{"annotations/instances_val2017.json", cocoTest}), kind: "JSON",
			train: []string{"train2017/p/a.png dog", "train2017/p/b.png cat"}, test: []string{"val2017/q/a.png cat", "val2017/q/b.png dog"}, ids: []string{"4", "9"}},
		{name: "ImageNet-LT's", path: "lists/ImageNet_LT_train.txt", files: append(images("imagenet/train/n1/a.png", "imagenet/train/n2/b b.png", "imagenet/val/c.png", "imagenet/val/d.png"),
			[2]string{"lists/ImageNet_LT_train.txt", "train/n1/a.png 0\ntrain/n2/b b.png 1\n"}, [2]string{"lists/ImageNet_LT_val.txt", "val/c.png 0\nval/d.png 1\n"}, [2]string{"lists/ImageNet_LT_test.txt", "val/d.png 1\nval/c.png 0\n"}),
			kind: "list", train: []string{"imagenet/train/n1/a.png 0", "imagenet/train/n2/b b.png 1"}, held: []string{"imagenet/val/c.png 0", "imagenet/val/d.png 1"}, test: []string{"imagenet/val/d.png 1", "imagenet/val/c.png 0"}, ids: []string{"0", "1"}},
		{name: "one table", files: append(images("images/a.png", "images/b.png"), [2]string{"labels.csv", "path,label\nimages/a.png,cat\nimages/b.png,dog\n"}), kind: "table",
			train: []string{"images/a.png cat", "images/b.png dog"}, ids: []string{"cat", "dog"}},
		{name: "other parts named", path: "x.csv", files: append(images("a.png", "b.png"), [2]string{"x.csv", "a.png,cat\nb.png,dog\n"}, [2]string{"y.csv", "a.png,dog\nb.png,cat\n"}, [2]string{"z.csv", "b.png,dog\na.png,cat\n"}), kind: "table",
			settings: Settings{Test: "y.csv", Validation: "z.csv"}, train: []string{"a.png cat", "b.png dog"}, test: []string{"a.png dog", "b.png cat"}, held: []string{"b.png dog", "a.png cat"}, ids: []string{"cat", "dog"}},
		{name: "images named", path: "x.csv", files: append(images("a.png", "far/away/a.png"), [2]string{"x.csv", "a.png,cat\na.png,cat\n"}), kind: "table",
			settings: Settings{Images: "far/away"}, train: []string{"far/away/a.png cat", "far/away/a.png cat"}},
		{name: "left out", path: "x.csv", files: append(images("a.png", "b.png"), [2]string{"x.csv", "path,label\na.png,cat\nb.png,\n"}), kind: "table",
			settings: Settings{Annotation: annotation.Settings{LeaveOut: true}}, train: []string{"a.png cat"}, found: []string{"left out: 1 images without label (b.png)"}},
		{name: "CIFAR", kind: "CIFAR-10", train: strings.Split(strings.Repeat("0123456789", 1), ""), test: []string{"0"}},
		{name: "MNIST's", kind: "IDX", train: []string{"0 0", "1 1"}, test: []string{"0 1"}, files: [][2]string{{"train-images-idx3-ubyte", string(idxFile(make([]byte, 2*64), 2, 8, 8))}, {"train-labels-idx1-ubyte", string(idxFile([]byte{0, 1}, 2))},
			{"t10k-images-idx3-ubyte", string(idxFile(make([]byte, 64), 1, 8, 8))}, {"t10k-labels-idx1-ubyte", string(idxFile([]byte{1}, 1))}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := layout(t, c.files...)
			if c.name == "CIFAR" {
				writeCIFAR10(t, dir)
			}
			for _, p := range []*string{&c.settings.Test, &c.settings.Validation, &c.settings.Images} {
				if *p != "" {
					*p = filepath.Join(dir, *p)
				}
			}
			d, err := open(filepath.Join(dir, filepath.FromSlash(c.path)), c.settings)
			require.NoError(t, err)
			require.Equal(t, c.kind, d.Kind)
			said := strings.Join(d.Found, "\n")
			for _, f := range c.found {
				require.Contains(t, said, f)
			}
			if c.ids != nil {
				require.Equal(t, c.ids, d.ClassIDs)
			}
			if c.name == "CIFAR" {
				require.Equal(t, len(c.train), d.Train.Len())
				return
			}
			require.Equal(t, c.train, contents(t, dir, d.Train))
			require.Equal(t, c.test, contents(t, dir, d.Test))
			require.Equal(t, c.held, contents(t, dir, d.Validation))
		})
	}
}

// What cannot be told is asked for.
func TestOpenErrors(t *testing.T) {
	two := "path,label\na.png,cat\nb.png,dog\n"
	for _, c := range []struct {
		name, path string
		files      [][2]string
		settings   Settings
		want       []string
	}{
		{name: "nothing", want: []string{"no known data set", "class folders", "CIFAR-10", ".csv"}},
		{name: "two training sets", files: append(images("a.png", "b.png"), [2]string{"train_a.csv", two}, [2]string{"train_b.csv", two}), want: []string{"several", "train_a.csv", "train_b.csv"}},
		{name: "two test sets", files: append(images("a.png", "b.png"), [2]string{"train.csv", two}, [2]string{"test.csv", two}, [2]string{"testing.csv", two}), want: []string{"part test", "test.csv", "testing.csv"}},
		{name: "columns", path: "x.csv", files: [][2]string{{"x.csv", "image,class,species\na.png,bird,owl\n"}}, want: []string{"column", "class, species"}},
		{name: "files that are not there", path: "x.csv", files: append(images("a.png"), [2]string{"x.csv", "a.png,cat\nb.png,dog\nc.png,dog\n"}), want: []string{"2 of 3", "b.png"}},
		{name: "no file is there", path: "x.csv", files: [][2]string{{"x.csv", two}, {"deep/down/a.png"}}, want: []string{"2 of 2", "a.png", filepath.Join("", "deep")}},
		{name: "no file is where it was said", path: "x.csv", files: append(images("a.png", "b.png"), [2]string{"x.csv", two}), settings: Settings{Images: "nowhere"}, want: []string{"2 of 2", "nowhere"}},
		{name: "a class without test images", files: append(images("a.png", "b.png"), [2]string{"train.csv", two}, [2]string{"test.csv", "path,label\na.png,cat\n"}), want: []string{"test.csv", "1 of the training set's 2", "dog"}},
		{name: "a class of the test set alone", files: append(images("a.png", "b.png"), [2]string{"train.csv", two}, [2]string{"test.csv", "path,label\na.png,cow\n"}), settings: Settings{SplitSettings: dataset.SplitSettings{AllowMissing: true}}, want: []string{"test.csv:2", "cow"}},
		{name: "a named part without labels", path: "x.csv", files: append(images("a.png", "b.png"), [2]string{"x.csv", two}, [2]string{"y.csv", "path\na.png\n"}), settings: Settings{Test: "y.csv"}, want: []string{"y.csv", "labels"}},
		{name: "a part named beside a folder", files: append(images("a.png", "b.png"), [2]string{"x.csv", two}), settings: Settings{Test: "x.csv"}, want: []string{"name the training set's"}},
		{name: "images in no class folder", files: images("train/a.png"), want: []string{"class folder", "a.png"}},
		{name: "nested folders", files: images("train/cat/x/a.png", "train/dog/a.png"), want: []string{"deeper", "cat/x/a.png"}},
		{name: "one label in two classes", path: "x.csv", files: append(images("a.png"), [2]string{"x.csv", "path,label\na.png,cat\na.png,dog\n"}), want: []string{"x.csv", "listed twice", `"cat"`, `"dog"`}},
		{name: "MNIST's without labels", files: [][2]string{{"train-images-idx3-ubyte", string(idxFile(make([]byte, 64), 1, 8, 8))}}, want: []string{"train-labels-idx1-ubyte"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := layout(t, c.files...)
			for _, p := range []*string{&c.settings.Test, &c.settings.Images} {
				if *p != "" {
					*p = filepath.Join(dir, *p)
				}
			}
			_, err := open(filepath.Join(dir, c.path), c.settings)
			for _, part := range c.want {
				require.ErrorContains(t, err, part)
			}
		})
	}
	_, err := open(filepath.Join(t.TempDir(), "none"), Settings{})
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = open(t.TempDir(), Settings{SplitSettings: dataset.SplitSettings{FolderSettings: dataset.FolderSettings{Classes: []string{"a"}}}})
	require.ErrorContains(t, err, "classes")
	_, err = open(t.TempDir(), Settings{})
	require.ErrorIs(t, err, dataset.ErrUnknown)
}

func TestScaled(t *testing.T) {
	dir := layout(t, images("train/cat/a.png", "train/dog/a.png", "test/cat/a.png", "test/dog/b.png")...)
	d, err := open(dir, Settings{})
	require.NoError(t, err)
	require.NoError(t, d.Scaled(dataset.Scale{Height: 8, Width: 6}))
	var img dataset.Image
	require.NoError(t, d.Test.Image(0, &img))
	require.Equal(t, dataset.Shape{Height: 8, Width: 6, Channels: 3}, img.Shape())
	require.Nil(t, d.Validation)
	require.Error(t, d.Scaled(dataset.Scale{}))
}

// A part to test on need not have all classes.
func TestOpenPart(t *testing.T) {
	folders := layout(t, images("train/cat/a.png", "train/dog/a.png", "val/cat/a.png", "test/dog/b.png", "mine/cow/a.png")...)
	lists := layout(t, append(images("p/a.png", "p/b.png", "q/a.png", "q/b.png"), [2]string{"train2018.json", cocoTrain}, [2]string{"val2018.json", cocoTest})...)
	alone := layout(t, images("cat/a.png", "dog/b.png")...)
	mnist := layout(t, [2]string{"train-images-idx3-ubyte", string(idxFile(make([]byte, 2*64), 2, 8, 8))}, [2]string{"train-labels-idx1-ubyte", string(idxFile([]byte{0, 1}, 2))},
		[2]string{"t10k-images-idx3-ubyte", string(idxFile(make([]byte, 64), 1, 8, 8))}, [2]string{"t10k-labels-idx1-ubyte", string(idxFile([]byte{1}, 1))})
	for _, c := range []struct {
		path, name string
		want       []string
		where      string
	}{
		{folders, "", []string{"test/dog/b.png dog"}, "test"},
		{folders, "val", []string{"val/cat/a.png cat"}, "val"},
		{folders, "mine", []string{"mine/cow/a.png cow"}, "mine"},
		{filepath.Join(folders, "mine"), "", []string{"mine/cow/a.png cow"}, "mine"},
		{lists, "", []string{"q/a.png cat", "q/b.png dog"}, "val2018.json"},
		{lists, "train", []string{"p/a.png dog", "p/b.png cat"}, "train2018.json"},
		{filepath.Join(lists, "train2018.json"), "", []string{"p/a.png dog", "p/b.png cat"}, "train2018.json"},
		{alone, "", []string{"cat/a.png cat", "dog/b.png dog"}, alone},
		{mnist, "", []string{"0 1"}, "test set"},
		{mnist, "train", []string{"0 0", "1 1"}, "training set"},
	} {
		dir := c.path
		for _, root := range []string{folders, lists} {
			if strings.HasPrefix(dir, root) {
				dir = root
			}
		}
		set, where, err := OpenPart(context.Background(), c.path, c.name, Settings{})
		require.NoError(t, err, c)
		require.Equal(t, c.want, contents(t, dir, set))
		require.Contains(t, where, c.where)
	}
	listed := layout(t, append(images("a.png", "b.png"), [2]string{"list.csv", "path,label\na.png,cat\nb.png,dog\n"})...)
	for _, path := range []string{folders, lists, mnist, listed} {
		_, _, err := OpenPart(context.Background(), path, "none", Settings{})
		require.ErrorIs(t, err, ErrNoPart)
	}
	for _, c := range [][3]string{{lists, "test", "test"}, {mnist, "val", "IDX"}, {mnist, "mine", "mine"}, {folders, "none", "none"}, {t.TempDir(), "", "no class folder"}} {
		_, _, err := OpenPart(context.Background(), c[0], c[1], Settings{})
		require.ErrorContains(t, err, c[2])
	}
}

// Links to folders and files are followed.
func TestOpenFollowsLinks(t *testing.T) {
	far := layout(t, images("a.png", "b.png")...)
	dir := layout(t, [2]string{"train.csv", "path,label\na.png,cat\nb.png,dog\n"})
	if err := os.Symlink(far, filepath.Join(dir, "photos")); err != nil {
		t.Skip("no links here")
	}
	d, err := open(dir, Settings{})
	require.NoError(t, err)
	require.Equal(t, 2, d.Train.Len())
}
