package main

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/terminal"
	"github.com/longtail-ml/longtail/serve"
)

type serveCmd struct {
	Models []string   `arg:"" help:"Folders of runs, model files, or checkpoints, as NAME=PATH or PATH alone, which is named as its folder or file. The first answers requests that name none."`
	Index  []string   `help:"Embeddings of training images that longtail embed made, as NAME=FILE for the model of that name, or FILE for the first: neighbours are found among them. Once for each model." placeholder:"FILE" sep:"none"`
	Listen string     `help:"Address and port: localhost is for this machine alone, :8080 for all." default:"localhost:8080" placeholder:"ADDRESS" group:"Server"`
	Cert   string     `help:"Certificate for HTTPS, a file in PEM." placeholder:"FILE" group:"Server"`
	Key    string     `help:"Its key, a file in PEM." placeholder:"FILE" group:"Server"`
	Token  string     `name:"token-file" help:"File with a token that requests must bear." placeholder:"FILE" group:"Server"`
	TTA    hybrid.TTA `name:"tta" help:"Test-time augmentation: average over an image and its mirror image (flip), or over crops of its corners and middle and theirs (ten-crop)." enum:"none,flip,ten-crop" default:"none" placeholder:"WHICH"`

	Batch     int           `help:"Images computed at once, at most." default:"32" placeholder:"IMAGES" group:"Limits"`
	Wait      time.Duration `help:"How long an image waits for others to be computed with." default:"2ms" placeholder:"TIME" group:"Limits"`
	Queue     int           `help:"Images that are decoded or wait, of each model; beyond, requests are answered 503." default:"512" placeholder:"IMAGES" group:"Limits"`
	MaxImages int           `help:"Images of a request, at most." default:"64" placeholder:"IMAGES" group:"Limits"`
	MaxBody   int64         `help:"MiB of a request, at most." default:"32" placeholder:"MIB" group:"Limits"`
	MaxPixels float64       `help:"Megapixels of an image, at most." default:"16.777216" placeholder:"MEGAPIXELS" group:"Limits"`
	Timeout   time.Duration `help:"How long a request may take to come, and again to be computed." default:"30s" placeholder:"TIME" group:"Limits"`
	Drain     time.Duration `help:"How long a server that is to stop still takes requests, with /readyz answering 503." default:"1s" placeholder:"TIME" group:"Server"`
	LogJSON   bool          `help:"Log in JSON." group:"Server"`
}

func (serveCmd) Help() string {
	return `Open the address in a browser to drop pictures on a page. Programs POST them to /v1/predict; /openapi.json describes it all, /metrics is for Prometheus.

SIGHUP reads the models and the certificate again, without a request dropped. Ctrl-C or SIGTERM stops when all that came is answered; once more stops at once.

` + example("longtail serve runs/first", "longtail serve runs/first --index train.safetensors", "longtail serve birds=runs/birds fish=runs/fish --listen :8080 --token-file token", "curl --data-binary @photo.jpg localhost:8080/v1/predict", "curl -F image=@a.jpg -F image=@b.jpg 'localhost:8080/v1/predict?model=fish&top=3'")
}

// Run serves.
func (s *serveCmd) Run(ctx context.Context, c *console) error {
	settings, err := s.settings(c)
	if err != nil {
		return err
	}
	h, err := serve.New(settings)
	if err != nil {
		return err
	}
	var server serve.ServerSettings
	var cert *serve.Certificate
	scheme := "http"
	if s.Cert != "" {
		if cert, err = serve.OpenCertificate(s.Cert, s.Key); err != nil {
			return err
		}
		server.TLS, scheme = cert.TLS(), "https"
	}
	server.Drain = max(s.Drain, time.Nanosecond)
	l, err := net.Listen("tcp", s.Listen)
	if err != nil {
		return fmt.Errorf("%w (--listen takes an address and a port, as in localhost:8080)", err)
	}
	if at, ok := l.Addr().(*net.TCPAddr); ok && !at.IP.IsLoopback() && settings.Token == "" {
		settings.Log.Warn("everyone who reaches this address may ask: --token-file wants a token of them", "address", l.Addr().String())
	}
	settings.Log.Info("serving", "address", scheme+"://"+l.Addr().String())
	stop := s.reloading(h, cert, settings.Log)
	defer stop()
	return serve.Serve(ctx, l, h, server)
}

func (s *serveCmd) settings(c *console) (set serve.Settings, err error) {
	if (s.Cert == "") != (s.Key == "") {
		return set, misused("--cert and --key go together")
	}
	if !(s.MaxPixels > 0 && s.MaxPixels <= 1000) || s.MaxBody < 1 || s.MaxBody > 1<<14 || s.Batch < 1 || s.Queue < 1 || s.MaxImages < 1 || s.Timeout <= 0 || s.Wait < 0 || s.Drain < 0 {
		return set, misused("--batch, --queue, --max-images, --max-body and --timeout must be positive, --max-body at most 16384, --max-pixels above 0 and at most 1000, --wait and --drain not negative")
	}
	set = serve.Settings{Batch: s.Batch, Wait: s.Wait, Queue: s.Queue, MaxImages: s.MaxImages, MaxBody: s.MaxBody << 20, MaxPixels: int(s.MaxPixels * 1e6),
		MaxMemory: max(512, s.MaxBody) << 20, ReadTimeout: s.Timeout, Timeout: s.Timeout}
	if s.Wait == 0 {
		set.Wait = serve.NoWait
	}
	if s.LogJSON {
		set.Log = slog.New(slog.NewJSONHandler(c.log, nil))
	} else {
		set.Log = slog.New(slog.NewTextHandler(c.log, nil))
	}
	if s.Token != "" {
		text, err := os.ReadFile(s.Token)
		if err != nil {
			return set, err
		}
		if set.Token = strings.TrimSpace(string(text)); set.Token == "" {
			return set, fmt.Errorf("%s is empty: a token is wanted", s.Token)
		}
	}
	set.Models, err = s.open()
	return set, err
}

// open opens the models.
func (s *serveCmd) open() (all []serve.Model, err error) {
	for _, text := range s.Models {
		name, path := named(text)
		if name == "" {
			name = modelName(path)
		}
		predictor, err := openPredictor(path)
		if err == nil {
			predictor, err = predictor.WithTTA(s.TTA)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, serve.Model{Name: name, Predictor: predictor})
	}
	for _, text := range s.Index {
		name, path := named(text)
		name = cmp.Or(name, all[0].Name)
		at := slices.IndexFunc(all, func(m serve.Model) bool { return m.Name == name })
		if at < 0 {
			return nil, misused("--index=%s: there is no model %s", text, name)
		}
		if all[at].Index, err = openIndex(path); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// named divides NAME=PATH; a path that is there is one as a whole, since those of sweeps have settings in them.
func named(text string) (name, path string) {
	if _, err := os.Stat(text); err == nil {
		return "", text
	}
	name, path, ok := strings.Cut(text, "=")
	if !ok {
		return "", text
	}
	return name, path
}

// modelName is that of a folder, or of a file: that of its folder if it has the name that all model files have.
func modelName(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	if filepath.Base(path) == "model.safetensors" {
		path = filepath.Dir(path)
	}
	return strings.TrimSuffix(filepath.Base(path), ".safetensors")
}

// reloading reads the models and the certificate again at each SIGHUP, until stop is called. What cannot be read is logged, and what
// was there stays.
func (s *serveCmd) reloading(h *serve.Handler, cert *serve.Certificate, log *slog.Logger) (stop func()) {
	hangups, stop := terminal.Hangups()
	go func() {
		for range hangups {
			models, err := s.open()
			if err == nil {
				err = h.Replace(models)
			}
			if err == nil && cert != nil {
				err = cert.Reload()
			}
			if err != nil {
				log.Error("nothing was reloaded", "error", err)
				continue
			}
			log.Info("reloaded", "models", len(models))
		}
	}()
	return stop
}
