package record

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// TensorBoard is a Recorder that writes an event file of TensorBoard: scalars, texts, and settings for its tab HParams.
// It rounds values to float32, which is what event files hold.
type TensorBoard struct {
	*file
}

const eventPrefix = "events.out.tfevents."

// CreateTensorBoard makes an event file in dir, and dir if need be. It is an error if dir has event files already.
func CreateTensorBoard(dir string) (*TensorBoard, error) {
	latest, err := latestEvents(dir)
	if err != nil {
		return nil, err
	}
	if latest >= 0 {
		return nil, fmt.Errorf("record: %s has event files already: go on with them by ResumeTensorBoard, or choose "+
			"another folder", dir)
	}
	return newEvents(dir, latest, nil)
}

// ResumeTensorBoard makes another event file in dir to go on with step, which is the number of steps taken so far. The
// files that are there stay as they are: the new one tells TensorBoard to forget what they have of step and later ones.
// If there is none, it is the first.
func ResumeTensorBoard(dir string, step int) (*TensorBoard, error) {
	if step < 0 {
		return nil, fmt.Errorf("record: resuming %s at step %d: steps count from 0", dir, step)
	}
	latest, err := latestEvents(dir)
	if err != nil {
		return nil, err
	}
	return newEvents(dir, latest, frame(startEvent(time.Now(), step)))
}

// latestEvents returns the number of seconds in the name of dir's last event file, −1 if there is none.
func latestEvents(dir string) (int64, error) {
	latest := int64(-1)
	files, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return latest, nil
	}
	if err != nil {
		return 0, fmt.Errorf("record: %w", err)
	}
	for _, f := range files {
		if rest, ok := strings.CutPrefix(f.Name(), eventPrefix); ok {
			digits, _, _ := strings.Cut(rest, ".")
			n, _ := strconv.ParseInt(digits, 10, 64) // another's file without a number has no place in the order
			latest = max(latest, n)
		}
	}
	return latest, nil
}

// newEvents makes an event file whose name comes after the latest one: TensorBoard reads them in this order, and the
// clock of another machine may be behind.
func newEvents(dir string, latest int64, begin []byte) (*TensorBoard, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	now := time.Now()
	path := filepath.Join(dir, fmt.Sprintf("%s%010d.longtail", eventPrefix, max(now.Unix(), latest+1)))
	f, err := create(path, append(frame(versionEvent(now)), begin...))
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	return &TensorBoard{&file{path: path, f: f}}, nil
}

// Scalar writes one event.
func (b *TensorBoard) Scalar(step int, name string, value float64) error {
	if err := check(step, name); err != nil {
		return b.fail(err)
	}
	return b.write(frame(summaryEvent(time.Now(), step, scalarValue(name, value))))
}

// Text writes one event.
func (b *TensorBoard) Text(step int, name, text string) error {
	if err := check(step, name, text); err != nil {
		return b.fail(err)
	}
	return b.write(frame(summaryEvent(time.Now(), step, textValue(name, text))))
}

// Settings writes one event. Values that read as numbers are recorded as numbers.
func (b *TensorBoard) Settings(step int, values map[string]string) error {
	if err := checkSettings(step, values); err != nil {
		return b.fail(err)
	}
	now := time.Now()
	return b.write(frame(summaryEvent(now, step, settingsValue(now, values))))
}
