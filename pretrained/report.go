package pretrained

import (
	"fmt"
	"strings"

	"github.com/longtail-ml/longtail/safetensors"
)

// Report is what Load did.
type Report struct {
	Prefix  string             // what the file's names had before the network's; empty: nothing
	Part    string             // what the network's names had before the file's, such as "backbone."; empty: nothing
	Loaded  []safetensors.Name // what the network has from the file
	Left    []Left             // tensors of the file that were not taken
	Missing []string           // paths of the network that are as they were
	// Counters is how many counts of batches of PyTorch's batch norm (num_batches_tracked) were passed over: they have no use here.
	Counters int
}

// Left is a tensor of the file that was not taken.
type Left struct{ Name, Why string }

const outside = "outside the prefix"

// String tells it in a few lines: how many tensors were loaded, which under another name than by the rule, which were left
// and why, what is as it was.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "loaded %d tensors", len(r.Loaded))
	if r.Prefix != "" {
		fmt.Fprintf(&b, ", in the file behind %q", r.Prefix)
	}
	if r.Part != "" {
		fmt.Fprintf(&b, ", in the network behind %q", r.Part)
	}
	var renamed, left []string
	for _, n := range r.Loaded {
		if n.Model != r.Part+strings.TrimPrefix(n.File, r.Prefix) {
			renamed = append(renamed, n.String())
		}
	}
	elsewhere := 0
	for _, l := range r.Left {
		if l.Why == outside {
			elsewhere++
			continue
		}
		left = append(left, l.Name+": "+l.Why)
	}
	for _, line := range lines(some("renamed", renamed), some("left in the file", left), some("as they were in the network", r.Missing)) {
		b.WriteString("\n" + line)
	}
	if elsewhere > 0 {
		fmt.Fprintf(&b, "\n%d left in the file without that prefix", elsewhere)
	}
	if r.Counters > 0 {
		fmt.Fprintf(&b, "\n%d counts of batches (num_batches_tracked) passed over", r.Counters)
	}
	return b.String()
}

// some is as in "7 renamed (a, b, …)", empty if there are none.
func some(what string, items []string) string {
	if len(items) == 0 {
		return ""
	}
	const shown = 6
	text := strings.Join(items[:min(shown, len(items))], ", ")
	if len(items) > shown {
		text += ", …"
	}
	return fmt.Sprintf("%d %s (%s)", len(items), what, text)
}

// lines are those that are not empty.
func lines(all ...string) []string {
	var kept []string
	for _, l := range all {
		if l != "" {
			kept = append(kept, l)
		}
	}
	return kept
}
