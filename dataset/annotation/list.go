package annotation

import (
	"bufio"
	"fmt"
	"strconv"
	"strings"
)

// ReadList reads lines of a path and a label, as ImageNet-LT and Places-LT have them: the label is a number, which the last
// blank of the line divides from the path. Empty lines are passed over. Errors name the line.
func ReadList(path string, s Settings) (*Set, error) {
	return s.readLines(path, func(r *bufio.Reader, set *Set) error {
		of := newLabels(s)
		in := bufio.NewScanner(r)
		in.Buffer(nil, 2*longest)
		for line := 1; in.Scan(); line++ {
			if strings.TrimSpace(in.Text()) == "" {
				continue
			}
			name, id, ok := cutLabel(in.Text())
			if !ok {
				return fmt.Errorf("%s: %q is not a path, a blank and the number of a class", place(path, line), shortened(in.Text()))
			}
			label, known := of.of(id)
			switch {
			case known:
				set.Files.Add(s.file(name), label)
			case !s.LeaveOut:
				return fmt.Errorf("%s: %w: label %s is none of the %d classes of the training set", place(path, line), ErrUnclear, id, len(s.Classes.IDs))
			default:
				set.leave("images of other classes", name)
			}
		}
		of.finish(set, s.Names)
		return in.Err()
	})
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
