package serve

import (
	"io"
	"net/http"
)

// Served is a model in what GET /v1/models answers.
type Served struct {
	Name         string   `json:"name"`
	Classes      []string `json:"classes"`
	Input        string   `json:"input"` // as in "32×32×3": height, width and channels
	EmbeddingDim int      `json:"embedding_dim"`
	Index        int      `json:"index"` // training images that neighbours are found among
	Method       string   `json:"method,omitempty"`
}

func (h *Handler) list(w http.ResponseWriter, _ *http.Request) error {
	m, done := h.use()
	defer done()
	var all struct {
		Models []Served `json:"models"`
	}
	for _, l := range m.all {
		one := Served{l.Name, l.about.Classes, l.Predictor.Input().String(), l.Predictor.EmbeddingDim(), 0, l.about.Method}
		if l.Index != nil {
			one.Index = l.Index.Len()
		}
		all.Models = append(all.Models, one)
	}
	return writeJSON(w, all)
}

// healthy says that the process answers.
func healthy(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, "ok\n")
	return nil
}

// ready says whether requests should be sent here: the models have been tried when they were loaded, so only a stop says no.
func (h *Handler) ready(w http.ResponseWriter, r *http.Request) error {
	if h.stopping.Load() {
		return refuse(http.StatusServiceUnavailable, "the server stops")
	}
	return healthy(w, r)
}
