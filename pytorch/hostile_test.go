package pytorch_test

import (
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An error is short, however often what it is about holds itself.
func TestErrorsOfPicklesThatGrow(t *testing.T) {
	grown := "N" + strings.Repeat("q\x00h\x00\x86", 40)
	for _, file := range []string{
		"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02" + grown + ".",
		string(archiveOf(t, tupleOf(text("storage"), name("torch", "FloatStorage"), grown, text("cpu"), number(1))+"Q", nil)),
	} {
		_, err := read([]byte(file))
		require.Error(t, err)
		require.Less(t, len(err.Error()), 500)
	}
}

// Pickles that make much of little are refused before they take memory for it.
func TestPicklesThatGrow(t *testing.T) {
	pair := tupleOf(text("k"), number(1))
	many := "](" + pair + "q\x01" + strings.Repeat("h\x01", 100_000) + "eq\x02" // a list of one pair many times, remembered
	ones := "(" + strings.Repeat("K\x01", 100_000) + "tq\x03"
	storage := storageOf("FloatStorage", "0", number(1))
	for what, pickle := range map[string]string{
		"values":     strings.Repeat("}", 5_000_000),
		"makes more": many + strings.Repeat(name("collections", "OrderedDict")+"h\x02\x85R", 1000),
		"dimensions": ones + tensorOf(storage, number(0), "h\x03", "h\x03"),
	} {
		file := archiveOf(t, pickle, four(sixteen[:4]))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := read(file)
		runtime.ReadMemStats(&after)
		require.ErrorContains(t, err, what)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<30), what)
	}
}
