package serve

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/longtail-ml/longtail/imagefile"
	"golang.org/x/sync/semaphore"
)

// Handler answers all routes, at the root or behind http.StripPrefix. Close it when no request is answered any more.
type Handler struct {
	s      Settings
	routes map[string]map[string]route // by path and method

	memory   *semaphore.Weighted // bytes of bodies
	decoders *semaphore.Weighted // pictures that are decoded at once
	pixels   *imagefile.Budget
	figures  *figures

	mu       sync.Mutex
	current  *models
	stopping atomic.Bool
}

// New loads the models of s and begins to compute. It is an error if one of them cannot predict.
func New(s Settings) (*Handler, error) {
	s, err := s.filled()
	if err != nil {
		return nil, err
	}
	decoders := int64(max(2, runtime.GOMAXPROCS(0)))
	h := &Handler{s: s, memory: semaphore.NewWeighted(s.MaxMemory), decoders: semaphore.NewWeighted(decoders), pixels: imagefile.NewBudget(4 * s.MaxPixels)}
	h.figures = newFigures(h.waiting)
	if h.current, err = loadAll(s.Models, s, h.figures.batches); err != nil {
		return nil, fmt.Errorf("serve: %w", err)
	}
	h.routes = h.table()
	return h, nil
}

// Replace serves other models from now on. Requests that came before are answered by those that they found. If one of the new
// models cannot predict, nothing changes.
func (h *Handler) Replace(all []Model) error {
	next, err := loadAll(all, h.s, h.figures.batches)
	if err != nil {
		return fmt.Errorf("serve: %w", err)
	}
	h.mu.Lock()
	old := h.current
	h.current = next
	h.mu.Unlock()
	go old.stop()
	return nil
}

// use returns the models of now, which stay until done is called.
func (h *Handler) use() (m *models, done func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.current.uses.Add(1)
	return h.current, h.current.uses.Done
}

// Stopping makes GET /readyz answer 503, and every answer close its connection, so that clients go elsewhere while what comes is
// still answered. Serve calls it when it is to stop.
func (h *Handler) Stopping() { h.stopping.Store(true) }

// Close waits for the requests that are being answered, and ends what computes. No request may come from then on.
func (h *Handler) Close() {
	h.mu.Lock()
	m := h.current
	h.mu.Unlock()
	m.stop()
}

// waiting is how many pictures are being decoded or wait to be computed.
func (h *Handler) waiting() (n int64) {
	m, done := h.use()
	defer done()
	for _, l := range m.all {
		n += l.classify.queued.Load() + l.embed.queued.Load()
	}
	return n
}
