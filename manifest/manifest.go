package manifest

// Version is the version of the format that this package writes and reads.
const Version = 1

// What Manifest.Selection says about the weights that figures are quoted of.
const (
	LastEpoch    = "last epoch"
	BestHeldOut  = "best on held-out split" // of the training set, see dataset.Holdout
	BestOnTest   = "best on the test set"   // whose figures then say too much
	BestTraining = "best in training"       // by its losses
)

// Manifest says what a run was. Fields that do not apply stay zero.
type Manifest struct {
	Version   int      `json:"version"` // of the format; New sets it
	Data      Data     `json:"data"`
	Network   Network  `json:"network"`
	Training  Training `json:"training"`
	Selection string   `json:"selection"` // LastEpoch, BestHeldOut, or another rule in words
	Build     Build    `json:"build"`
	// NotBitForBit are the steps from which it has not the bits of a run that was never stopped, see Override.
	NotBitForBit []Departure `json:"not_bit_for_bit,omitempty"`
}

// Data is what was trained and tested on.
type Data struct {
	Name          string   `json:"name"`           // "CIFAR-10"
	Profile       string   `json:"profile"`        // how the long tail was cut: "exponential, imbalance 100, shuffle, seed 1"
	TrainSHA256   string   `json:"train_sha256"`   // HashSamples of the images trained on
	TrainCounts   []int    `json:"train_counts"`   // of each class
	HeldOutSHA256 string   `json:"heldout_sha256"` // HashSamples of the images held out of training; "" if none were
	HeldOutCounts []int    `json:"heldout_counts"`
	TestSHA256    string   `json:"test_sha256"` // HashSamples of the test images
	TestCounts    []int    `json:"test_counts"`
	LeftOut       []string `json:"left_out,omitempty"` // files that were there and in no set, such as bad ones
	// The images themselves: dataset.Sum of each set, or NotHashed. Left out in manifests of before there were such fields.
	TrainContent   string `json:"train_content,omitempty"`
	HeldOutContent string `json:"heldout_content,omitempty"`
	TestContent    string `json:"test_content,omitempty"`
	// Of classes that annotation files call by ids: those, and their names, by label.
	ClassIDs []string `json:"class_ids,omitempty"`
	Classes  []string `json:"classes,omitempty"`
}

// NotHashed is what Data says of images of which there is no checksum.
const NotHashed = "not hashed"

// Network is what was trained.
type Network struct {
	Backbone       string   `json:"backbone"`         // "CIFAR ResNet-32"
	Width          int      `json:"width"`            // channels of the first stage
	Projection     string   `json:"projection"`       // the head of embeddings; "" for none
	Classifier     string   `json:"classifier"`       // the head of logits
	Input          []int    `json:"input"`            // height, width, channels
	Resize         string   `json:"resize,omitempty"` // what test images are resized to before their middle is cut out; "" if they are not
	Normalize      string   `json:"normalize"`        // how pixels become numbers
	Frozen         []string `json:"frozen"`           // parameters and running statistics that training left as they were
	SeparatePasses bool     `json:"separate_passes"`  // each stream went through batch norm by itself
	Parameters     int      `json:"parameters"`
	MultiplyAdds   int64    `json:"multiply_adds"` // of the forward pass of one image
}

// Training is how it was trained.
type Training struct {
	Method        string   `json:"method"` // "hybrid-sc"
	Streams       []Stream `json:"streams"`
	Optimizer     string   `json:"optimizer"`                 // "SGD, momentum 0.9, weight decay 1e-4"
	LearningRate  string   `json:"learning_rate"`             // the schedule: "0.5, tenfold less at epochs 120 and 160"
	ClipNorm      string   `json:"clip_norm"`                 // what gradients were scaled down to; "" if they were not
	EMA           string   `json:"ema"`                       // the moving average of the weights: "decay 0.999"; "" for none
	KeyDecay      float64  `json:"key_decay"`                 // of the encoder that makes keys; 0: no keys
	Epochs        int      `json:"epochs"`                    // planned
	LimitSteps    int      `json:"limit_steps"`               // of an epoch, the rest left out; 0 for all
	Batch         int      `json:"batch"`                     // samples that each stream draws
	Ranks         int      `json:"ranks,omitempty"`           // processes that trained together, each on its part of every batch; 0 for one
	SyncBatchNorm bool     `json:"sync_batch_norm,omitempty"` // batch norm had the statistics of all ranks' rows, not of each rank's own
	Accumulate    int      `json:"accumulate"`                // batches in a step
	Chunk         int      `json:"chunk,omitempty"`           // samples that pass the backbone at once; 0 for the batch
	SkipNonFinite int      `json:"skip_non_finite"`           // steps that might be left out
	Dropped       int      `json:"dropped,omitempty"`         // samples that the streams draw in the first epoch and that make no whole step
	ImagesSeen    int64    `json:"images_seen"`               // that went through the network in training: each view counts
	EvalEvery     int      `json:"eval_every"`                // epochs between two evaluations, of which selection may choose
	EvalBatch     int      `json:"eval_batch,omitempty"`      // images evaluated at once; 0 for the usual 128
	Score         string   `json:"score,omitempty"`           // what epochs are ranked by, other than top-1 on what is held out
	Patience      int      `json:"patience,omitempty"`        // epochs without a better score that end the run; 0 for none
	Groups        string   `json:"groups"`                    // what counts as many, medium and few
	Precision     string   `json:"precision,omitempty"`       // what convolutions multiplied: "bfloat16"; "" for float32
	BLAS          string   `json:"blas"`                      // dense products other than this module's; "" for these
	Seed          uint64   `json:"seed"`
	Recipe        string   `json:"recipe,omitempty"` // what runs that are compared have in common, besides what is above, in words
	Other         []string `json:"other"`            // whatever else sets the run apart: "weights from a model of ImageNet"
}

// Stream is one of the streams of batches that a method trains on; a plain classifier has one, a hybrid two.
type Stream struct {
	Name    string     `json:"name"`    // "feature"
	Sampler string     `json:"sampler"` // "class-balanced"
	Views   [][]string `json:"views"`   // of each view of a sample, the augmentations in their order: "crop, padding 4"
	Mixer   string     `json:"mixer"`   // what blended the samples; "" if nothing did
	// Partner is what drew second samples whose features or images were mixed with the first's. Without one it is left out, as before
	// there was such a field.
	Partner string `json:"partner,omitempty"`
	// Teacher is the network that losses of the stream learn from, and the SHA-256 of its values, "" where it is not trained yet. Left
	// out without one.
	Teacher       string `json:"teacher,omitempty"`
	TeacherSHA256 string `json:"teacher_sha256,omitempty"`
	Terms         []Term `json:"terms"`
}

// Term is one loss of a stream.
type Term struct {
	Name     string            `json:"name"`          // "sc"
	Loss     string            `json:"loss"`          // "supervised contrastive"
	Weight   string            `json:"weight"`        // the schedule: "1 − (epoch/epochs)²"
	Views    []int             `json:"views"`         // that the loss saw, from 0; none for all
	KeyViews []int             `json:"key_views"`     // that the encoder made keys of; none without keys
	Rho      float64           `json:"rho,omitempty"` // how far from the weights its gradient was taken; left out at them
	Settings map[string]string `json:"settings"`      // "temperature": "0.1"
}

// Build is what a run was computed with: the same bits can be expected of the same build only.
type Build struct {
	Module   string `json:"module"`    // version of this module
	Revision string `json:"revision"`  // of the program's repository, "+changes" for uncommitted ones; "" if not known
	Go       string `json:"go"`        // version
	Platform string `json:"platform"`  // "linux/amd64"
	CPULevel string `json:"cpu_level"` // instructions in use: "avx512", "avx2" or "generic", "avx512 with bfloat16" if they were in use
}
