package main

import (
	"bytes"
	"context"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"
	"time"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/internal/prefetch"
)

// input times batches that are only made, by the trainer's loader with one and with two workers: images of 32×32 from memory,
// decoded from JPEG, and random crops of 224×224 of whole JPEGs of 500×375, all augmented and normalised. Beside the rates stand the
// milliseconds of a processor's time that an image takes, where the system tells: they hold on a busy machine too.
func input(s settings) (result, error) {
	pixels, err := augment.CIFARNormalize().Table()
	if err != nil {
		return nil, err
	}
	workers := []int{1, 2}
	memory, _, err := dataset.Generate(dataset.GenerateSettings{Size: 32, PerClass: 50})
	if err != nil {
		return nil, err
	}
	small, err := newJPEG(32, 32, 32)
	if err != nil {
		return nil, err
	}
	large, err := newJPEG(500, 375, 0)
	if err != nil {
		return nil, err
	}
	b := or(s.batch, 128)
	r := result{"batch": b, "workers": workers}
	for _, m := range []*images{
		{name: "images", batch: b, size: 32, read: func(i int, dst *dataset.Image) error { return memory.Image(i%memory.Len(), dst) }},
		{name: "jpeg", batch: b, size: 32, read: small.read},
		{name: "jpeg_224", batch: max(1, b/4), size: 224, read: large.read}, // a quarter: they take long
	} {
		m.view, m.pixels = augment.CIFAR(), pixels
		if m.size == 224 {
			m.view = augment.Compose{augment.ResizedCrop{Height: 224, Width: 224}, augment.Flip{P: 0.5}}
		}
		var rates, times []float64
		for _, w := range workers {
			rate, cpu, err := m.rate(s, w, s.seconds/6)
			if err != nil {
				return nil, err
			}
			rates, times = append(rates, round(rate)), append(times, math.Round(1e6*cpu)/1e3)
		}
		r[m.name+"_per_second"] = rates
		if cpuSeconds() > 0 {
			r[m.name+"_cpu_ms"] = times
		}
	}
	return r, nil
}

// images is a prefetch.Source that makes one view of every image.
type images struct {
	name        string // in the result
	batch, size int
	read        func(i int, dst *dataset.Image) error
	view        augment.Transform
	pixels      *augment.Table
}

// reader is a worker.
type reader struct {
	img dataset.Image
	pcg rand.PCG
	rng *rand.Rand
}

func (m *images) New() []float32 { return make([]float32, m.batch*m.size*m.size*3) }

func (m *images) Worker() *reader {
	r := &reader{}
	r.rng = rand.New(&r.pcg)
	return r
}

func (m *images) Rows(int) int { return m.batch }

func (m *images) Fill(r *reader, b []float32, n, row int) error {
	i, each := n*m.batch+row, len(b)/m.batch
	if err := m.read(i, &r.img); err != nil {
		return err
	}
	augment.Key{Position: i}.Reseed(&r.pcg)
	m.view.Apply(&r.img, r.rng)
	return m.pixels.Write(b[row*each:(row+1)*each], &r.img)
}

func (m *images) Finish([]float32, int) error { return nil }

// rate is how many images so many workers make in a second, and the seconds of a processor for one: the mean, since short batches are
// taken several at a time.
func (m *images) rate(s settings, workers int, seconds float64) (rate, cpu float64, err error) {
	const warm = prefetch.InFlight
	loader := prefetch.Loader[[]float32, *reader]{Workers: workers}
	made, began, before := 0, time.Now(), cpuSeconds()
	for _, err := range loader.Batches(context.Background(), m, 0, math.MaxInt) {
		if err != nil {
			return 0, 0, err
		}
		if made++; made == warm {
			began, before = time.Now(), cpuSeconds()
			s.profile.start()
		}
		if made >= warm+3 && time.Since(began).Seconds() > seconds {
			break
		}
	}
	done := float64((made - warm) * m.batch)
	return done / time.Since(began).Seconds(), (cpuSeconds() - before) / done, nil
}

// jpegs reads one image over and over: a JPEG file that is decoded each time, to a square, or whole if size is 0.
type jpegs struct {
	file []byte
	size int
}

func (j *jpegs) read(_ int, dst *dataset.Image) error {
	to := dataset.Scale{Height: j.size, Width: j.size}
	if j.size == 0 {
		to.Fit = dataset.Whole
	}
	return dataset.Decode(bytes.NewReader(j.file), to, dst)
}

// newJPEG encodes soft shapes with grain, which make a file about as long as a photograph's.
func newJPEG(width, height, size int) (*jpegs, error) {
	img, rng := image.NewRGBA(image.Rect(0, 0, width, height)), rand.New(rand.NewPCG(1, 1))
	for i := range img.Pix {
		x, y, channel := i/4%width, i/4/width, i%4
		soft := math.Sin(float64(x)/9+float64(channel)) * math.Cos(float64(y)/13)
		img.Pix[i] = uint8(128 + 80*soft + 24*(rng.Float64()-0.5))
	}
	var file bytes.Buffer
	err := jpeg.Encode(&file, img, &jpeg.Options{Quality: 90})
	return &jpegs{file.Bytes(), size}, err
}
