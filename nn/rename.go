package nn

import "slices"

// Rename returns m under other paths: to gives what each is called, and "" leaves it out. The result reads through to m. It
// shows a network to a file under the names that another program uses.
func Rename(m Visitable, to func(path string) string) Visitable {
	entries := Entries(m)
	for i := range entries {
		entries[i].Path = to(entries[i].Path)
	}
	return selection(slices.DeleteFunc(entries, func(e Entry) bool { return e.Path == "" }))
}
