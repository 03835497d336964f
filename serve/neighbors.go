package serve

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/longtail-ml/longtail/tensor"
)

// Embedded is what POST /v1/embed answers.
type Embedded struct {
	Model  string          `json:"model"`
	Dim    int             `json:"dim"`
	Images []EmbeddedImage `json:"images"` // in the order of the request
}

// EmbeddedImage is the unit vector of a picture, or why there is none.
type EmbeddedImage struct {
	Name      string    `json:"name,omitempty"`
	Error     string    `json:"error,omitempty"`
	Embedding []float32 `json:"embedding,omitempty"`
}

// Neighbors is what POST /v1/neighbours answers.
type Neighbors struct {
	Model  string           `json:"model"`
	Images []NeighborsImage `json:"images"` // in the order of the request
}

// NeighborsImage is the training images nearest to a picture, or why there are none.
type NeighborsImage struct {
	Name       string     `json:"name,omitempty"`
	Error      string     `json:"error,omitempty"`
	Neighbours []Neighbor `json:"neighbours,omitempty"` // the nearest first
}

// Neighbor is an image of a model's index.
type Neighbor struct {
	Row       int     `json:"row"`
	Name      string  `json:"name"` // its file and that one's folder: where they lie is this machine's affair
	Class     string  `json:"class"`
	Cosine    float32 `json:"cosine"`
	Thumbnail string  `json:"thumbnail,omitempty"` // where to GET it, relative to the server's root
}

func (h *Handler) embed(w http.ResponseWriter, r *http.Request) error {
	m, done := h.use()
	defer done()
	l, err := m.asked(r)
	if err != nil {
		return err
	}
	vectors, pictures, err := ask(h, w, r, l.plain, l.embed)
	if err != nil {
		return err
	}
	answer := Embedded{Model: l.Name, Dim: l.Predictor.EmbeddingDim()}
	for i, p := range pictures {
		answer.Images = append(answer.Images, EmbeddedImage{p.name, p.wrong(), vectors[i]})
	}
	return writeJSON(w, answer)
}

func (h *Handler) neighbors(w http.ResponseWriter, r *http.Request) error {
	m, done := h.use()
	defer done()
	l, err := m.asked(r)
	if err != nil {
		return err
	}
	if l.Index == nil {
		return refuse(http.StatusNotFound, "the model %.200q has no index of training images: longtail embed makes one, and longtail serve --index takes it", l.Name)
	}
	k, err := count(r, "k", 5, min(1000, l.Index.Len()))
	if err != nil {
		return err
	}
	vectors, pictures, err := ask(h, w, r, l.plain, l.embed)
	if err != nil {
		return err
	}
	answer := Neighbors{Model: l.Name}
	for i, p := range pictures {
		one := NeighborsImage{Name: p.name, Error: p.wrong()}
		if p.err == nil {
			if one.Neighbours, err = l.nearest(r, vectors[i], k); err != nil {
				return err
			}
		}
		answer.Images = append(answer.Images, one)
	}
	return writeJSON(w, answer)
}

func (l *loaded) nearest(r *http.Request, vector []float32, k int) (all []Neighbor, err error) {
	query, err := tensor.FromSlice(vector, 1, len(vector))
	if err != nil {
		return nil, err
	}
	near, err := l.Index.Nearest(r.Context(), query, k)
	if err != nil {
		return nil, err
	}
	for _, n := range near[0] {
		one := Neighbor{Row: n.Row, Name: below(l.Index.Name(n.Row)), Class: l.Index.Class(n.Row), Cosine: n.Cosine}
		if l.Index.Thumbnails != nil {
			one.Thumbnail = "v1/thumbnail?model=" + url.QueryEscape(l.Name) + "&row=" + strconv.Itoa(n.Row)
		}
		all = append(all, one)
	}
	return all, nil
}

// below leaves the last two parts of a path.
func below(name string) string {
	parts := strings.Split(filepath.ToSlash(name), "/")
	return strings.Join(parts[max(0, len(parts)-2):], "/")
}

// thumbnail answers with that of an image of the index.
func (h *Handler) thumbnail(w http.ResponseWriter, r *http.Request) error {
	m, done := h.use()
	defer done()
	l, err := m.asked(r)
	if err != nil {
		return err
	}
	row, err := strconv.Atoi(r.URL.Query().Get("row"))
	if err != nil || l.Index == nil || row < 0 || row >= len(l.Index.Thumbnails) {
		return refuse(http.StatusNotFound, "there is no thumbnail row=%.40q", r.URL.Query().Get("row"))
	}
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Cache-Control", "private, max-age=600")
	_, _ = w.Write(l.Index.Thumbnails[row])
	return nil
}
