package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/serve"
	"github.com/stretchr/testify/require"
)

// tour are the command lines of the README's first section.
func tour(t *testing.T) (lines []string) {
	_, text, found := strings.Cut(read(t, "..", "..", "README.md"), "\n## From your images to an answer\n")
	require.True(t, found)
	text, _, _ = strings.Cut(text, "\n## ")
	for i, block := range strings.Split(text, "```\n") {
		if i%2 == 1 {
			lines = append(lines, strings.Split(strings.TrimSpace(block), "\n")...)
		}
	}
	return lines
}

// The README's commands as they are written there, from a folder of images to the answer about a phone's photograph; only the training
// is shorter, and servers take any port that is free. With LONGTAIL_CHROMIUM the report is opened, and with LONGTAIL_ORT ONNX Runtime
// computes the file.
func TestTour(t *testing.T) {
	dir := t.TempDir()
	counts := map[string]int{"sky": 24, "wall": 12, "ground": 6}
	for class, n := range counts {
		for i := range n + 4 {
			part := "train"
			if i >= n {
				part = "test"
			}
			writePNG(t, filepath.Join(dir, "photos", part, class, fmt.Sprintf("%02d.png", i)), scene(class, 16, 16, uint64(i)))
		}
	}
	writePhoto(t, filepath.Join(dir, "photo.jpg"))

	at, did := "", map[string]string{} // the address of the server that runs; what commands printed
	for _, line := range tour(t) {
		words := strings.Fields(line)
		switch {
		case line == "go install github.com/longtail-ml/longtail/cmd/longtail@latest": // see built
		case words[0] == "curl":
			require.NotEmpty(t, at, "a server runs")
			did["curl "+words[len(words)-1]] = posted(t, dir, words, at)
		case words[0] == "longtail" && words[1] == "serve":
			_, url, _ := served(t, dir, strings.Join(words[2:], " "))
			at = strings.TrimPrefix(url, "http://")
		default:
			require.Equal(t, "longtail", words[0], line)
			words = words[1:]
			switch {
			case strings.Contains(line, "--init"): // weights that are a download
				require.Contains(t, line, " --depth 50 --init resnet50.pth --layer-decay 0.75 ")
				words = strings.Fields(strings.Replace(line, "--depth 50 --init resnet50.pth --layer-decay 0.75", "--depth 18 --width 4", 1) + " --epochs 1")[1:]
			case words[0] == "train":
				words = append(words, strings.Fields("--depth 8 --width 4 --epochs 12")...)
			}
			c := program(t, dir, "", words...)
			var log bytes.Buffer
			c.Stderr = &log
			out, err := c.Output()
			require.NoError(t, err, "%s\n%s", line, log.String())
			did[words[0]] += string(out)
		}
	}

	require.Contains(t, did["data"], "longtail train --data photos --out runs/first")
	require.Contains(t, did["train"], "longtail evaluate runs/first")
	require.Contains(t, did["evaluate"], "the run's test set: 12 images")
	require.Regexp(t, `^photo.jpg\n +[0-9.]+%  sky\n +[0-9.]+%  \S+\n +[0-9.]+%  \S+\n$`, did["predict"])
	require.Contains(t, did["export"], "pixels from 0 to 255 [N, 3, 16, 16], channels first, and gives probabilities of 3 classes")
	require.Contains(t, did["embed"], "42 images of 3 classes")
	p := parseJSON[serve.Predicted](t, did["curl localhost:8080/v1/predict"])
	require.Equal(t, "sky", p.Images[0].Classes[0].Class)
	require.Contains(t, did["predict"], fmt.Sprintf("%.1f%%  sky\n", 100*p.Images[0].Classes[0].Probability), "served as predicted")
	n := parseJSON[serve.Neighbors](t, did["curl localhost:8080/v1/neighbours"])
	require.Equal(t, "sky", n.Images[0].Neighbours[0].Class)

	page := read(t, dir, "first.html")
	require.Contains(t, page, `id="confusion"`)
	require.NotRegexp(t, `(src|href)="?(http|//)|url\(["']?http|@import`, page, "the page needs no network")
	if browser := os.Getenv("LONGTAIL_CHROMIUM"); browser != "" {
		dom, err := exec.Command(browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "file://"+filepath.Join(dir, "first.html")).Output()
		require.NoError(t, err)
		require.Contains(t, string(dom), "3 of 3 rows", "its script runs")
	}
	if modules := os.Getenv("LONGTAIL_ORT"); modules != "" {
		inRuntime(t, dir, modules)
	}
}

// scene is bright at the top for sky, at one side for a wall, at the bottom for ground: whoever lays it on a side takes one for another.
func scene(class string, width, height int, seed uint64) image.Image {
	rng := rand.New(rand.NewPCG(seed, uint64(len(class))))
	m, left := image.NewRGBA(image.Rect(0, 0, width, height)), rng.IntN(2) == 0
	for y := range height {
		for x := range width {
			light := map[string]bool{"sky": 2*y < height, "wall": (2*x < width) == left, "ground": 2*y >= height}[class]
			v := 60 + rng.IntN(40)
			if light {
				v += 120
			}
			m.SetRGBA(x, y, color.RGBA{uint8(v), uint8(v), uint8(v + 20), 255})
		}
	}
	return m
}

// writePhoto writes a sky as a phone that was held upright does: lying on a side, where it looks like a wall, and EXIF says how to turn it.
func writePhoto(t *testing.T, path string) {
	t.Helper()
	upright := scene("sky", 300, 400, 7)
	stored := image.NewRGBA(image.Rect(0, 0, 400, 300))
	for y := range 300 {
		for x := range 400 {
			stored.Set(x, y, upright.At(299-y, x))
		}
	}
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, stored, nil))
	exif := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00"
	segment := binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(2+len(exif)))
	raw := append(append(append([]byte{0xff, 0xd8}, segment...), exif...), b.Bytes()[2:]...)
	require.NoError(t, os.WriteFile(path, raw, 0o666))
}

// posted is the answer to a line of curl --data-binary @FILE localhost:8080/ROUTE, by curl itself if it is there.
func posted(t *testing.T, dir string, words []string, at string) string {
	t.Helper()
	require.Len(t, words, 4)
	url := strings.Replace(words[3], "localhost:8080", at, 1)
	if curl, err := exec.LookPath("curl"); err == nil {
		c := exec.Command(curl, "--silent", "--show-error", "--noproxy", "*", words[1], words[2], url)
		c.Dir = dir
		out, err := c.Output()
		require.NoError(t, err)
		return string(out)
	}
	raw := read(t, dir, strings.TrimPrefix(words[2], "@"))
	got, err := http.Post("http://"+url, "application/x-www-form-urlencoded", strings.NewReader(raw))
	require.NoError(t, err)
	defer got.Body.Close()
	out, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	return string(out)
}

// inRuntime runs model.onnx in ONNX Runtime on an image's pixels: it says what predict says.
func inRuntime(t *testing.T, dir, modules string) {
	t.Helper()
	image := filepath.Join(dir, "photos", "test", "wall", "13.png")
	f, err := os.Open(image)
	require.NoError(t, err)
	defer f.Close()
	m, err := png.Decode(f)
	require.NoError(t, err)
	var in []byte
	for c := range 3 {
		for p := range 16 * 16 {
			r, g, b, _ := m.At(p%16, p/16).RGBA()
			in = binary.LittleEndian.AppendUint32(in, math.Float32bits(float32([]uint32{r, g, b}[c]>>8)))
		}
	}
	path := filepath.Join(dir, "in")
	require.NoError(t, os.WriteFile(path, in, 0o666))
	run := exec.Command("node", filepath.Join("..", "..", "onnx", "testdata", "run.js"), filepath.Join(dir, "model.onnx"), path, "1,3,16,16", "1", path)
	run.Env = append(os.Environ(), "NODE_PATH="+modules)
	out, err := run.CombinedOutput()
	require.NoError(t, err, "%s", out)
	var probabilities [3]float32
	require.NoError(t, binary.Read(strings.NewReader(read(t, path+".probabilities")), binary.LittleEndian, &probabilities))
	said, err := program(t, dir, "predict --json runs/first", image).Output()
	require.NoError(t, err)
	var all []seen
	require.NoError(t, json.Unmarshal(said, &all))
	labels := map[string]int{"ground": 0, "sky": 1, "wall": 2} // folders by name
	for _, k := range all[0].Classes {
		require.InDelta(t, k.Probability, probabilities[labels[k.Class]], 1e-4, k.Class)
	}
}
