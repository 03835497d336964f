package report

import "strconv"

// table is a table of a page.
type table struct {
	ID, Caption string
	Columns     []column
	Rows        []row
	Search      bool // has a field to search it, and a choice of groups if rows have them
	Groups      bool
}

type column struct {
	Name   string
	Number bool
}

type row struct {
	Group string
	Cells []cell
}

// cell is a text, and the number it is sorted by, "" for the text itself.
type cell struct{ Text, Sort string }

func words(text string) cell { return cell{Text: text} }

func whole(n int) cell { return cell{count(n), strconv.Itoa(n)} }

// rate is a fraction in percent; what is n/a is sorted first.
func rate(v float64) cell {
	if v != v {
		return cell{"n/a", "-1"}
	}
	return cell{percent(v), strconv.FormatFloat(v, 'f', 4, 64)}
}

// shownRows is how many rows of a long table are there before a reader asks for more: a page of thousands opens at once.
const shownRows = 100

// Hidden tells whether row i is not shown at first.
func (t table) Hidden(i int) bool { return t.Search && i >= shownRows }
