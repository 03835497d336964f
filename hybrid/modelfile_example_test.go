package hybrid_test

import (
	"context"
	"fmt"
	stdimage "image"
	"log"
	"os"
	"path/filepath"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

// A trained network is saved with the names of its classes, the sizes of their training sets and the method.
func ExampleSave() {
	trainSet, _ := exampleData()
	net := exampleNetwork()
	_, err := train.Trainer{Streams: hybrid.SC(0.1), Epochs: 1, Batch: 16, LearningRate: schedule.Constant(0.05)}.
		Fit(context.Background(), net, trainSet, nil)
	if err != nil {
		log.Fatal(err)
	}
	about := hybrid.AboutOf(trainSet)
	about.Method = "hybrid-sc"
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "model.safetensors")
	if err := hybrid.Save(path, net, about); err != nil {
		log.Fatal(err)
	}

	_, about, err = hybrid.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(about.Method, about.Library, about.Counts)
	// Output: hybrid-sc v0.1.0 [100 36 13 5]
}

// The network is built with nothing but its file.
func ExampleOpen() {
	path := exampleFile()
	defer os.Remove(path)
	net, about, err := hybrid.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(net.Backbone, net.Input(), about.Classes)
	// Output: CIFAR ResNet-8, width 4 16×16×3 [cat dog fox owl]
}

// Pictures may have any size and color model.
func ExamplePredictor_Classify() {
	path := exampleFile()
	defer os.Remove(path)
	net, _, err := hybrid.Open(path)
	if err != nil {
		log.Fatal(err)
	}
	predictor, err := net.Freeze()
	if err != nil {
		log.Fatal(err)
	}
	picture := stdimage.NewGray(stdimage.Rect(0, 0, 640, 480)) // imagefile.DecodeFile gives one too
	found, err := predictor.Classify(picture)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range found.Top(2) {
		fmt.Printf("%s %.2f\n", c.Class, c.Probability)
	}
	// Output:
	// cat 0.33
	// fox 0.28
}

// exampleFile is a model file that is not trained.
func exampleFile() string {
	f, err := os.CreateTemp("", "*.safetensors")
	if err != nil {
		log.Fatal(err)
	}
	f.Close()
	about := hybrid.About{Classes: []string{"cat", "dog", "fox", "owl"}, Fit: dataset.Squash}
	if err := hybrid.Save(f.Name(), exampleNetwork(), about); err != nil {
		log.Fatal(err)
	}
	return f.Name()
}
