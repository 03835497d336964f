package longtail_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Code in CONTRIBUTING.md that names its file must be in that file as it is.
func TestContributingQuotesTheCode(t *testing.T) {
	text, err := os.ReadFile("CONTRIBUTING.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)   ```go\n   // (\\S+\\.go)\n(.*?)   ```").FindAllStringSubmatch(string(text), -1)
	require.GreaterOrEqual(t, len(blocks), 4)
	for _, b := range blocks {
		code, err := os.ReadFile(b[1])
		require.NoError(t, err)
		quoted := strings.ReplaceAll("\n"+b[2], "\n   ", "\n")[1:]
		require.True(t, strings.Contains(string(code), quoted), "%s does not have:\n%s", b[1], quoted)
	}
}
