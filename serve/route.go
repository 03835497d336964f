package serve

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"log/slog"
	"maps"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// route answers one method of a path.
type route struct {
	open bool // without a token
	do   func(w http.ResponseWriter, r *http.Request) error
}

// table are all routes. openapi.json describes them.
func (h *Handler) table() map[string]map[string]route {
	return map[string]map[string]route{
		"/v1/predict":    {http.MethodPost: {do: h.predict}},
		"/v1/embed":      {http.MethodPost: {do: h.embed}},
		"/v1/neighbours": {http.MethodPost: {do: h.neighbors}},
		"/v1/thumbnail":  {http.MethodGet: {do: h.thumbnail}},
		"/v1/models":     {http.MethodGet: {do: h.list}},
		"/healthz":       {http.MethodGet: {open: true, do: healthy}},
		"/readyz":        {http.MethodGet: {open: true, do: h.ready}},
		"/metrics":       {http.MethodGet: {do: h.figures.write}},
		"/openapi.json":  {http.MethodGet: {open: true, do: description}},
		"/":              {http.MethodGet: {open: true, do: page}},
	}
}

// find returns the route of a request, and the path as figures call it.
func (h *Handler) find(r *http.Request) (route, string, error) {
	methods, ok := h.routes[r.URL.Path]
	if !ok {
		return route{}, "other", refuse(http.StatusNotFound, "there is nothing at %.200q: GET /openapi.json describes what there is", r.URL.Path)
	}
	method := r.Method
	if method == http.MethodHead {
		method = http.MethodGet
	}
	one, ok := methods[method]
	if !ok {
		return route{}, r.URL.Path, refuse(http.StatusMethodNotAllowed, "%.200q takes %s", r.URL.Path, strings.Join(slices.Sorted(maps.Keys(methods)), " and "))
	}
	return one, r.URL.Path, nil
}

var usableID = regexp.MustCompile(`^[A-Za-z0-9._:+/=-]{1,128}$`)

// ServeHTTP answers a request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	id := r.Header.Get("X-Request-Id")
	if !usableID.MatchString(id) {
		id = rand.Text()
	}
	w.Header().Set("X-Request-Id", id)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(began.Add(h.s.ReadTimeout)) // a body that nobody asked for has its time too
	if h.stopping.Load() {
		w.Header().Set("Connection", "close")
	}
	seen := &watched{ResponseWriter: w, before: func() { _ = control.SetWriteDeadline(time.Now().Add(h.s.WriteTimeout)) }}
	one, path, err := h.find(r)
	if err == nil && !one.open && !h.permitted(r) {
		w.Header().Set("WWW-Authenticate", "Bearer")
		err = refuse(http.StatusUnauthorized, "a token is wanted, as Authorization: Bearer TOKEN")
	}
	defer func() {
		if p := recover(); p != nil {
			h.s.Log.ErrorContext(r.Context(), "panic", "request_id", id, "panic", p, "stack", string(debug.Stack()))
			if seen.status == 0 {
				problemOf(nil).write(seen, id)
			}
		}
		if seen.status == 0 {
			seen.status = http.StatusOK
		}
		_ = control.SetReadDeadline(time.Now().Add(time.Second)) // for what is left of a body
		h.figures.request(path, seen.status, time.Since(began))
		h.s.Log.LogAttrs(r.Context(), slog.LevelInfo, "request", slog.String("request_id", id), slog.String("method", r.Method), slog.String("path", r.URL.Path),
			slog.Int("status", seen.status), slog.Duration("took", time.Since(began)), slog.String("from", r.RemoteAddr))
	}()
	if err == nil {
		err = one.do(seen, r)
	}
	if err != nil {
		p := problemOf(err)
		if p.Status == http.StatusInternalServerError {
			h.s.Log.ErrorContext(r.Context(), "failed", "request_id", id, "error", err)
		}
		p.write(seen, id)
	}
}

// permitted tells whether a request bears the token. How long it takes tells nothing of the token.
func (h *Handler) permitted(r *http.Request) bool {
	if h.s.Token == "" {
		return true
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	given, want := sha256.Sum256([]byte(token)), sha256.Sum256([]byte(h.s.Token))
	return strings.EqualFold(scheme, "Bearer") && subtle.ConstantTimeCompare(given[:], want[:]) == 1
}

// watched remembers the status, and calls before the answer begins.
type watched struct {
	http.ResponseWriter
	before func()
	status int
}

func (w *watched) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		w.before()
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *watched) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap is for http.ResponseController.
func (w *watched) Unwrap() http.ResponseWriter { return w.ResponseWriter }
