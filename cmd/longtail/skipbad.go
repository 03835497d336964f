package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/longtail-ml/longtail/experiment"
)

// leaveOut finds the images that cannot be read, if --skip-bad asks for it, tells of all of them, and leaves them out of s.
func (f setup) leaveOut(ctx context.Context, c *console, s experiment.Settings) (experiment.Settings, error) {
	if !f.SkipBad {
		return s, nil
	}
	tell := paced(c.log)
	bad, err := s.FindBad(ctx, func(part string, done, of int) { tell("reading images of "+part, done, of) })
	if err != nil {
		return s, err
	}
	var classes []string
	count := map[string]int{}
	for _, b := range bad {
		fmt.Fprintln(c.log, "left out:", b.Err)
		if count[b.Class]++; count[b.Class] == 1 {
			classes = append(classes, b.Class)
		}
		s.LeaveOut = append(s.LeaveOut, b.File)
	}
	for i, name := range classes {
		classes[i] = fmt.Sprintf("%s %d", name, count[name])
	}
	if bad != nil {
		fmt.Fprintf(c.log, "left out, by class: %s\n", strings.Join(classes, ", "))
	}
	return s, nil
}
