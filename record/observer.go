package record

// Observer is told of a run as it goes, by what trains. Progress writes lines, Files keeps figures, and Scalars hands them to
// Recorders. An error ends the run.
type Observer interface {
	// Begin is called before the first step, with how many epochs and steps of the whole run are done: 0 and 0, or where a
	// resumed run goes on.
	Begin(epochs, steps int) error
	Step(State) error  // called after each step
	Epoch(Epoch) error // called after each epoch
	// Flush is called before a checkpoint is saved, which must not be ahead of what was observed.
	Flush() error
	// End is called when the run ends, whatever ends it.
	End() error
}

// State is where a run is after a step.
type State struct {
	Epoch, Epochs   int // from 0, and how many
	Step, Steps     int // of this epoch: from 0, and how many
	Number          int // of the step in the whole run, from 0
	Losses          []Loss
	Loss            float64 // the weighted sum
	LearningRate    float64
	GradNorm        float64
	Images          int // that went through the network in this step
	ImagesPerSecond float64
}

// Epoch is what an epoch was.
type Epoch struct {
	Epoch, Epochs   int    // from 0, and how many
	Losses          []Loss // means over the steps
	Loss            float64
	LearningRate    float64
	ImagesPerSecond float64
	Figures         []Figure // what was measured after it
	Note            string   // what a line about it says besides: "validation 45.20%"
}

// Loss is one term of a step's loss.
type Loss struct {
	Name    string
	Value   float64 // before its weight
	Weight  float64 // of a hybrid's contrastive term, the curriculum's α
	Skipped int     // anchors left out
}

// Figure is one number of an epoch.
type Figure struct {
	Name  string // "validation/top1"
	Value float64
}
