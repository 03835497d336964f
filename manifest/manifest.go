package manifest

// Version is the version of the format that this package writes and reads.
const Version = 1

// What Manifest.Selection says about the weights that figures are quoted of.
const (
	LastEpoch   = "last epoch"
	BestHeldOut = "best on held-out split" // of the training set, see dataset.Holdout
)

// Manifest says what a run was. Fields that do not apply stay zero.
type Manifest struct {
	Version   int      `json:"version"` // of the format; New sets it
	Data      Data     `json:"data"`
	Network   Network  `json:"network"`
	Training  Training `json:"training"`
	Selection string   `json:"selection"` // LastEpoch, BestHeldOut, or another rule in words
	Build     Build    `json:"build"`
}

// Data is what was trained and tested on.
type Data struct {
	Name          string `json:"name"`           // "CIFAR-10"
	Profile       string `json:"profile"`        // how the long tail was cut: "exponential, imbalance 100, shuffle, seed 1"
	TrainSHA256   string `json:"train_sha256"`   // HashSamples of the images trained on
	TrainCounts   []int  `json:"train_counts"`   // of each class
	HeldOutSHA256 string `json:"heldout_sha256"` // HashSamples of the images held out of training; "" if none were
	HeldOutCounts []int  `json:"heldout_counts"`
	TestCounts    []int  `json:"test_counts"`
}

// Network is what was trained.
type Network struct {
	Backbone     string `json:"backbone"` // "CIFAR ResNet-32"
	Width        int    `json:"width"`    // channels of the first stage
	Input        []int  `json:"input"`    // height, width, channels
	Parameters   int    `json:"parameters"`
	MultiplyAdds int64  `json:"multiply_adds"` // of the forward pass of one image
}

// Training is how it was trained.
type Training struct {
	Method       string   `json:"method"` // "hybrid-sc"
	Streams      []Stream `json:"streams"`
	Optimizer    string   `json:"optimizer"`     // "SGD, momentum 0.9, weight decay 1e-4"
	LearningRate string   `json:"learning_rate"` // the schedule: "0.5, tenfold less at epochs 120 and 160"
	Epochs       int      `json:"epochs"`
	Batch        int      `json:"batch"`       // samples that each stream draws in a step
	ImagesSeen   int64    `json:"images_seen"` // that went through the network in training: each view counts
	Seed         uint64   `json:"seed"`
	Other        []string `json:"other"` // whatever else sets the run apart: "average of weights, decay 0.999"
}

// Stream is one of the streams of batches that a method trains on; a plain classifier has one, a hybrid two.
type Stream struct {
	Sampler       string   `json:"sampler"`       // "class-balanced"
	Augmentations []string `json:"augmentations"` // in the order in which they are applied, "crop, padding 4"
	Views         int      `json:"views"`         // of each sample
	Terms         []Term   `json:"terms"`
}

// Term is one loss of a stream.
type Term struct {
	Name     string            `json:"name"`     // "sc"
	Loss     string            `json:"loss"`     // "supervised contrastive"
	Weight   string            `json:"weight"`   // the schedule: "1 − (epoch/epochs)²"
	Settings map[string]string `json:"settings"` // "temperature": "0.1"
}

// Build is what a run was computed with: the same bits can be expected of the same build only.
type Build struct {
	Module   string `json:"module"`    // version of this module
	Revision string `json:"revision"`  // of the program's repository, "+changes" for uncommitted ones; "" if not known
	Go       string `json:"go"`        // version
	Platform string `json:"platform"`  // "linux/amd64"
	CPULevel string `json:"cpu_level"` // instructions in use: "avx512", "avx2" or "generic"
}
