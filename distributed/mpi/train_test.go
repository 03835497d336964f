package mpi_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/distributed/mpi"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
)

// trainOn trains a small network for some epochs, of two steps each, and returns a checksum of its weights.
func trainOn(c distributed.Communicator, dir string, epochs int, onStep func(train.StepReport) error) (string, error) {
	set, test, err := dataset.Generate(dataset.GenerateSettings{Classes: 4, Size: 8, PerClass: 6, TestPerClass: 4, Seed: 1})
	if err != nil {
		return "", err
	}
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4, Seed: 3})
	if err != nil {
		return "", err
	}
	n, err := hybrid.NewNetwork(body, 4, hybrid.WithInput(8, 8, 3), hybrid.WithProjection(0, 8))
	if err != nil {
		return "", err
	}
	result, err := train.Trainer{Streams: hybrid.SC(0.1), Epochs: 6, Batch: 12, LearningRate: schedule.Constant(0.02), EvalEvery: 3, Seed: 1, Ranks: c,
		SyncBatchNorm: true, EMA: train.EMA{Decay: 0.9}, Checkpoints: train.Checkpoints{Dir: dir, Resume: dir != ""}, OnStep: onStep,
		OnEpoch: func(e train.EpochReport) error {
			if e.Epoch == epochs {
				return errEnough
			}
			return nil
		}}.Fit(context.Background(), n, set, test)
	if err != nil && !errors.Is(err, errEnough) && !strings.Contains(err.Error(), errEnough.Error()) {
		return "", err
	}
	h := sha256.New()
	for _, x := range nn.Tensors(n) {
		for _, v := range x.Data() {
			h.Write(binary.LittleEndian.AppendUint32(nil, math.Float32bits(v)))
		}
	}
	return fmt.Sprintf("weights %x after %d epochs, %d changes", h.Sum(nil)[:8], len(result.Epochs), len(result.NotBitForBit)), nil
}

var errEnough = errors.New("enough for now")

func init() {
	programs["train"] = func() error {
		c, err := mpi.Open(mpi.Settings{})
		if err != nil {
			return err
		}
		epochs := 6
		if _, err := fmt.Sscan(os.Getenv("LONGTAIL_MPI_EPOCHS"), &epochs); err != nil {
			epochs = 6
		}
		text, err := trainOn(c, os.Getenv("LONGTAIL_MPI_DIR"), epochs, nil)
		if err != nil {
			return err
		}
		fmt.Printf("rank %d: %s\n", c.Rank(), text)
		return c.Close()
	}
	programs["killed"] = func() error {
		c, err := mpi.Open(mpi.Settings{})
		if err != nil {
			return err
		}
		_, err = trainOn(c, "", 6, func(s train.StepReport) error {
			if c.Rank() == 1 && s.Number == 3 {
				p, err := os.FindProcess(os.Getpid())
				return errors.Join(err, p.Kill())
			}
			return nil
		})
		return err
	}
}

// weights are what all ranks say they ended with.
func weights(t *testing.T, out string, ranks int) string {
	t.Helper()
	all := regexp.MustCompile(`rank \d: (weights .*)`).FindAllStringSubmatch(out, -1)
	require.Len(t, all, ranks, out)
	for _, a := range all {
		require.Equal(t, all[0][1], a[1])
	}
	return all[0][1]
}

// Processes train what goroutines train, to the bit, and go on with another number.
func TestTrainingOverMPI(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("LONGTAIL_MPI_DIR", dir)
	t.Setenv("LONGTAIL_MPI_EPOCHS", "1")
	out, err := mpirun(t, 2, "train")
	require.NoError(t, err, out)
	got := weights(t, out, 2)

	var want string
	require.NoError(t, distributed.Run(2, func(c distributed.Communicator) error {
		text, err := trainOn(c, "", 1, nil)
		if c.Rank() == 0 {
			want = text
		}
		return err
	}))
	require.Equal(t, want, got)

	t.Setenv("LONGTAIL_MPI_EPOCHS", "3")
	out, err = mpirun(t, 4, "train")
	require.NoError(t, err, out)
	require.Contains(t, weights(t, out, 4), "after 4 epochs, 1 changes")
	text, err := trainOn(nil, dir, 6, nil)
	require.NoError(t, err)
	require.Contains(t, text, "after 6 epochs, 2 changes")
}

// Another kind of processor is found in the beginning.
func TestRanksOfOtherProcessors(t *testing.T) {
	out, err := mpirun(t, 1, "train", ":", "-n", "1", "-x", "LONGTAIL_CPU=generic", os.Args[0])
	require.Error(t, err)
	require.Contains(t, out, "rank 1: build.cpu_level is \"generic\"")
}

// A rank that is killed ends the job at once, and mpirun says which it was.
func TestKillOfARankEndsTheJob(t *testing.T) {
	begun := time.Now()
	out, err := mpirun(t, 3, "killed")
	require.Error(t, err)
	require.Contains(t, out, "process rank 1")
	require.Contains(t, out, "signal 9")
	require.Less(t, time.Since(begun), 30*time.Second)
}
