package train_test

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/longtail-ml/longtail/checkpoint"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

// A disk that is full leaves the checkpoint before it, says so, and the run goes on when there is room. It mounts a small
// disk, which root may, and therefore runs only with LONGTAIL_FULL_DISK set.
func TestAFullDisk(t *testing.T) {
	if os.Getenv("LONGTAIL_FULL_DISK") == "" {
		t.Skip("set LONGTAIL_FULL_DISK=1 to mount a small disk, as root")
	}
	trainSet, test := generated(t, 5)
	trainer := func(dir string) train.Trainer {
		tr := short()
		tr.Epochs, tr.Checkpoints = 3, train.Checkpoints{Dir: dir, Keep: 1, Resume: true}
		return tr
	}
	whole := t.TempDir()
	want := resultText(t, fit(t, trainer(whole), resNet(t, 1), trainSet, test))
	size := int64(0)
	require.NoError(t, filepath.WalkDir(filepath.Join(whole, "epoch-0003-step-000000"), func(_ string, d fs.DirEntry, err error) error {
		info, err := d.Info()
		size += info.Size()
		return err
	}))

	disk := t.TempDir()
	mount := func(flags uintptr, bytes int64) error {
		return syscall.Mount("tmpfs", disk, "tmpfs", flags, fmt.Sprintf("size=%d", bytes))
	}
	if err := mount(0, size+size/2+32<<10); err != nil {
		t.Skipf("cannot mount: %v", err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(disk, 0)) })
	_, err := trainer(disk).Fit(context.Background(), resNet(t, 1), trainSet, test)
	require.ErrorIs(t, err, syscall.ENOSPC)
	first, second := filepath.Join(disk, "epoch-0001-step-000000"), filepath.Join(disk, "epoch-0002-step-000000")
	require.ErrorContains(t, err, "train: after epoch 1: checkpoint: saving "+second+": ")
	require.ErrorContains(t, err, "no space left on device; the checkpoint before it is intact: "+first)
	require.Equal(t, "e1 s0", listed(t, disk))
	_, err = checkpoint.Open(first)
	require.NoError(t, err)

	_, err = trainer(disk).Fit(context.Background(), resNet(t, 1), trainSet, test)
	require.ErrorIs(t, err, syscall.ENOSPC, "no better the second time, and no worse")
	require.Equal(t, "e1 s0", listed(t, disk))

	require.NoError(t, mount(syscall.MS_REMOUNT, 10*size))
	require.Equal(t, want, resultText(t, fit(t, trainer(disk), resNet(t, 1), trainSet, test)))
}
