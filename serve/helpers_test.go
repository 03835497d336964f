package serve_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/serve"
	"github.com/stretchr/testify/require"
)

var names = []string{"ant", "bee", "cat", "dog", "eel"}

// predictor is that of a small ResNet with random weights, which differ by seed.
func predictor(t testing.TB, seed uint64, options ...hybrid.Option) *hybrid.Predictor {
	t.Helper()
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4, Seed: seed})
	require.NoError(t, err)
	n, err := hybrid.NewNetwork(body, len(names), append([]hybrid.Option{hybrid.WithInput(16, 16, 3), hybrid.WithProjection(0, 8), hybrid.WithSeed(seed)}, options...)...)
	require.NoError(t, err)
	p, err := n.Freeze()
	require.NoError(t, err)
	p, err = p.WithAbout(hybrid.About{Classes: names})
	require.NoError(t, err)
	return p
}

// drawn is picture i of many that differ.
func drawn(i int) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, 20+i%5, 16+i%7))
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			m.SetNRGBA(x, y, color.NRGBA{uint8(x * (i + 3)), uint8(y * (i + 5)), uint8(x*y + 7*i), 255})
		}
	}
	return m
}

func encoded(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, m))
	return b.Bytes()
}

func pictureFile(t testing.TB, i int) []byte { return encoded(t, drawn(i)) }

// handler serves one model unless s has others.
func handler(t testing.TB, s serve.Settings) *serve.Handler {
	t.Helper()
	if s.Models == nil {
		s.Models = []serve.Model{{Name: "first", Predictor: predictor(t, 1)}}
	}
	s.ReadTimeout, s.Timeout = cmp.Or(s.ReadTimeout, patience), patience
	h, err := serve.New(s)
	require.NoError(t, err)
	return h
}

// patience is how long tests wait for what should come soon, on a machine with other work.
const patience = 3 * time.Minute

// server is a handler's, on loopback.
func server(t testing.TB, s serve.Settings) (*serve.Handler, *httptest.Server) {
	h := handler(t, s)
	server := httptest.NewServer(h)
	t.Cleanup(func() {
		server.Close()
		h.Close()
	})
	return h, server
}

// form is a multipart body of files by name.
func form(t testing.TB, files ...[]byte) (body []byte, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	for i, raw := range files {
		part, err := w.CreateFormFile("image", string(rune('a'+i%26))+".png")
		require.NoError(t, err)
		_, err = part.Write(raw)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes(), w.FormDataContentType()
}

// answer is what a server answered.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) into(t testing.TB, v any) {
	t.Helper()
	require.Equal(t, "application/json", a.header.Get("Content-Type"), "%s", a.body)
	require.NoError(t, json.Unmarshal(a.body, v), "%s", a.body)
}

// problem checks that a is a problem, and returns its detail.
func (a answer) problem(t testing.TB, status int) string {
	t.Helper()
	require.Equal(t, status, a.status, "%s", a.body)
	require.Equal(t, "application/problem+json", a.header.Get("Content-Type"))
	var p struct {
		Title, Detail string
		Status        int
		Request       string `json:"request_id"`
	}
	require.NoError(t, json.Unmarshal(a.body, &p), "%s", a.body)
	require.Equal(t, status, p.Status)
	require.NotEmpty(t, p.Title)
	require.Equal(t, a.header.Get("X-Request-Id"), p.Request)
	require.NotEmpty(t, p.Request)
	return p.Detail
}

func send(t testing.TB, method, url, kind string, body io.Reader, headers ...string) answer {
	t.Helper()
	r, err := http.NewRequest(method, url, body)
	require.NoError(t, err)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	got, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer got.Body.Close()
	raw, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	return answer{got.StatusCode, got.Header, raw}
}

func post(t testing.TB, url, kind string, body []byte, headers ...string) answer {
	t.Helper()
	return send(t, http.MethodPost, url, kind, bytes.NewReader(body), headers...)
}

func get(t testing.TB, url string, headers ...string) answer {
	t.Helper()
	return send(t, http.MethodGet, url, "", nil, headers...)
}
