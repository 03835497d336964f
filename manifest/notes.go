package manifest

// Notes are what a program knows of a run and its trainer does not. Fields that are not known stay zero.
type Notes struct {
	Data      string   // Data.Name
	Profile   string   // Data.Profile
	Method    string   // Training.Method
	Recipe    string   // Training.Recipe
	Other     []string // Training.Other
	Selection string   // where the quoted weights are not those the trainer chooses
}

// With returns m with the notes in it.
func (m Manifest) With(n Notes) Manifest {
	m.Data.Name, m.Data.Profile = n.Data, n.Profile
	m.Training.Method, m.Training.Recipe, m.Training.Other = n.Method, n.Recipe, n.Other
	if n.Selection != "" {
		m.Selection = n.Selection
	}
	return m
}
