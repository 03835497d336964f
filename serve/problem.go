package serve

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
)

// problem is an error that is the client's to know, as RFC 9457 has it.
type problem struct {
	Title   string `json:"title"`
	Status  int    `json:"status"`
	Detail  string `json:"detail"`
	Request string `json:"request_id"`
}

func (p *problem) Error() string { return p.Detail }

func refuse(status int, format string, args ...any) error {
	return &problem{Status: status, Detail: fmt.Sprintf(format, args...)}
}

// problemOf says what an error is to the client. What is none of its business is a 500 without details.
func problemOf(err error) *problem {
	var p *problem
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &long):
		return &problem{Status: http.StatusRequestEntityTooLarge, Detail: fmt.Sprintf("the body has more than the %d bytes that are taken", long.Limit)}
	case errors.Is(err, os.ErrDeadlineExceeded):
		return &problem{Status: http.StatusRequestTimeout, Detail: "the body did not come in time"}
	case errors.Is(err, errFull):
		return &problem{Status: http.StatusServiceUnavailable, Detail: "as many requests wait as there is room for: try again in a second"}
	case errors.Is(err, errLate):
		return &problem{Status: http.StatusServiceUnavailable, Detail: "it was not computed in time: try again in a second"}
	case errors.Is(err, context.Canceled):
		return &problem{Status: statusGone, Detail: "the client went away"}
	}
	return &problem{Status: http.StatusInternalServerError, Detail: "an error of the server: its log has it under the request's id"}
}

// statusGone is what nginx logs of a client that did not wait. Nobody reads it.
const statusGone = 499

// write answers with p.
func (p *problem) write(w http.ResponseWriter, id string) {
	if p.Title = http.StatusText(p.Status); p.Title == "" {
		p.Title = "Client Closed Request"
	}
	p.Detail, p.Request = brief(p.Detail), id
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	if p.Status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // a client that is gone needs no answer
}

// brief shortens text that may quote what the client sent.
func brief(text string) string { return fmt.Sprintf("%.500s", text) }

func writeJSON(w http.ResponseWriter, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write(append(text, '\n'))
	return nil
}
