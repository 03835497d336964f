package record

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"

	"github.com/longtail-ml/longtail/internal/atomicfile"
)

// ResumeCSV opens the file path to go on with step, which is the number of steps taken so far. Rows of that step and later
// ones go, and so does a last line that an interrupted write left incomplete; the file is replaced in one step or stays as
// it was. If there is no file, it makes one. A file with other lines than CSV writes is an error that names the first.
func ResumeCSV(path string, step int) (*CSV, error) {
	if step < 0 {
		return nil, fmt.Errorf("record: resuming %s at step %d: steps count from 0", path, step)
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return CreateCSV(path)
	}
	if err == nil && !info.Mode().IsRegular() { // opening a FIFO would wait for a writer
		err = errors.New("it is no regular file: there are no rows to go on with")
	}
	if err != nil {
		return nil, fmt.Errorf("record: resuming %s: %w", path, err)
	}
	old, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	err = atomicfile.Write(path, func(w io.Writer) error {
		defer old.Close() // Windows renames over closed files only
		return keepBefore(w, old, step)
	})
	old.Close() // if it came to nothing
	if err != nil {
		return nil, fmt.Errorf("record: resuming %s: %w", path, err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	return &CSV{&file{path: path, f: f}}, nil
}

// keepBefore copies the header and the rows of the steps before step.
func keepBefore(to io.Writer, from io.Reader, step int) error {
	r := bufio.NewReaderSize(from, 1<<16)
	var long []byte
	for number := 1; ; number++ {
		line, err := r.ReadSlice('\n')
		if err == bufio.ErrBufferFull && number > 1 {
			for long = long[:0]; err == bufio.ErrBufferFull && len(long) <= longestRow; line, err = r.ReadSlice('\n') {
				long = append(long, line...)
			}
			if line = append(long, line...); len(line) > longestRow {
				return fmt.Errorf("line %d, %.60q…, is no row: it is longer than %d bytes", number, line, longestRow)
			}
		}
		if err != nil && err != io.EOF && err != bufio.ErrBufferFull {
			return err
		}
		if number == 1 {
			whole := err == nil && string(bytes.TrimRight(line, "\r\n"))+"\n" == csvHeader
			if !whole && !(err == io.EOF && bytes.HasPrefix([]byte(csvHeader), line)) {
				return fmt.Errorf("line 1 is %.60q, not %q: this is another kind of file, choose another name", line, csvHeader)
			}
			if _, err := io.WriteString(to, csvHeader); err != nil {
				return err
			}
		}
		if err == io.EOF { // what is left of a line was being written
			return nil
		}
		if number == 1 {
			continue
		}
		at, err := rowStep(line)
		if err != nil {
			return fmt.Errorf("line %d, %.60q, is no row: %w", number, line, err)
		}
		if at < step {
			if _, err := to.Write(line); err != nil {
				return err
			}
		}
	}
}

// rowStep returns the step of a row.
func rowStep(line []byte) (int, error) {
	r := csv.NewReader(bytes.NewReader(line))
	fields, err := r.Read()
	switch {
	case err == io.EOF:
		return 0, errors.New("it is empty")
	case err != nil:
		var parse *csv.ParseError
		if errors.As(err, &parse) { // whose own line number would be that of a file of one line
			err = parse.Err
		}
		return 0, err
	case len(fields) != 4:
		return 0, fmt.Errorf("it has %d fields, not 4", len(fields))
	}
	step, err := strconv.Atoi(fields[0])
	if err != nil || step < 0 {
		return 0, fmt.Errorf("its step %.30q is not a number from 0", fields[0])
	}
	return step, nil
}
