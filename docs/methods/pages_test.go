// Package methods_test keeps the pages of the methods true: to the presets of package method, and to the lines of code
// that they quote.
package methods_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/method"
	"github.com/stretchr/testify/require"
)

const root = "../.."

// The headings of a page, in order.
var skeleton = []string{"Formula", "Settings", "Cost", "When to take it", "Train", "Code"}

func TestEveryMethodHasAPage(t *testing.T) {
	files, err := filepath.Glob("*.md")
	require.NoError(t, err)
	names := map[string]bool{"README.md": true}
	for _, m := range method.All() {
		names[m.Name+".md"] = true
		require.FileExists(t, m.Name+".md")
	}
	for _, f := range files {
		require.True(t, names[f], "%s is the page of no method: method.All has none of that name", f)
	}
}

func TestPagesAgreeWithThePresets(t *testing.T) {
	for _, m := range method.All() {
		t.Run(m.Name, func(t *testing.T) {
			p := read(t, m.Name+".md")
			require.Equal(t, m.Title, p.title)
			require.Equal(t, skeleton, p.headings)
			require.Equal(t, fmt.Sprint(m.Images), p.facts["Images a sample"])
			require.Equal(t, m.ArXiv, arXiv(p.facts["Paper"]), "arXiv number in %q", p.facts["Paper"])
			require.Equal(t, m.Second == nil, strings.HasPrefix(p.facts["Second stage"], "none"), "Second stage: %s", p.facts["Second stage"])
			require.Equal(t, m.Recipe == nil, strings.HasPrefix(p.facts["Recipe"], "none"), "Recipe: %s", p.facts["Recipe"])
			require.Contains(t, p.facts["Preset"], "`"+m.Name+"`")
			if published, ok := p.facts["Published"]; ok {
				require.Regexp(t, ` (–|\d\d\.\d) / \d\d\.\d % top-1.*\d epochs`, published, "figures without the epochs mislead")
			}
		})
	}
}

func TestIndexAgreesWithThePresets(t *testing.T) {
	rows := map[string][]string{}
	for _, r := range tables(read(t, "README.md").text) {
		if len(r) == 4 {
			rows[r[0]] = r[2:]
		}
	}
	for _, m := range method.All() {
		second := "no"
		if m.Second != nil {
			second = "yes"
		}
		row := fmt.Sprintf("[%s](%s.md)", m.Title, m.Name)
		require.Equal(t, []string{fmt.Sprint(m.Images), second}, rows[row], "the row of %s", row)
	}
}

var link = regexp.MustCompile(`\[([^\]]+)\]\(([^)]+)\)`)

func TestLinksLeadSomewhere(t *testing.T) {
	files, err := filepath.Glob("*.md")
	require.NoError(t, err)
	for _, f := range files {
		for _, l := range link.FindAllStringSubmatch(read(t, f).text, -1) {
			if n := arXiv(l[1]); n != "" {
				require.Equal(t, "https://arxiv.org/abs/"+n, l[2], "%s: %s", f, l[0])
				continue
			}
			require.FileExists(t, l[2], "%s: %s", f, l[0])
		}
	}
}

func TestQuotedCodeIsInItsFile(t *testing.T) {
	for _, m := range method.All() {
		t.Run(m.Name, func(t *testing.T) {
			quoted := 0
			for _, r := range tables(read(t, m.Name+".md").section("Code")) {
				if r[0] == "equation" {
					require.Equal(t, []string{"equation", "file", "code"}, r)
					continue
				}
				require.Len(t, r, 3, "row %v", r)
				path, code := strings.Trim(r[1], "`"), strings.Trim(r[2], "`")
				source, err := os.ReadFile(filepath.Join(root, path))
				require.NoError(t, err)
				require.True(t, hasLine(string(source), code), "%s has no line\n%s", path, code)
				quoted++
			}
			require.Positive(t, quoted)
		})
	}
}

func hasLine(source, line string) bool {
	for l := range strings.Lines(source) {
		if strings.TrimSpace(l) == line {
			return true
		}
	}
	return false
}

type page struct {
	text, title string
	headings    []string
	facts       map[string]string // of the table at the top
}

func read(t *testing.T, file string) page {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	p := page{text: string(text), facts: map[string]string{}}
	first, _, _ := strings.Cut(p.text, "\n")
	p.title = strings.TrimPrefix(first, "# ")
	top, _, _ := strings.Cut(p.text, "\n## ")
	for _, r := range tables(top) {
		if len(r) == 2 {
			p.facts[r[0]] = r[1]
		}
	}
	for l := range strings.Lines(p.text) {
		if h, ok := strings.CutPrefix(l, "## "); ok {
			p.headings = append(p.headings, strings.TrimSpace(h))
		}
	}
	return p
}

// section is what stands below a heading.
func (p page) section(heading string) string {
	_, after, _ := strings.Cut(p.text, "\n## "+heading+"\n")
	body, _, _ := strings.Cut(after, "\n## ")
	return body
}

// tables returns the cells of all rows of tables, without the line below a header. `\|` in a cell is a bar.
func tables(text string) (rows [][]string) {
	for l := range strings.Lines(text) {
		l = strings.TrimSpace(l)
		if !strings.HasPrefix(l, "|") || strings.HasPrefix(l, "|---") {
			continue
		}
		var cells []string
		for c := range strings.SplitSeq(strings.ReplaceAll(strings.Trim(l, "|"), `\|`, "\x00"), "|") {
			cells = append(cells, strings.ReplaceAll(strings.TrimSpace(c), "\x00", "|"))
		}
		rows = append(rows, cells)
	}
	return rows
}

var number = regexp.MustCompile(`arXiv (\d{4}\.\d{5})`)

// arXiv is the first number of a paper in the text, "" if there is none.
func arXiv(text string) string {
	if m := number.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}
