package annotation

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"

	"github.com/longtail-ml/longtail/dataset"
)

// ReadList reads lines of a path and a label, as ImageNet-LT and Places-LT have them: the label is a number, which the last
// blank of the line divides from the path. Empty lines are passed over. Errors name the line.
func ReadList(path string, s Settings) (*Set, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	file, r, err := text(path)
	if err != nil {
		return nil, fmt.Errorf("annotation: %w", err)
	}
	defer file.Close()
	set, of := &Set{Files: &dataset.FileList{}}, newLabels(s)
	in := bufio.NewScanner(r)
	in.Buffer(nil, 2*longest)
	line := 0
	for in.Scan() {
		line++
		if strings.TrimSpace(in.Text()) == "" {
			continue
		}
		name, id, ok := cutLabel(in.Text())
		if !ok {
			return nil, fmt.Errorf("annotation: %s: %q is not a path, a blank and the number of a class", place(path, line), shortened(in.Text()))
		}
		label, known := of.of(id)
		switch {
		case known:
			set.Files.Add(s.file(name), label)
		case !s.LeaveOut:
			return nil, fmt.Errorf("annotation: %s: %w: label %s is none of the %d classes of the training set", place(path, line), ErrUnclear, id, len(s.Classes.IDs))
		default:
			set.leave("images of other classes", name)
		}
	}
	if err := in.Err(); err != nil {
		return nil, fmt.Errorf("annotation: %w", err)
	}
	if set.Files.Len() == 0 {
		return nil, fmt.Errorf("annotation: %s has no line of a path and a label", path)
	}
	of.finish(set, s.Names)
	return set, nil
}

// cutLabel divides a line into path and label.
func cutLabel(line string) (path, id string, ok bool) {
	line = strings.TrimSpace(line)
	at := strings.LastIndexAny(line, " \t")
	if at < 0 {
		return "", "", false
	}
	n, err := strconv.ParseUint(line[at+1:], 10, 31)
	if err != nil {
		return "", "", false
	}
	return strings.TrimRight(line[:at], " \t"), strconv.FormatUint(n, 10), true
}

// shortened is the beginning of a line, for errors.
func shortened(text string) string {
	if r := []rune(text); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return text
}
