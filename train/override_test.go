package train_test

import (
	"context"
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// Two images of a class exchanged are another run, though labels and counts are as they were.
func TestOtherImagesAreAnotherRun(t *testing.T) {
	trainSet, test := generated(t, 10)
	dir := t.TempDir()
	tr := short()
	tr.Checkpoints = train.Checkpoints{Dir: dir}
	fit(t, tr, mlp(t), trainSet, test)

	order := make([]int, trainSet.Len())
	for i := range order {
		order[i] = i
	}
	require.Equal(t, trainSet.Label(17), trainSet.Label(18))
	order[17], order[18] = 18, 17
	exchanged, err := dataset.Subset(trainSet, order)
	require.NoError(t, err)
	var pix []uint8 // in memory, so that the indices do not tell
	var img dataset.Image
	for i := range exchanged.Len() {
		require.NoError(t, exchanged.Image(i, &img))
		pix = append(pix, img.Pix...)
	}
	other, err := dataset.FromPixels(img.Shape(), trainSet.Classes(), pix, dataset.Labels(trainSet))
	require.NoError(t, err)

	tr.Epochs, tr.Checkpoints.Resume, tr.Checkpoints.Override.Epochs = 2, true, true
	_, err = tr.Fit(context.Background(), mlp(t), other, test)
	require.ErrorContains(t, err, "it is another run: data.train_content was \"40 images: ")
	tr.HashImages = train.HashNothing
	fit(t, tr, mlp(t), other, test) // it is told to trust them
}

// What Override allows goes on, once each, and every later manifest says from where.
func TestARunGoesOnThoughItDiffers(t *testing.T) {
	trainSet, test := generated(t, 10) // 10 steps an epoch
	dir := t.TempDir()
	trainer := func(epochs, evalBatch int, o manifest.Override) train.Trainer {
		tr := short()
		tr.Epochs, tr.EvalBatch, tr.LearningRate = epochs, evalBatch, schedule.MultiStep{Base: 0.05, Milestones: schedule.Milestones(epochs, 0.5)}
		tr.Streams[0].Terms[0].Weight = schedule.Complement(schedule.Curriculum{})
		tr.Checkpoints = train.Checkpoints{Dir: dir, Resume: true, Override: o}
		return tr
	}
	refuse := func(tr train.Trainer, want string) {
		t.Helper()
		_, err := tr.Fit(context.Background(), mlp(t), trainSet, test)
		require.ErrorContains(t, err, want)
		var would *manifest.Overridable
		require.ErrorAs(t, err, &would)
	}
	saved := func() manifest.Manifest {
		c, _, err := checkpoint.Store{Dir: dir}.Newest()
		require.NoError(t, err)
		m, err := manifest.Decode(c.Manifest)
		require.NoError(t, err)
		sum, err := checkpoint.SumManifest(c.Manifest)
		require.NoError(t, err)
		_, about, err := hybrid.Open(c.Path)
		require.NoError(t, err)
		require.Equal(t, sum, about.Manifest)
		return m
	}
	none := manifest.Override{}
	r := fit(t, trainer(2, 0, none), mlp(t), trainSet, test)
	require.Empty(t, r.NotBitForBit)
	refuse(trainer(3, 0, none), "Checkpoints.Override.Epochs would let it go on")
	refuse(trainer(2, 9, none), "Checkpoints.Override.EvalBatch would let it go on")
	refuse(trainer(2, 9, manifest.Override{Epochs: true}), "training.eval_batch was 0, now it is 9")
	r = fit(t, trainer(4, 0, manifest.Override{Epochs: true}), mlp(t), trainSet, test)
	require.Len(t, r.Epochs, 4)
	require.Len(t, r.NotBitForBit, 1)
	require.Equal(t, 20, r.NotBitForBit[0].Step)
	require.Contains(t, r.NotBitForBit[0].Changes, "training.epochs: 2, 4")
	require.Len(t, r.NotBitForBit[0].Changes, 2, "and the learning rate")
	require.Equal(t, r.NotBitForBit, saved().NotBitForBit)
	_, err := trainer(3, 0, manifest.Override{Epochs: true}).Fit(context.Background(), mlp(t), trainSet, test)
	require.ErrorContains(t, err, "epoch 4 of 3")

	// Interrupted in an epoch, with another batch of evaluation, and once more on a processor of another kind.
	ctx, cancel := context.WithCancel(context.Background())
	tr := trainer(6, 9, manifest.Override{Epochs: true, EvalBatch: true})
	tr.OnStep = func(s train.StepReport) error {
		if s.Number == 46 {
			cancel()
		}
		return nil
	}
	_, err = tr.Fit(ctx, mlp(t), trainSet, test)
	require.ErrorIs(t, err, context.Canceled)
	m := saved()
	require.Len(t, m.NotBitForBit, 2)
	require.Equal(t, 40, m.NotBitForBit[1].Step)
	rewriteManifest(t, dir, func(m *manifest.Manifest) { m.Build.CPULevel = "sse1" })
	refuse(trainer(6, 9, none), "Checkpoints.Override.CPULevel would let it go on")
	r = fit(t, trainer(6, 9, manifest.Override{CPULevel: true}), mlp(t), trainSet, test)
	require.Len(t, r.Epochs, 6)
	require.Equal(t, m.NotBitForBit, r.NotBitForBit[:2])
	require.Len(t, r.NotBitForBit, 3)
	require.Equal(t, 47, r.NotBitForBit[2].Step)
	require.Contains(t, r.NotBitForBit[2].Changes[0], "sse1")
	r = fit(t, trainer(6, 9, none), mlp(t), trainSet, test)
	require.Len(t, r.NotBitForBit, 3, "kept")
}

// rewriteManifest changes the manifest of the newest checkpoint, as another machine would have written it.
func rewriteManifest(t *testing.T, dir string, change func(*manifest.Manifest)) {
	t.Helper()
	c, _, err := checkpoint.Store{Dir: dir}.Newest()
	require.NoError(t, err)
	m, err := manifest.Decode(c.Manifest)
	require.NoError(t, err)
	change(&m)
	text, err := m.Encode()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(c.Path, "manifest.json"), text, 0o666))
	sums, err := os.ReadFile(filepath.Join(c.Path, "SHA256SUMS"))
	require.NoError(t, err)
	lines := regexp.MustCompile(`(?m)^[0-9a-f]{64}  manifest.json$`).ReplaceAll(sums, fmt.Appendf(nil, "%x  manifest.json", sha256.Sum256(text)))
	require.NotEqual(t, string(sums), string(lines))
	require.NoError(t, os.WriteFile(filepath.Join(c.Path, "SHA256SUMS"), lines, 0o666))
}
