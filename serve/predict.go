package serve

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/imagefile"
	"github.com/longtail-ml/longtail/tensor"
)

// Predicted is what POST /v1/predict answers.
type Predicted struct {
	Model  string           `json:"model"`
	Images []PredictedImage `json:"images"` // in the order of the request
}

// PredictedImage is what is said of a picture, or why nothing is.
type PredictedImage struct {
	Name    string        `json:"name,omitempty"` // as the client calls it
	Error   string        `json:"error,omitempty"`
	Classes []Probability `json:"classes,omitempty"` // the most probable first
}

// Probability is that of a class.
type Probability struct {
	Class       string  `json:"class"`
	Label       int     `json:"label"`
	Probability float64 `json:"probability"`
}

var errLate = errors.New("the time for a computation is over")

func (h *Handler) predict(w http.ResponseWriter, r *http.Request) error {
	m, done := h.use()
	defer done()
	l, err := m.asked(r)
	if err != nil {
		return err
	}
	top, err := count(r, "top", 5, len(l.about.Classes))
	if err != nil {
		return err
	}
	answer := Predicted{Model: l.Name}
	classes, pictures, err := ask(h, w, r, l.Predictor, l.classify)
	if err != nil {
		return err
	}
	for i, p := range pictures {
		one := PredictedImage{Name: p.name, Error: p.wrong()}
		for _, c := range classes[i].Top(top) {
			one.Classes = append(one.Classes, Probability{c.Class, c.Label, c.Probability})
		}
		answer.Images = append(answer.Images, one)
	}
	return writeJSON(w, answer)
}

// asked is the model that a request names.
func (m *models) asked(r *http.Request) (*loaded, error) {
	name := r.URL.Query().Get("model")
	l := m.named(name)
	if l == nil {
		return nil, refuse(http.StatusNotFound, "there is no model %.200q: GET /v1/models lists them", name)
	}
	return l, nil
}

// count is a number that a request may give, from 1 on; "all" and more than there are mean most.
func count(r *http.Request, name string, otherwise, most int) (int, error) {
	text := r.URL.Query().Get(name)
	switch text {
	case "":
		return min(otherwise, most), nil
	case "all":
		return most, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		return 0, refuse(http.StatusBadRequest, "%s=%.40q is neither a number from 1 on nor all", name, text)
	}
	return min(n, most), nil
}

// picture is one of a request, prepared, or why it is not.
type picture struct {
	name string
	x    *tensor.Tensor
	err  error
}

func (p picture) wrong() string {
	if p.err == nil {
		return ""
	}
	return brief(p.err.Error())
}

// ask computes the pictures of a request. Where a picture cannot be decoded its result is the zero R; if none can, that is the error.
func ask[R any](h *Handler, w http.ResponseWriter, r *http.Request, p *hybrid.Predictor, b *batcher[R]) (results []R, pictures []picture, err error) {
	files, free, err := h.files(w, r)
	defer func() { free() }()
	if err != nil {
		return nil, nil, err
	}
	ctx, cancel := context.WithTimeoutCause(r.Context(), h.s.Timeout, errLate)
	defer cancel()
	if err := b.reserve(len(files)); err != nil { // before they are decoded, which takes memory
		return nil, nil, err
	}
	places := len(files)
	defer func() { b.release(places) }()
	coming := b.expect()
	arrived := false
	arrive := func() {
		if !arrived {
			arrived = true
			coming()
		}
	}
	defer arrive()
	var x []*tensor.Tensor
	for i, f := range files {
		one := picture{name: f.name}
		one.x, one.err = h.prepare(ctx, p, f.raw)
		if ctx.Err() != nil {
			return nil, nil, context.Cause(ctx)
		}
		if files[i].raw = nil; one.err == nil {
			x = append(x, one.x)
		} else {
			b.release(1)
			places--
		}
		pictures = append(pictures, one)
	}
	free()
	free = func() {}
	if len(x) == 0 {
		return nil, nil, refuse(http.StatusUnprocessableEntity, "%s", unreadable(pictures))
	}
	arrive()
	places -= len(x)
	given, err := b.do(ctx, x...)
	if err != nil {
		return nil, nil, err
	}
	h.figures.images.Add(float64(len(given)))
	results = make([]R, len(pictures))
	for i := range pictures {
		if pictures[i].err == nil {
			results[i], given = given[0], given[1:]
		}
	}
	return results, pictures, nil
}

func unreadable(all []picture) string {
	if len(all) == 1 {
		return all[0].wrong()
	}
	return fmt.Sprintf("none of %d pictures can be read; the first is %s", len(all), all[0].wrong())
}

// prepare decodes a picture, and brings it to what the model sees. As many are decoded at once as there are cores.
func (h *Handler) prepare(ctx context.Context, p *hybrid.Predictor, raw []byte) (*tensor.Tensor, error) {
	if err := h.decoders.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer h.decoders.Release(1)
	m, err := imagefile.Decode(ctx, bytes.NewReader(raw), imagefile.Settings{MaxPixels: h.s.MaxPixels, Budget: h.pixels})
	if err != nil {
		return nil, err
	}
	return p.Prepare(m)
}
