package experiment

import (
	"fmt"
	"strings"
)

// Preset is how a paper trained on a data set: settings to start from.
type Preset struct {
	Name, Title string
	Source      string // whose figures they are, and what is another's
	Settings    Settings
}

// Presets returns the recipes for photographs. Both are of ResNet-50 at 224×224 with batches of 256, of which 32 samples pass the
// backbone at once: the losses see all 256, and gradients are those of the whole batch but for batch norm, which has the
// statistics of each 32 (see train.Trainer.Chunk).
//
// The paper of hybrid networks (arXiv 2103.14267) trains a ResNet-50 at 224×224 on iNaturalist 2018 too, but what it says of
// epochs, batch and rate could not be found out; the presets follow papers whose authors' code could be read.
func Presets() []Preset {
	photographs := Settings{Backbone: "resnet", Depth: 50, Size: 224, Crop: "resized", Profile: "natural", Equal: "epochs", Epochs: 90,
		Batch: 256, Chunk: 32, LR: 0.1, Schedule: "cosine"}.filled()
	inaturalist, imagenet := photographs, photographs
	inaturalist.Decay, imagenet.Decay = 1e-4, 5e-4
	return []Preset{
		{"inaturalist2018", "iNaturalist 2018", "Decoupling (arXiv 1910.09217): 90 epochs, weight decay 1e-4, a cosine from 0.2 for batches of 512, " +
			"here 0.1 for 256; its color jitter is left out", inaturalist},
		{"imagenet-lt", "ImageNet-LT", "BCL (arXiv 2207.09052), and Decoupling (arXiv 1910.09217) at twice batch and rate: 90 epochs, batches of 256, a cosine " +
			"from 0.1, weight decay 5e-4; their color jitter and RandAugment are left out", imagenet},
	}
}

// PresetByName returns the preset of a name.
func PresetByName(name string) (Preset, error) {
	var names []string
	for _, p := range Presets() {
		if p.Name == name {
			return p, nil
		}
		names = append(names, p.Name)
	}
	return Preset{}, fmt.Errorf("experiment: there is no preset %q: there are %s", name, strings.Join(names, ", "))
}
