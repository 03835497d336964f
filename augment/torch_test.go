package augment_test

import (
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/imagefile"
	"github.com/stretchr/testify/require"
)

// resizings are what testdata/torch_peer.py does to each photograph, by the names it gives them.
var resizings = map[string]augment.Transform{
	"decoded":      augment.Identity{},
	"bilinear":     augment.Resize{Shorter: 64},
	"bicubic":      augment.Resize{Shorter: 300, Filter: augment.Bicubic},
	"middle":       augment.CenterCrop{Resize: augment.Resize{Shorter: 256}, Height: 224, Width: 224},
	"padded":       augment.CenterCrop{Height: 260, Width: 1001},
	"resized crop": crop{},
	"sharp crop":   crop{augment.Bicubic},
}

// crop is a random resized crop with the box that the peer takes: of all, from 1/5 and 1/4, 1/2 wide and 2/3 high.
type crop struct{ filter augment.Filter }

func (c crop) Apply(img *dataset.Image, _ *rand.Rand) {
	x, y, w, h := img.Width/5, img.Height/4, img.Width/2, img.Height*2/3
	part := dataset.Image{}
	part.Resize(dataset.Shape{Height: h, Width: w, Channels: 3})
	for row := range h {
		copy(part.Row(row), img.Row(y + row)[3*x:])
	}
	*img = part
	augment.ResizedCrop{MinScale: 1, MinRatio: float64(w) / float64(h), MaxRatio: float64(w) / float64(h), Height: 224, Width: 224, Filter: c.filter}.
		Apply(img, augment.Key{}.Rand())
}

// Photographs decoded and resized here are those of torchvision. LONGTAIL_TORCH is a Python that has torchvision;
// LONGTAIL_PHOTOS a folder, of whose JPEGs, however deep, 100 are taken; without it they are drawn.
func TestResizingIsTorchvisions(t *testing.T) {
	python := os.Getenv("LONGTAIL_TORCH")
	if python == "" {
		t.Skip("LONGTAIL_TORCH is not set: the path of a Python with torchvision")
	}
	dir := t.TempDir()
	files := photographs(t, dir)
	text, err := json.Marshal(files)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "files.json"), text, 0o600))
	log, err := exec.Command(python, filepath.Join("testdata", "torch_peer.py"), dir).CombinedOutput()
	require.NoError(t, err, "%s", log)
	for name, transform := range resizings {
		mean, worst := 0.0, 0.0
		for i, path := range files {
			var img dataset.Image
			read(t, path, &img)
			transform.Apply(&img, nil)
			want, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%d %s", i, name)))
			require.NoError(t, err)
			require.Len(t, img.Pix, len(want), "%s of %s: %v", name, path, img.Shape())
			sum := 0.0
			for k, v := range want {
				sum += math.Abs(float64(v) - float64(img.Pix[k]))
			}
			each := sum / float64(len(want))
			require.Less(t, each, 1., "%s of %s: mean absolute difference of bytes", name, path)
			mean, worst = mean+each/float64(len(files)), max(worst, each)
		}
		t.Logf("%-12s mean absolute difference %.4f of 255, at most %.4f, over %d photographs", name, mean, worst, len(files))
	}
}

func read(t *testing.T, path string, img *dataset.Image) {
	picture, err := imagefile.DecodeFile(t.Context(), path, imagefile.Settings{AsStored: true})
	require.NoError(t, err)
	require.NoError(t, dataset.Convert(picture, dataset.Scale{Fit: dataset.Whole}, img))
}

func photographs(t *testing.T, dir string) (files []string) {
	const most = 100
	if from := os.Getenv("LONGTAIL_PHOTOS"); from != "" {
		var all []string
		require.NoError(t, filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
			if ext := filepath.Ext(path); err == nil && !d.IsDir() && (ext == ".jpg" || ext == ".jpeg") {
				all = append(all, path)
			}
			return err
		}))
		require.NotEmpty(t, all)
		for i := range min(most, len(all)) {
			files = append(files, all[i*len(all)/min(most, len(all))])
		}
		return files
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 10 {
		img := image.NewRGBA(image.Rect(0, 0, 100+rng.IntN(400), 100+rng.IntN(400)))
		for k := range img.Pix {
			x, y, channel := k/4%img.Rect.Max.X, k/4/img.Rect.Max.X, k%4
			img.Pix[k] = uint8(128 + 80*math.Sin(float64(x)/9+float64(channel))*math.Cos(float64(y)/13) + 24*(rng.Float64()-0.5))
		}
		path := filepath.Join(dir, fmt.Sprintf("%d.jpg", i))
		file, err := os.Create(path)
		require.NoError(t, err)
		require.NoError(t, jpeg.Encode(file, img, &jpeg.Options{Quality: 90}))
		require.NoError(t, file.Close())
		files = append(files, path)
	}
	return files
}
