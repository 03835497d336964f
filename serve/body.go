package serve

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"
)

// file is a picture's file in a request.
type file struct {
	name string // as the client calls it; may be ""
	raw  []byte
}

// files reads the pictures in a body: the body itself, or the parts of a multipart one. free gives their memory back.
func (h *Handler) files(w http.ResponseWriter, r *http.Request) (all []file, free func(), err error) {
	var held int64
	free = func() { h.memory.Release(held) }
	defer func() {
		if err != nil {
			free()
			free = func() {}
		}
	}()
	kind, parameters, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil && r.Header.Get("Content-Type") != "" {
		return nil, free, refuse(http.StatusUnsupportedMediaType, "the Content-Type %.100q cannot be understood: use image/jpeg or another image type, or multipart/form-data", r.Header.Get("Content-Type"))
	}
	if r.ContentLength > h.s.MaxBody {
		return nil, free, &http.MaxBytesError{Limit: h.s.MaxBody}
	}
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(h.s.ReadTimeout)) // a writer without deadlines, as in tests, has none
	body := http.MaxBytesReader(w, r.Body, h.s.MaxBody)
	switch {
	case kind == "multipart/form-data":
		if parameters["boundary"] == "" {
			return nil, free, refuse(http.StatusUnsupportedMediaType, "the Content-Type multipart/form-data has no boundary")
		}
		all, err = h.parts(multipart.NewReader(body, parameters["boundary"]), &held)
	case kind == "" || kind == "application/octet-stream" || kind == "application/x-www-form-urlencoded" || strings.HasPrefix(kind, "image/"): // curl's --data-binary is the third
		all = []file{{}}
		all[0].raw, err = h.readAll(body, r.ContentLength, &held)
	default:
		err = refuse(http.StatusUnsupportedMediaType, "a body of type %.100s: send a picture as image/jpeg or another image type, or several as multipart/form-data", kind)
	}
	if err != nil {
		return nil, free, err
	}
	_ = control.SetReadDeadline(time.Time{}) // else the connection would end where a computation takes longer
	return all, free, nil
}

func (h *Handler) parts(r *multipart.Reader, held *int64) (all []file, err error) {
	for {
		part, err := r.NextPart()
		switch {
		case err == io.EOF && len(all) == 0:
			return nil, refuse(http.StatusBadRequest, "the form has no picture: give each as a part of its own, as curl's -F image=@photo.jpg does")
		case err == io.EOF:
			return all, nil
		case err != nil:
			return nil, unread(err)
		case len(all) == h.s.MaxImages:
			return nil, refuse(http.StatusRequestEntityTooLarge, "the form has more than the %d pictures that a request may have", h.s.MaxImages)
		}
		f := file{name: part.FileName()}
		if f.name == "" {
			f.name = part.FormName()
		}
		if f.raw, err = h.readAll(part, -1, held); err != nil {
			return nil, err
		}
		all = append(all, f)
	}
}

// unread is why a body could not be read. What is not the server's doing is the client's.
func unread(err error) error {
	var net interface{ Timeout() bool }
	var long *http.MaxBytesError
	var p *problem
	if errors.As(err, &long) || errors.As(err, &p) || errors.As(err, &net) && net.Timeout() || errors.Is(err, context.Canceled) {
		return err
	}
	return refuse(http.StatusBadRequest, "the body is cut off or not what its headers say: %v", err)
}

// readAll reads r, of size bytes if it is not negative. Memory is taken as bytes come, whatever the size.
func (h *Handler) readAll(r io.Reader, size int64, held *int64) ([]byte, error) {
	take := func(n int64) error {
		if !h.memory.TryAcquire(n) {
			return errFull
		}
		*held += n
		return nil
	}
	const most = 64 << 10
	room := int64(most)
	if size >= 0 {
		room = min(size+bytes.MinRead, most)
	}
	if err := take(room); err != nil {
		return nil, err
	}
	raw := make([]byte, 0, room)
	for {
		n, err := r.Read(raw[len(raw):cap(raw)])
		raw = raw[:len(raw)+n]
		switch {
		case err == io.EOF:
			return raw, nil
		case err != nil:
			return nil, unread(err)
		case len(raw) < cap(raw):
			continue
		}
		more := int64(cap(raw)) // as much again
		if size >= 0 {
			more = max(1, min(more, size+bytes.MinRead-int64(cap(raw))))
		}
		if err := take(more); err != nil {
			return nil, err
		}
		grown := make([]byte, len(raw), int64(cap(raw))+more)
		copy(grown, raw)
		raw = grown
	}
}
