package manifest_test

import (
	"fmt"
	"log"

	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/manifest"
)

func Example() {
	all, _, err := dataset.Generate(dataset.GenerateSettings{Classes: 2, PerClass: 20, TestPerClass: 1})
	if err != nil {
		log.Fatal(err)
	}
	run := func(imbalance float64, epochs int) manifest.Manifest {
		tail, err := dataset.LongTail(all, dataset.Exponential{Imbalance: imbalance}, dataset.LongTailSettings{})
		if err != nil {
			log.Fatal(err)
		}
		m := manifest.New("generic")
		if m.Data.TrainSHA256, err = manifest.HashSamples(dataset.Indices(tail), dataset.Labels(tail)); err != nil {
			log.Fatal(err)
		}
		m.Data.TrainSHA256 = m.Data.TrainSHA256[:8] // to fit the page
		m.Data.TrainCounts = dataset.Counts(tail)
		m.Training.Epochs = epochs
		m.Selection = manifest.LastEpoch
		return m
	}
	for _, d := range manifest.Diff(run(10, 200), run(20, 100)) {
		fmt.Println(d)
	}
	// Output:
	// data.train_sha256: "27cb3d11", "676b3315"
	// data.train_counts: [20,2], [20,1]
	// training.epochs: 200, 100
}

func ExampleDecode() {
	text, err := manifest.New("avx2").Encode()
	if err != nil {
		log.Fatal(err)
	}
	m, err := manifest.Decode(text)
	fmt.Println(m.Build.CPULevel, err)
	_, err = manifest.Decode([]byte(`{"version": 1, "training": {"epoch": 200}}`))
	fmt.Println(err)
	_, err = manifest.Decode([]byte(`{"version": 7}`))
	fmt.Println(err)
	// Output:
	// avx2 <nil>
	// manifest: unknown field "epoch": it is misspelt, or of another program
	// manifest: version 7 is not known, only 1: read it with the release that wrote it
}

func ExampleHashSamples() {
	hash, err := manifest.HashSamples([]int{10, 7}, []int{0, 2})
	fmt.Println(hash, err) // that of: printf '10 0\n7 2\n' | sha256sum
	// Output: ba3751fd075ab80e06b478c9cc48259969cc33cfce3e6a24c497c125aea9bb7e <nil>
}

func ExampleDiff() {
	a, b := manifest.New("avx2"), manifest.New("generic")
	a.Training.Batch = 512
	for _, d := range manifest.Diff(a, b) {
		fmt.Println(d)
	}
	// Output:
	// training.batch: 512, 0
	// build.cpu_level: "avx2", "generic"
}
