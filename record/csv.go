package record

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// csvHeader is the first line of every file.
const csvHeader = "step,name,value,time\n"

// CSV is a Recorder that writes one row for each value, "step,name,value,time" in the order of the calls: a series that
// begins late needs no column of its own. Numbers have all their digits, times are UTC. Settings are rows named
// "settings/NAME". Every row is one line: in names and texts a line feed is written \n, a carriage return \r, a backslash
// \\.
type CSV struct {
	*file
}

// CreateCSV makes the file path. It is an error if there is one already.
func CreateCSV(path string) (*CSV, error) {
	f, err := create(path, []byte(csvHeader))
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("record: %s is there already: go on with it by ResumeCSV, or choose another name", path)
	}
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	return &CSV{&file{path: path, f: f}}, nil
}

// Scalar writes one row.
func (c *CSV) Scalar(step int, name string, value float64) error {
	if err := check(step, name); err != nil {
		return c.fail(err)
	}
	return c.write(csvRow(step, name, strconv.FormatFloat(value, 'g', -1, 64)))
}

// Text writes one row.
func (c *CSV) Text(step int, name, text string) error {
	if err := check(step, name, text); err != nil {
		return c.fail(err)
	}
	return c.rows(csvRow(step, name, text))
}

// Settings writes a row for each value, in the order of their names.
func (c *CSV) Settings(step int, values map[string]string) error {
	if err := checkSettings(step, values); err != nil {
		return c.fail(err)
	}
	var rows [][]byte
	for _, name := range slices.Sorted(maps.Keys(values)) {
		rows = append(rows, csvRow(step, settingsName+"/"+name, values[name]))
	}
	return c.rows(rows...)
}

// longestRow is the length that ResumeCSV reads.
const longestRow = 1 << 24

func (c *CSV) rows(all ...[]byte) error {
	for _, row := range all {
		if len(row) > longestRow {
			return c.fail(fmt.Errorf("record: %.40q… makes a row of %d bytes: a row may have %d", row, len(row), longestRow))
		}
	}
	return c.write(bytes.Join(all, nil))
}

var oneLine = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`)

func csvRow(step int, name, value string) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	_ = w.Write([]string{strconv.Itoa(step), oneLine.Replace(name), oneLine.Replace(value), // memory has no errors
		time.Now().UTC().Format("2006-01-02T15:04:05.000Z")})
	w.Flush()
	return b.Bytes()
}
