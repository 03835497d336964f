package record_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/record"
)

// rows reads a CSV file: step, name and value of each row, joined by spaces.
func rows(t *testing.T, path string) (all []string) {
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	lines, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	require.NoError(t, err)
	require.Equal(t, []string{"step", "name", "value", "time"}, lines[0])
	for _, l := range lines[1:] {
		_, err := time.Parse(time.RFC3339, l[3])
		require.NoError(t, err)
		all = append(all, strings.Join(l[:3], " "))
	}
	return all
}

func TestCSVIsReadBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.csv")
	c, err := record.CreateCSV(path)
	require.NoError(t, err)
	require.Empty(t, rows(t, path))
	require.NoError(t, c.Settings(0, map[string]string{"lr": "0.5", "batch": "128"}))
	require.NoError(t, c.Settings(0, nil))
	for i, v := range []float64{0.1, 1.0 / 3, math.NaN(), math.Inf(-1), math.MaxFloat64} {
		require.NoError(t, c.Scalar(i, "loss", v))
	}
	require.NoError(t, c.Text(7, `a "name", quoted`, "two\nlines\r\n and a \\n"))
	require.NoError(t, c.Flush())
	require.Equal(t, []string{"0 settings/batch 128", "0 settings/lr 0.5", "0 loss 0.1", "1 loss 0.3333333333333333", "2 loss NaN", "3 loss -Inf",
		"4 loss 1.7976931348623157e+308", `7 a "name", quoted two\nlines\r\n and a \\n`}, rows(t, path), "before Close too")
	require.NoError(t, c.Close())
	require.NoError(t, c.Close())
	raw, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, 9, bytes.Count(raw, []byte("\n")), "every row is one line")
}

func TestCSVResumes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.csv")
	for part := range 3 {
		c, err := record.ResumeCSV(path, 2*part)
		require.NoError(t, err)
		require.NoError(t, c.Text(2*part, "part", strconv.Itoa(part)))
		for step := 2 * part; step < 2*part+4; step++ {
			require.NoError(t, c.Scalar(step, "loss", float64(100*part+step)))
		}
		require.NoError(t, c.Close())
	}
	require.Equal(t, []string{"0 part 0", "0 loss 0", "1 loss 1", "2 part 1", "2 loss 102", "3 loss 103", "4 part 2", "4 loss 204", "5 loss 205",
		"6 loss 206", "7 loss 207"}, rows(t, path))
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file stays")
}

func TestCSVResumesBehindALongText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.csv")
	c, err := record.CreateCSV(path)
	require.NoError(t, err)
	long := strings.Repeat("x", 300000)
	require.NoError(t, c.Text(0, "config", long))
	require.NoError(t, c.Scalar(0, "loss", 1))
	require.NoError(t, c.Scalar(1, "loss", 2))
	require.NoError(t, c.Close())
	c, err = record.ResumeCSV(path, 1)
	require.NoError(t, err)
	require.ErrorContains(t, c.Text(1, "config", strings.Repeat("x", 1<<24)), "a row may have 16777216")
	_ = c.Close()
	require.Equal(t, []string{"0 config " + long, "0 loss 1"}, rows(t, path))
}

func TestCSVErrors(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "run.csv")
	c, err := record.CreateCSV(path)
	require.NoError(t, err)
	require.NoError(t, c.Close())
	_, err = record.CreateCSV(path)
	require.EqualError(t, err, fmt.Sprintf("record: %s is there already: go on with it by ResumeCSV, or choose another name", path))
	_, err = record.ResumeCSV(path, -1)
	require.EqualError(t, err, fmt.Sprintf("record: resuming %s at step -1: steps count from 0", path))
	_, err = record.CreateCSV(filepath.Join(dir, "none", "run.csv"))
	require.ErrorContains(t, err, "record: open ")
	_, err = record.ResumeCSV(dir, 1)
	require.ErrorContains(t, err, "record: resuming "+dir)

	for text, want := range map[string]string{
		"epoch,loss\n1,2\n":                        `line 1 is "epoch,loss\n", not "step,name,value,time\n": this is another kind of file, choose another name`,
		"hello":                                    `line 1 is "hello", not "step,name,value,time\n": this is another kind of file, choose another name`,
		"step,name,value,time\n1,a,2\n":            `line 2, "1,a,2\n", is no row: it has 3 fields, not 4`,
		"step,name,value,time\n\n":                 `line 2, "\n", is no row: it is empty`,
		"step,name,value,time\n1,a,2,t\nx,a,2,t\n": `line 3, "x,a,2,t\n", is no row: its step "x" is not a number from 0`,
		"step,name,value,time\n-1,a,2,t\n":         `line 2, "-1,a,2,t\n", is no row: its step "-1" is not a number from 0`,
		"step,name,value,time\n1,a,\"2,t\n":        `line 2, "1,a,\"2,t\n", is no row: extraneous or missing " in quoted-field`,
	} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
		_, err := record.ResumeCSV(path, 5)
		require.EqualError(t, err, fmt.Sprintf("record: resuming %s: %s", path, want))
		raw, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, text, string(raw), "a file that is not understood stays as it was")
	}
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, left, 1, "no temporary file stays")
}

func FuzzResumeCSV(f *testing.F) {
	for _, s := range []string{"", "step,na", "step,name,value,time\n", "step,name,value,time\r\n3,a,1,t\r\n4,\"b\"\"\",2,t\n5,c", "x\n",
		"step,name,value,time\n1,\"a\n", "step,name,value,time\n99999999999999999999,a,1,t\n"} {
		f.Add([]byte(s), 4)
	}
	f.Fuzz(func(t *testing.T, raw []byte, step int) {
		path := filepath.Join(t.TempDir(), "run.csv")
		require.NoError(t, os.WriteFile(path, raw, 0o666))
		c, err := record.ResumeCSV(path, step)
		kept, reading := os.ReadFile(path)
		require.NoError(t, reading)
		if err != nil {
			require.Equal(t, raw, kept)
			return
		}
		require.NoError(t, c.Scalar(step, "loss", 1))
		require.NoError(t, c.Close())
		r := csv.NewReader(bytes.NewReader(kept))
		lines, err := r.ReadAll()
		require.NoError(t, err)
		for _, l := range lines[1:] {
			at, err := strconv.Atoi(l[0])
			require.NoError(t, err)
			require.Less(t, at, step)
		}
		require.LessOrEqual(t, len(lines)-1, bytes.Count(raw, []byte("\n")), "no row comes from nowhere")
		c, err = record.ResumeCSV(path, step)
		require.NoError(t, err)
		require.NoError(t, c.Close())
		again, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, kept, again, "resuming at the same step again drops what was added")
	})
}
