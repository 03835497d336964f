package record

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// A run that is cut off at any byte keeps the rows of the steps before its last checkpoint, to the byte.
func TestAFileCutOffAnywhereKeepsItsWholeSteps(t *testing.T) {
	raw := []byte(csvHeader)
	for step := range 6 {
		raw = append(raw, csvRow(step, "loss", "0.333")...)
		raw = append(raw, csvRow(step, "note", "a \"quoted\"\r\nline, or \\two")...)
	}
	lines := bytes.SplitAfter(raw, []byte("\n"))
	for cut := range len(raw) + 1 {
		// The last checkpoint is of the last step whose rows are all there.
		steps := max(0, (bytes.Count(raw[:cut], []byte("\n"))-1)/2)
		var kept bytes.Buffer
		require.NoError(t, keepBefore(&kept, bytes.NewReader(raw[:cut]), steps), "cut at %d", cut)
		require.Equal(t, string(bytes.Join(lines[:1+2*steps], nil)), kept.String(), "cut at %d", cut)
	}
}

// However often a run dies and goes on from an earlier step, each step's row is there once, in order.
func TestAResumedFileHoldsEachStepOnce(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var file bytes.Buffer
		done, total := 0, rapid.IntRange(1, 50).Draw(rt, "steps")
		for done < total {
			from := rapid.IntRange(0, done).Draw(rt, "checkpoint")
			to := min(total, from+rapid.IntRange(1, 20).Draw(rt, "until"))
			var kept bytes.Buffer
			require.NoError(rt, keepBefore(&kept, &file, from))
			for step := from; step < to; step++ {
				kept.Write(csvRow(step, rapid.StringN(1, 5, -1).Draw(rt, "name"), fmt.Sprint(step)))
			}
			file, done = kept, to
		}
		lines := strings.Split(strings.TrimSuffix(file.String(), "\n"), "\n")
		require.Len(rt, lines, 1+total)
		for step, line := range lines[1:] {
			require.True(rt, strings.HasPrefix(line, fmt.Sprintf("%d,", step)), line)
		}
	})
}
