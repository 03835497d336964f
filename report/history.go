package report

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"

	"github.com/longtail-ml/longtail/internal/smallfile"
)

// Curves are figures by epoch, by name as package record has them: "loss", "lr", "loss/sc", "weight/sc", "test/top1".
type Curves map[string][]Point

// Point is the value of a figure after an epoch, from 0.
type Point struct {
	At    int
	Value float64
}

// mostBytes is what a file of figures or a report may have.
const mostBytes = 1 << 28

// ReadCurves reads figures by epoch from a file that record.CSV wrote, such as the metrics.csv of a run. A last line that is not
// whole, as that of a run that goes on may be, is left out; of a figure that is there twice the later counts.
func ReadCurves(path string) (Curves, error) {
	text, err := smallfile.Read(path, mostBytes)
	if err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text[:bytes.LastIndexByte(text, '\n')+1])).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("report: %s: %w", path, err)
	}
	if len(rows) == 0 || len(rows[0]) != 4 || rows[0][0] != "step" {
		return nil, fmt.Errorf("report: %s does not begin with step,name,value,time: it must be what record.CSV writes", path)
	}
	c := Curves{}
	for _, row := range rows[1:] {
		at, err := strconv.Atoi(row[0])
		value, notNumber := strconv.ParseFloat(row[2], 64)
		if err == nil && notNumber == nil { // the others are texts and settings
			c.set(row[1], Point{at, value})
		}
	}
	return c, nil
}

// set puts a point at the end, in place of what was recorded of that epoch and later ones.
func (c Curves) set(name string, p Point) {
	all := c[name]
	for len(all) > 0 && all[len(all)-1].At >= p.At {
		all = all[:len(all)-1]
	}
	c[name] = append(all, p)
}
