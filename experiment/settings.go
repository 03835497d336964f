package experiment

// Settings say how runs are trained, whatever their method and seed. What is 0 or "" is derived from the data where the
// comment says so, and else means what is written: no warm-up, no weight decay. Usual has the values to start from.
type Settings struct {
	// Data is a folder, an annotation file or tar archives, see source.Open. Where there is no test set, a fifth of the images becomes it.
	// "" generates ten classes.
	Data string  `json:"data,omitempty"`
	Read Reading `json:"read,omitzero"` // what Data does not say itself
	// Size is the width and height that images are brought to. 0: that of CIFAR's images, 16 for generated ones, and for image
	// files the median shorter side, at most 64, or 224 for Backbone resnet.
	Size int `json:"size"`
	// Crop is how training images come to their size. resized: random boxes of whole photographs (augment.ResizedCrop), and
	// evaluation takes the middle of images with a certain shorter side. padded: images are brought to the size and shifted by up to
	// an eighth. "": resized for image files with Backbone resnet, else padded.
	Crop    string `json:"crop,omitempty"`
	Shorter int    `json:"shorter,omitempty"` // that side, for Crop resized; 0 means 8/7 of Size: 256 for 224
	// Profile is exp, step or natural, which keeps all images. "": natural for image files and for classes of different sizes, exp for the others, and
	// wherever Imbalance is set.
	Profile   string  `json:"profile"`
	Imbalance float64 `json:"imbalance,omitempty"` // images of the largest class over those of the smallest; 0 means 100
	Select    string  `json:"select"`              // which images of a class are kept: shuffle (by the run's seed) or first; "" means shuffle
	// LeaveOut are image files that no set has, by their paths below Data with slashes, or archives with @ and an offset, such as those of FindBad. A class that has
	// no others is an error.
	LeaveOut []string `json:"leave_out,omitempty"`
	// AllowMissing lets classes be absent from test and validation set. They have no figure there, and means are over the others.
	AllowMissing bool `json:"allow_missing,omitempty"`
	// Holdout is the fraction of each class that no method trains on. 0: none; a validation set takes its place.
	Holdout float64 `json:"holdout"`
	// HashImages is of how many images of each set manifests hash the pixels, see dataset.Sum; 0 means 256.
	HashImages int `json:"hash_images,omitempty"`

	// Backbone is cifar, backbone.CIFARResNet, or resnet, backbone.ResNet for photographs; for features mlp, or linear for a head
	// alone. "": cifar, and mlp for features.
	Backbone  string `json:"backbone"`
	Depth     int    `json:"depth"`     // of it; 0 means 32 for cifar, which has 6n+2, 18 for resnet and one layer for mlp
	Width     int    `json:"width"`     // channels of its first stage; 0 means 16 for cifar, 64 for resnet and layers of 512 for mlp
	Embedding int    `json:"embedding"` // width of embeddings; 0 means 128

	// Init is a file of weights that the backbone begins with: a model file or the folder of a run of this library's, or weights
	// that other programs made, see package pretrained. Heads begin anew. Pixels are normalized as that network saw them: by what
	// its model file says, or else by augment.ImageNetNormalize. "": weights are drawn.
	Init string `json:"init,omitempty"`
	// LayerDecay is how much slower each layer of the backbone trains than the one behind it, see optim.LayerDecay; 0 means 1, all
	// alike.
	LayerDecay float64 `json:"layer_decay,omitempty"`

	// Teacher is the model file, or the folder of a run, of the network that methods with a teacher learn from. "": they train it first,
	// by method.Method.Teacher, for as many epochs.
	Teacher string `json:"teacher,omitempty"`

	Epochs int `json:"epochs"` // of a method of one image a sample
	// Equal is what methods have in common: epochs (and the samples in a batch), or images (and steps), for which a method
	// of m images a sample draws m times fewer samples in a batch for m times fewer epochs. "" means epochs.
	Equal string `json:"equal"`
	// Views is the augmentation. plain: crop, flip and grayscale for all. resized: boxes of a fifth of the image or more
	// for that crop. strong: AutoAugment and Cutout where a loss on logits sees the view, SimAugment elsewhere, for all. paper: each
	// method's own. "" means plain.
	Views  string `json:"views"`
	Recipe string `json:"recipe"` // common: the fields below; paper: method.Method.Recipe, by which they are 0; "" means common
	// Batch is the number of samples in a batch of a method of one image a sample. 0: a tenth of the training images, in
	// multiples of 12, at most 384.
	Batch int     `json:"batch,omitempty"`
	LR    float64 `json:"lr,omitempty"` // learning rate; 0 means 0.5 for a batch of 384, and in proportion
	// Schedule is how it falls: steps, by Cuts, or cosine, to 0 along half of one. "" means steps.
	Schedule string    `json:"schedule,omitempty"`
	Cuts     []float64 `json:"cuts,omitempty"`   // percents of the epochs after which it is cut tenfold
	Warmup   float64   `json:"warmup,omitempty"` // percent of the epochs in which it rises to its height
	Decay    float64   `json:"decay,omitempty"`  // weight decay of SGD with momentum 0.9

	Clip float64 `json:"clip"`          // norm that gradients are scaled down to; 0: not
	EMA  float64 `json:"ema,omitempty"` // decay of a moving average of the weights; 0: none
	// Accumulate is how many batches make a step, see train.Trainer; 0 means 1.
	Accumulate int    `json:"accumulate,omitempty"`
	Chunk      int    `json:"chunk,omitempty"`     // samples that pass the backbone at once, see train.Trainer; 0: the batch
	Recompute  bool   `json:"recompute,omitempty"` // less memory and more time for the same bits, see train.Trainer
	Precision  string `json:"precision,omitempty"` // float32, or bfloat16 in convolutions, see train.Trainer; "" means float32
	// SeparatePasses gives each stream of a method statistics of its own in batch norm, see hybrid.WithSeparatePasses.
	SeparatePasses bool `json:"separate_passes,omitempty"`
	// SyncBatchNorm gives batch norm the statistics of all ranks' rows, see train.Trainer.
	SyncBatchNorm bool `json:"sync_batch_norm,omitempty"`
	Limit         int  `json:"limit,omitempty"`      // train on the first steps of each epoch only; 0: all
	EvalEvery     int  `json:"eval_every,omitempty"` // epochs between evaluations on held-out images, else on the test set; 0: none before the end
	EvalBatch     int  `json:"eval_batch,omitempty"` // images evaluated at once, which may change figures by rounding; 0 means 128
	// Choose is which weights are tested and kept: those of the last epoch, or the best on held-out images by top-1, or balanced
	// by the mean accuracy of the classes. Methods with a second stage take the last. "" means last.
	Choose   string `json:"choose"`
	Patience int    `json:"patience,omitempty"` // end when so many epochs after the best none was better; 0: never
	Groups   string `json:"groups"`             // many, medium and few by counts (above 100, below 20) or rank (first and last 3); "" means counts
}

// Usual returns the settings of comparisons on CIFAR: equal images, 180 epochs, the rate cut after 80% and 90% of them.
func Usual() Settings {
	return Settings{Holdout: 0.1, Epochs: 180, Equal: "images", Cuts: []float64{80, 90}, Warmup: 5, Decay: 1e-4, Clip: 1}.filled()
}

// Quick returns settings for a small network on generated images: seconds for each method.
func Quick() Settings {
	s := Usual()
	s.Size, s.Imbalance, s.Depth, s.Width, s.Embedding, s.Epochs, s.Batch = 16, 50, 8, 8, 32, 96, 48
	s.LR, s.Decay, s.Groups = 0.1, 5e-4, "rank"
	return s
}

// filled puts words and numbers for the zero values that the data have no say in.
func (s Settings) filled() Settings {
	for _, f := range []struct {
		value *string
		usual string
	}{{&s.Select, "shuffle"}, {&s.Equal, "epochs"}, {&s.Views, "plain"}, {&s.Recipe, "common"}, {&s.Choose, "last"}, {&s.Groups, "counts"}} {
		if *f.value == "" {
			*f.value = f.usual
		}
	}
	if s.Embedding == 0 {
		s.Embedding = 128
	}
	if s.Recipe == "paper" {
		s.Batch, s.LR, s.Schedule, s.Cuts, s.Warmup, s.Decay = 0, 0, "", nil, 0, 0
	}
	return s
}
