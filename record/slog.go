package record

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

// NewSlog returns a Recorder that gives each call to l as one record of level Info: the message "scalar" with step, name
// and value, "text" with step, name and text, "settings" with step and a group of values. Unlike l's own methods it
// reports what the handler cannot write. Flush does nothing, since handlers have no such method.
func NewSlog(l *slog.Logger) Recorder { return &logged{handler: l.Handler()} }

type logged struct {
	handler slog.Handler

	mu     sync.Mutex
	closed bool
	first  error
}

func (l *logged) Scalar(step int, name string, value float64) error {
	return l.log("scalar", check(step, name), slog.Int("step", step), slog.String("name", name), slog.Float64("value", value))
}

func (l *logged) Text(step int, name, text string) error {
	return l.log("text", check(step, name, text), slog.Int("step", step), slog.String("name", name), slog.String("text", text))
}

func (l *logged) Settings(step int, values map[string]string) error {
	var all []slog.Attr
	for _, name := range slices.Sorted(maps.Keys(values)) {
		all = append(all, slog.String(name, values[name]))
	}
	group := slog.Attr{Key: "values", Value: slog.GroupValue(all...)}
	return l.log("settings", checkSettings(step, values), slog.Int("step", step), group)
}

func (l *logged) log(message string, err error, attrs ...slog.Attr) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return fmt.Errorf("record: the log is closed: nothing more can be recorded in it")
	}
	ctx := context.Background()
	if err == nil && l.handler.Enabled(ctx, slog.LevelInfo) {
		r := slog.NewRecord(time.Now(), slog.LevelInfo, message, 0)
		r.AddAttrs(attrs...)
		if err = l.handler.Handle(ctx, r); err != nil {
			err = fmt.Errorf("record: logging: %w", err)
		}
	}
	if l.first == nil {
		l.first = err
	}
	return err
}

func (l *logged) Flush() error { return nil }

func (l *logged) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = true
	return l.first
}
