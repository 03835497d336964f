package experiment

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/longtail-ml/longtail/metrics"
)

// Predictions are what a model says of each image of a test set, in the order of the set. As JSON they take half a byte to a byte an
// image of ten classes: deflated varints, of the labels and of the predictions less the labels.
type Predictions struct {
	Labels    []int
	Predicted []int
	HeldOut   bool // they are of the held-out images
}

type packed struct {
	Images    int    `json:"images"`
	Labels    []byte `json:"labels"`
	Predicted []byte `json:"predicted"` // less the labels
	HeldOut   bool   `json:"heldout,omitempty"`
}

// MarshalJSON packs them.
func (p *Predictions) MarshalJSON() ([]byte, error) {
	if len(p.Labels) != len(p.Predicted) {
		return nil, fmt.Errorf("experiment: %d predictions for %d labels", len(p.Predicted), len(p.Labels))
	}
	var labels, predicted []byte
	for i, y := range p.Labels {
		labels = binary.AppendVarint(labels, int64(y))
		predicted = binary.AppendVarint(predicted, int64(p.Predicted[i]-y))
	}
	return json.Marshal(packed{len(p.Labels), deflate(labels), deflate(predicted), p.HeldOut})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (p *Predictions) UnmarshalJSON(text []byte) error {
	var from packed
	if err := json.Unmarshal(text, &from); err != nil {
		return fmt.Errorf("predictions: %w", err)
	}
	labels, err := inflate(from.Labels, from.Images)
	if err != nil {
		return fmt.Errorf("labels of predictions: %w", err)
	}
	predicted, err := inflate(from.Predicted, from.Images)
	if err != nil {
		return fmt.Errorf("predictions: %w", err)
	}
	for i, y := range labels {
		if predicted[i] += y; y < 0 || predicted[i] < 0 {
			return fmt.Errorf("predictions: image %d has label %d and prediction %d: classes begin with 0", i, y, predicted[i])
		}
	}
	p.Labels, p.Predicted, p.HeldOut = labels, predicted, from.HeldOut
	return nil
}

func deflate(b []byte) []byte {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err == nil {
		_, err = w.Write(b)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // a buffer takes every write, and the level exists
	}
	return out.Bytes()
}

// inflate reads n numbers. A class takes at most 4 bytes.
func inflate(b []byte, n int) ([]int, error) {
	const most, bytesEach = 1 << 26, 4
	if n < 1 || n > most {
		return nil, fmt.Errorf("of %d images: there must be at least 1 and at most %d", n, most)
	}
	all, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b)), bytesEach*int64(n)+1))
	if err != nil {
		return nil, fmt.Errorf("they are damaged: %w", err)
	}
	values := make([]int, 0, min(n, len(all)))
	for len(all) > 0 && len(values) < n {
		v, size := binary.Varint(all)
		if size <= 0 || size > bytesEach {
			return nil, errors.New("they are damaged: a number ends early")
		}
		values, all = append(values, int(v)), all[size:]
	}
	if len(values) < n || len(all) > 0 {
		return nil, fmt.Errorf("they are damaged: not as many as the %d images", n)
	}
	return values, nil
}

// report counts them.
func (p *Predictions) report(trainCounts []int, g metrics.Grouping) (metrics.Report, error) {
	c, err := metrics.NewConfusion(len(trainCounts))
	if err != nil {
		return metrics.Report{}, err
	}
	for i, y := range p.Labels {
		if err := c.Add(y, p.Predicted[i]); err != nil {
			return metrics.Report{}, err
		}
	}
	return c.Report(trainCounts, g)
}
