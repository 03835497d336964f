package serve_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/longtail-ml/longtail/serve"
	"github.com/stretchr/testify/require"
)

func logTo(b *strings.Builder) *slog.Logger { return slog.New(slog.NewTextHandler(&locked{w: b}, nil)) }

// locked is a writer for many.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

func (l *locked) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// header is a PNG's that claims w×h pixels, without any.
func header(w, h uint32) []byte {
	head := append([]byte("IHDR"), make([]byte, 13)...)
	binary.BigEndian.PutUint32(head[4:], w)
	binary.BigEndian.PutUint32(head[8:], h)
	head[12], head[13] = 8, 2
	raw := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	return binary.BigEndian.AppendUint32(raw, crc32.ChecksumIEEE(head))
}

// bomb is a small file of a large picture.
func bomb(t *testing.T, side int) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, image.NewGray(image.Rect(0, 0, side, side))))
	return b.Bytes()
}

// zeros are bytes without an end.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) { return len(b), nil }

// Bodies that are malformed or meant ill get an answer that says why, and leave the server as it was.
func TestHostileBodies(t *testing.T) {
	_, s := server(t, serve.Settings{MaxBody: 1 << 20, MaxImages: 4, Queue: 8, MaxPixels: 1 << 20})
	good := pictureFile(t, 1)
	body, kind := form(t, good, good)
	many, manyKind := form(t, good, good, good, good, good)
	none, noneKind := form(t)
	bad, badKind := form(t, []byte("x"), good[:40])
	for name, c := range map[string]struct {
		kind   string
		body   io.Reader
		status int
		detail string
	}{
		"empty":                 {"image/png", strings.NewReader(""), 422, "empty file"},
		"text":                  {"image/png", strings.NewReader("hello"), 422, "unknown data"},
		"HTML":                  {"image/png", strings.NewReader("<!DOCTYPE html><html>"), 422, "HTML page"},
		"JSON":                  {"application/json", strings.NewReader(`{"image": ""}`), 415, "application/json"},
		"no type at all":        {"/;=", bytes.NewReader(good), 415, "Content-Type"},
		"cut off":               {"image/png", bytes.NewReader(good[:len(good)/2]), 422, "PNG"},
		"claims too much":       {"image/png", bytes.NewReader(header(60_000, 60_000)), 422, "60000×60000"},
		"claims what is not":    {"image/png", bytes.NewReader(header(1000, 1000)), 422, "1000×1000"},
		"bomb":                  {"image/png", bytes.NewReader(bomb(t, 5000)), 422, "5000×5000"},
		"zeros":                 {"image/png", bytes.NewReader(make([]byte, 1000)), 422, "zero bytes"},
		"too long":              {"image/png", bytes.NewReader(make([]byte, 1<<20+1)), 413, "1048576"},
		"chunked without end":   {"image/png", io.LimitReader(zeros{}, 1<<30), 413, "1048576"},
		"a form without end":    {"multipart/form-data; boundary=x", io.MultiReader(strings.NewReader("--x\r\nContent-Disposition: form-data; name=a\r\n\r\n"), io.LimitReader(zeros{}, 1<<30)), 413, "1048576"},
		"headers without end":   {"multipart/form-data; boundary=x", io.MultiReader(strings.NewReader("--x\r\nContent-Disposition: "), io.LimitReader(zeros{}, 1<<30)), 400, "malformed"},
		"a form cut off":        {kind, bytes.NewReader(body[:len(body)-60]), 400, "cut off"},
		"a form without parts":  {noneKind, bytes.NewReader(none), 400, "no picture"},
		"a form of nothing":     {kind, strings.NewReader(""), 400, "cut off"},
		"a form of noise":       {kind, strings.NewReader("\x00\x01--\r\n--"), 400, ""},
		"no boundary":           {"multipart/form-data", bytes.NewReader(body), 415, "boundary"},
		"too many":              {manyKind, bytes.NewReader(many), 413, "4 pictures"},
		"nothing to be read":    {badKind, bytes.NewReader(bad), 422, "none of 2 pictures"},
		"another kind of parts": {"multipart/mixed; boundary=x", bytes.NewReader(body), 415, "multipart/mixed"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, sized := c.body.(interface{ Len() int }); !sized {
				r, err := http.NewRequest(http.MethodPost, s.URL+"/v1/predict", c.body)
				require.NoError(t, err)
				r.Header.Set("Content-Type", c.kind)
				got, err := http.DefaultClient.Do(r)
				if err != nil { // the server went before all was written
					require.ErrorContains(t, err, "reset")
					return
				}
				defer got.Body.Close()
				raw, err := io.ReadAll(got.Body)
				require.NoError(t, err)
				require.Contains(t, answer{got.StatusCode, got.Header, raw}.problem(t, c.status), c.detail)
				return
			}
			require.Contains(t, send(t, http.MethodPost, s.URL+"/v1/predict", c.kind, c.body).problem(t, c.status), c.detail)
		})
	}
	require.Equal(t, http.StatusOK, post(t, s.URL+"/v1/predict", "", good).status)
}

// Damaged bodies get an answer each, and none a server's error. LONGTAIL_BODIES is how many; 200 if it is not set.
func TestDamagedBodies(t *testing.T) {
	bodies := 200
	if text := os.Getenv("LONGTAIL_BODIES"); text != "" {
		var err error
		bodies, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	_, s := server(t, serve.Settings{MaxBody: 1 << 20, MaxPixels: 1 << 20})
	rng := rand.New(rand.NewPCG(1, 2))
	good := pictureFile(t, 3)
	body, kind := form(t, good, good)
	seen := map[int]int{}
	for i := range bodies {
		raw, as := bytes.Clone(good), "image/png"
		if i%3 == 0 {
			raw, as = bytes.Clone(body), kind
		}
		for range 1 + rng.IntN(4) {
			raw[rng.IntN(len(raw))] ^= byte(1 << rng.IntN(8))
		}
		if i%2 == 0 {
			raw = raw[:rng.IntN(len(raw))]
		}
		got := post(t, s.URL+"/v1/predict", as, raw)
		seen[got.status]++
		require.Contains(t, []int{200, 400, 413, 415, 422}, got.status, "%s", got.body)
	}
	require.Greater(t, seen[422], bodies/4)
	require.Greater(t, seen[400], bodies/20)
}

// dialed sends text on a connection of its own, and returns the status of the answer.
func dialed(t *testing.T, address string, write func(net.Conn)) (status int) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	require.NoError(t, err)
	defer c.Close()
	require.NoError(t, c.SetDeadline(time.Now().Add(patience)))
	go write(c)
	got, err := http.ReadResponse(bufio.NewReader(c), nil)
	require.NoError(t, err)
	got.Body.Close()
	return got.StatusCode
}

// Who sends slowly, or says that much will come, holds nothing but a connection, and that for a time.
func TestSlowSendersAndLargeWords(t *testing.T) {
	_, s := server(t, serve.Settings{ReadTimeout: 300 * time.Millisecond})
	address := s.Listener.Addr().String()
	drip := func(c net.Conn) {
		fmt.Fprintf(c, "POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\n")
		for range 900 { // it would take a minute to say all
			if _, err := c.Write([]byte{137}); err != nil {
				return
			}
			time.Sleep(60 * time.Millisecond)
		}
	}
	var group sync.WaitGroup
	for range 20 {
		group.Go(func() {
			require.Equal(t, http.StatusRequestTimeout, dialed(t, address, drip))
		})
	}
	require.Equal(t, http.StatusOK, get(t, s.URL+"/healthz").status, "others are answered meanwhile")
	group.Wait()

	status := dialed(t, address, func(c net.Conn) {
		fmt.Fprintf(c, "POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: image/png\r\nContent-Length: 9000000000000000000\r\n\r\n")
	})
	require.Equal(t, http.StatusRequestEntityTooLarge, status)
	status = dialed(t, address, func(c net.Conn) { // the answer comes before the body
		fmt.Fprintf(c, "POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n")
	})
	require.Equal(t, http.StatusUnsupportedMediaType, status)
}

// Bodies that are held together have a limit: who comes beyond is told to come later.
func TestBodiesHaveOneMemory(t *testing.T) {
	_, s := server(t, serve.Settings{MaxBody: 100 << 10, MaxMemory: 100 << 10})
	address := s.Listener.Addr().String()
	hold, held := make(chan bool), make(chan bool)
	go func() {
		c, err := net.Dial("tcp", address)
		if err == nil {
			defer c.Close()
			fmt.Fprintf(c, "POST /v1/predict HTTP/1.1\r\nHost: x\r\nContent-Length: 90000\r\n\r\n%80000d", 1)
		}
		close(held)
		<-hold
	}()
	<-held
	require.Eventually(t, func() bool {
		got := post(t, s.URL+"/v1/predict", "", bytes.Repeat([]byte{1}, 50<<10))
		if got.status == http.StatusServiceUnavailable {
			require.Equal(t, "1", got.header.Get("Retry-After"))
		}
		return got.status == http.StatusServiceUnavailable
	}, patience, 10*time.Millisecond)
	close(hold)
	require.Eventually(t, func() bool { return post(t, s.URL+"/v1/predict", "", bytes.Repeat([]byte{1}, 50<<10)).status == 422 }, patience, 10*time.Millisecond)
}

// Pictures have their places in the queue before they are decoded, and those that cannot be give theirs back.
func TestNothingIsDecodedForAFullQueue(t *testing.T) {
	h, s := server(t, serve.Settings{Queue: 2, MaxImages: 2})
	require.Equal(t, 422, post(t, s.URL+"/v1/predict", "", []byte("no picture")).status)
	require.Equal(t, 200, post(t, s.URL+"/v1/predict", "", pictureFile(t, 1)).status)
	require.Zero(t, serve.Waiting(h))
	require.NoError(t, serve.Fill(h, 2))
	require.Equal(t, http.StatusServiceUnavailable, post(t, s.URL+"/v1/predict", "", []byte("no picture")).status)
}
