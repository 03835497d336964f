// Bench times the library on this machine. Each job prints one JSON line; README.md beside this file has what was
// measured and against what.
//
//	go run ./bench JOB [-net NAME] [-size N] [-batch N] [-chunk N] [-recompute] [-threads N] [-seconds S] [-level L] [-dim D] [-methods A,B] [-views V] [-largest N] [-bf16] [-profile] [-trace FILE] [-plot FILE]
//
//	train   training step of ResNet-32 on [B, 32, 32, 3], or of -net resnet18, resnet50 or any that backbone.NamedResNet
//	        knows on [B, 224, 224, 3] (-size N), images/s
//	infer   inference of the same networks, images/s
//	step    a whole Hybrid-SC step, augmentation included: three images a sample, images/s; mpirun -n 2 bench step: of two ranks, -trace FILE
//	        writes rank 0's backward passes and sums of gradients for chrome://tracing, and prints how much of the sums they hide
//	methods whole training steps of the methods of package method, and what their images foretell, images/s
//	input   batches that are only made, by one and by two workers: 32×32 from memory and from JPEG, 500×375 JPEG to 224×224, images/s
//	sc      supervised contrastive loss, forward and backward, ms
//	sgemm   square float32 product, GFLOP/s
//	conv    each layer shape of ResNet-32, or of -net resnet18, resnet34, resnet50, three passes, GFLOP/s
//	cores   the speed-up that 8, 16, 32 and 64 cores could give each layer shape of -net, by how its work is divided
//	scale   how fast 1 to 64 ranks train Hybrid-SC over a link of -latency ms and -gbits Gbit/s, from what one takes; mpirun -n 2 bench scale
//	        measures the link, and a step, which -trace FILE shows; -plot FILE.svg draws ResNet-32 and ResNet-50
//	width   networks of ConvBN of 24, 40 and 100 channels, against ResNet-32: three passes and a step, GFLOP/s
//	memory  peak memory of a Hybrid-SC step, and what was planned, MB; -chunk N passes so many samples at once, -recompute computes activations again
//	losses  memory of the SC and PSC losses over batches of 256 images to -batch, and classes, MB
//	peak    float32 fused multiply-adds from registers alone, GFLOP/s
//
// Run nothing beside it: a second busy process makes its figures wrong.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/internal/kernels"
	"github.com/longtail-ml/longtail/train"
)

// settings are the flags.
type settings struct {
	batch, threads, dim int
	latency, gbits      float64 // of job scale's link
	net                 string  // of jobs train and infer
	size                int     // of their images; 0: the usual one
	seconds             float64
	methods, views      string // of job methods
	largest             int
	chunk               int       // samples that pass the backbone at once in step and memory; 0: the batch
	recompute           bool      // activations in train, step and memory
	bfloat16            bool      // convolutions in it
	profile             *profiler // nil: none is wanted
	traceFile, plot     string    // "": none is wanted
	ranks               distributed.Communicator
	trace               func(train.Span)
}

// result is the JSON of a job, in the order of its keys.
type result map[string]any

var jobs = map[string]func(s settings) (result, error){
	"train": trainSet, "infer": infer, "step": step, "input": input, "sc": contrast, "sgemm": sgemm, "conv": conv, "cores": cores, "width": width,
	"memory": memory, "scale": scale, "peak": peak, "methods": methods, "losses": losses,
}

func main() {
	if len(os.Args) < 2 || jobs[os.Args[1]] == nil {
		names := []string{}
		for name := range jobs {
			names = append(names, name)
		}
		slices.Sort(names)
		fail(fmt.Errorf("the first argument is a job: %s", strings.Join(names, ", ")))
	}
	job := os.Args[1]
	s := settings{}
	f := flag.NewFlagSet("bench "+job, flag.ExitOnError)
	f.IntVar(&s.batch, "batch", 0, "images, rows or side of the matrix (default: by job)")
	f.StringVar(&s.net, "net", "resnet32", "network of train and infer: resnet32, resnet18, resnet50, …")
	f.IntVar(&s.size, "size", 0, "height and width of the images of train and infer (default: 32 for resnet32, otherwise 224)")
	f.IntVar(&s.chunk, "chunk", 0, "samples that pass the backbone at once in step and memory (default: the batch)")
	f.BoolVar(&s.recompute, "recompute", false, "compute activations again in the backward pass of train, step and memory")
	f.BoolVar(&s.bfloat16, "bf16", false, "convolutions in bfloat16")
	f.IntVar(&s.threads, "threads", 2, "threads")
	f.Float64Var(&s.latency, "latency", 0.2, "of a message between two ranks in scale, in ms")
	f.Float64Var(&s.gbits, "gbits", 1, "of each rank's link in scale, in Gbit/s")
	f.StringVar(&s.traceFile, "trace", "", "file for rank 0's backward passes and sums of gradients in step and scale under mpirun, as Chrome's trace events")
	f.StringVar(&s.plot, "plot", "", "file (.svg, .png) for how ResNet-32 and ResNet-50 scale")
	f.IntVar(&s.dim, "dim", 128, "width of the embedding in sc")
	f.Float64Var(&s.seconds, "seconds", 5, "time to measure for")
	f.StringVar(&s.methods, "methods", "", "names of methods, with commas between (default: all)")
	f.StringVar(&s.views, "views", "cifar", "augmentation of methods: cifar, the same for all, or paper, each its own")
	f.IntVar(&s.largest, "largest", 5000, "training images of the largest class in methods, whose queues hold as many as there are of all")
	level := f.String("level", "", "instructions to use, no better than the processor's: avx512, avx2, neon or generic")
	profile := f.Bool("profile", false, "print the time by kind of kernel to standard error")
	_ = f.Parse(os.Args[2:])
	fail(kernels.CheckEnvironment())
	fail(unused(f, job))
	if *level != "" && *level != kernels.Level() {
		again(*level)
	}
	runtime.GOMAXPROCS(s.threads)
	if *profile {
		s.profile = &profiler{}
	}
	base := peakMB()
	r, err := jobs[job](s)
	fail(err)
	fail(s.profile.print(os.Stderr, s.threads))
	r["level"], r["peer"], r["job"], r["threads"], r["peak_mb"] = kernels.Level(), "longtail", job, s.threads, peakMB()
	if r["base_mb"] == nil {
		r["base_mb"] = base
	}
	text, err := json.Marshal(r)
	fail(err)
	fmt.Println(string(text))
}

// uses are the flags of a job besides those of all.
var uses = map[string]string{
	"train": "net size batch recompute bf16", "infer": "net size batch bf16", "step": "net size batch chunk recompute bf16 trace", "input": "batch", "sc": "batch dim", "sgemm": "batch", "conv": "net batch bf16", "cores": "net batch",
	"width": "batch", "memory": "net size batch chunk recompute bf16", "scale": "net batch dim latency gbits trace plot", "peak": "", "losses": "batch dim", "methods": "batch methods views largest",
}

// unused reports arguments and flags that have no effect on a job.
func unused(f *flag.FlagSet, job string) (err error) {
	if f.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q: settings are flags", f.Arg(0))
	}
	of := append(strings.Fields(uses[job]), "level")
	switch job {
	case "cores": // one core after the other, so many times
	case "losses":
		of = append(of, "threads")
	default:
		of = append(of, "threads", "seconds", "profile")
	}
	f.Visit(func(f *flag.Flag) {
		if !slices.Contains(of, f.Name) {
			err = fmt.Errorf("-%s has no effect on the job %s", f.Name, job)
		}
	})
	return err
}

// again runs this program once more with the level set, since it is chosen once at start.
func again(level string) {
	if !slices.Contains(kernels.Levels(), level) {
		fail(fmt.Errorf("-level %s: this processor and this build have %s", level, strings.Join(kernels.Levels(), ", ")))
	}
	c := exec.Command(os.Args[0], os.Args[1:]...)
	c.Env = append(os.Environ(), "LONGTAIL_CPU="+level)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	if err := c.Run(); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

// timed returns the median time of f in seconds after two warm-up calls.
func (s settings) timed(f func(), seconds float64) float64 {
	f()
	f()
	s.profile.start()
	return median(times(f, seconds))
}

// times calls f for so long, and three times at least, and returns what each call took in seconds.
func times(f func(), seconds float64) (all []float64) {
	for end := time.Now().Add(time.Duration(seconds * float64(time.Second))); len(all) < 3 || time.Now().Before(end); {
		began := time.Now()
		f()
		all = append(all, time.Since(began).Seconds())
	}
	return all
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
