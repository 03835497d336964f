package serve

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// figures are what GET /metrics shows, in a registry of the Handler's own.
type figures struct {
	requests *prometheus.HistogramVec // seconds, by path and status
	images   prometheus.Counter
	batch    *prometheus.HistogramVec // pictures, by model
	compute  *prometheus.HistogramVec // seconds, by model
	show     http.Handler
}

func newFigures(waiting func() int64) *figures {
	f := &figures{
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "longtail_request_seconds", Help: "Time to answer requests.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 15)}, []string{"path", "status"}),
		images: prometheus.NewCounter(prometheus.CounterOpts{Name: "longtail_images_total", Help: "Pictures computed for requests."}),
		batch: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "longtail_batch_images", Help: "Pictures computed together.",
			Buckets: prometheus.ExponentialBuckets(1, 2, 9)}, []string{"model"}),
		compute: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "longtail_batch_seconds", Help: "Time to compute pictures together.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 15)}, []string{"model"}),
	}
	r := prometheus.NewRegistry()
	r.MustRegister(f.requests, f.images, f.batch, f.compute, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "longtail_queue_images", Help: "Pictures that are being decoded or wait to be computed."}, func() float64 { return float64(waiting()) }))
	f.show = promhttp.HandlerFor(r, promhttp.HandlerOpts{})
	return f
}

func (f *figures) request(path string, status int, took time.Duration) {
	f.requests.WithLabelValues(path, strconv.Itoa(status)).Observe(took.Seconds())
}

// batches observes the batches of a model.
func (f *figures) batches(model string) func(images int, took time.Duration) {
	batch, compute := f.batch.WithLabelValues(model), f.compute.WithLabelValues(model)
	return func(images int, took time.Duration) {
		batch.Observe(float64(images))
		compute.Observe(took.Seconds())
	}
}

func (f *figures) write(w http.ResponseWriter, r *http.Request) error {
	f.show.ServeHTTP(w, r)
	return nil
}
