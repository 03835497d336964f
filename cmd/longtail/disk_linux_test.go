package main

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// place is where a program writes: a small disk of its own below dir.
type place struct {
	t    *testing.T
	dir  string
	disk string // dir/disk
}

func newPlace(t *testing.T) place {
	dir := t.TempDir()
	p := place{t, dir, filepath.Join(dir, "disk")}
	require.NoError(t, os.Mkdir(p.disk, 0o777))
	return p
}

// mount puts a disk at p.disk, over what is there.
func (p place) mount(flags uintptr, options string) {
	p.t.Helper()
	require.NoError(p.t, syscall.Mount("tmpfs", p.disk, "tmpfs", flags, options))
	p.t.Cleanup(func() { _ = syscall.Unmount(p.disk, syscall.MNT_DETACH) })
}

func (p place) remount(options string) {
	p.t.Helper()
	require.NoError(p.t, syscall.Mount("tmpfs", p.disk, "tmpfs", syscall.MS_REMOUNT, options))
}

// fill leaves no room on the disk.
func (p place) fill() {
	f, err := os.Create(filepath.Join(p.disk, "filler"))
	require.NoError(p.t, err)
	defer f.Close()
	for _, piece := range []int{1 << 16, 1 << 12} {
		for {
			if _, err := f.Write(make([]byte, piece)); err != nil {
				require.ErrorIs(p.t, err, syscall.ENOSPC)
				break
			}
		}
	}
}

func (p place) unfill() { require.NoError(p.t, os.Remove(filepath.Join(p.disk, "filler"))) }

// all are the files and folders below the disk.
func (p place) all() (paths []string) {
	require.NoError(p.t, filepath.WalkDir(p.disk, func(path string, d fs.DirEntry, err error) error {
		paths = append(paths, path)
		return err
	}))
	return paths
}

// trouble is what befalls a disk that a run of ten epochs is written to.
type trouble struct {
	disk   string             // options of the disk; "": it is a folder like others
	flags  uintptr            // of the disk
	before func(place) string // what to do first; it returns a command that the program runs under, or ""
	within func(place)        // what to do in the third epoch
	told   string             // part of the message
	mend   func(place)        // makes it good again: then the run goes on and ends like one that had no trouble; nil: it is not tried
	gone   bool               // nothing of the run is left to go on with: it begins anew
}

var troubles = map[string]trouble{
	"full from the start":       {disk: "size=4k", told: "no space left", mend: func(p place) { p.remount("size=8m") }, gone: true},
	"full at the first save":    {disk: "size=48k", told: "no space left", mend: func(p place) { p.remount("size=8m") }, gone: true},
	"full after some saves":     {disk: "size=150k", told: "no space left", mend: func(p place) { p.remount("size=8m") }},
	"filled by another":         {disk: "size=8m", within: place.fill, told: "no space left", mend: place.unfill},
	"no inodes from the start":  {disk: "size=8m,nr_inodes=3", told: "no space left", mend: func(p place) { p.remount("size=8m,nr_inodes=1000") }, gone: true},
	"no inodes after some":      {disk: "size=8m,nr_inodes=24", told: "no space left", mend: func(p place) { p.remount("size=8m,nr_inodes=1000") }},
	"read-only from the start":  {disk: "size=8m", flags: syscall.MS_RDONLY, told: "read-only file system", mend: func(p place) { p.remount("size=8m") }, gone: true},
	"hidden by another disk":    {disk: "size=8m", within: func(p place) { p.mount(0, "size=8m") }, told: "no such file", mend: func(p place) { require.NoError(p.t, syscall.Unmount(p.disk, syscall.MNT_DETACH)) }},
	"hidden by a read-only one": {disk: "size=8m", within: func(p place) { p.mount(syscall.MS_RDONLY, "size=8m") }, told: "no such file", mend: func(p place) { require.NoError(p.t, syscall.Unmount(p.disk, syscall.MNT_DETACH)) }},
	"taken away":                {disk: "size=8m", within: func(p place) { require.NoError(p.t, syscall.Unmount(p.disk, syscall.MNT_DETACH)) }, told: "no such file", gone: true, mend: func(place) {}},
	"files of 4 KB at most":     {before: func(place) string { return "ulimit -f 4" }, told: "file too large", mend: func(place) {}, gone: true},
	"9 open files":              {before: func(place) string { return "ulimit -n 9" }, told: "too many open files", mend: func(place) {}, gone: true},
	"run removed":               {within: func(p place) { require.NoError(p.t, os.RemoveAll(filepath.Join(p.disk, "run"))) }, told: "no such file", mend: func(place) {}, gone: true},
	"checkpoints removed":       {within: func(p place) { require.NoError(p.t, os.RemoveAll(filepath.Join(p.disk, "run", "checkpoints"))) }, told: "no such file", mend: func(place) {}, gone: true},
	"checkpoints now a file": {within: func(p place) {
		dir := filepath.Join(p.disk, "run", "checkpoints")
		require.NoError(p.t, os.Rename(dir, dir+" "))
		require.NoError(p.t, os.WriteFile(dir, nil, 0o666))
	}, told: " director", mend: func(p place) {
		dir := filepath.Join(p.disk, "run", "checkpoints")
		require.NoError(p.t, os.Remove(dir))
		require.NoError(p.t, os.Rename(dir+" ", dir))
	}},
	"folder is a file": {before: func(p place) string {
		require.NoError(p.t, os.WriteFile(filepath.Join(p.disk, "run"), []byte("mine"), 0o666))
		return ""
	}, told: "not a directory", mend: func(p place) {
		path := filepath.Join(p.disk, "run")
		require.Equal(p.t, "mine", read(p.t, path))
		require.NoError(p.t, os.Remove(path))
	}, gone: true},
}

// Disks that are full, read-only, limited or go away: a run says so with the path, exits with 1, and goes on when the disk is good
// again, to the same files. It mounts small disks, which root may, and therefore runs only with LONGTAIL_FULL_DISK set.
func TestTroubleWithDisks(t *testing.T) {
	if os.Getenv("LONGTAIL_FULL_DISK") == "" {
		t.Skip("set LONGTAIL_FULL_DISK=1 to mount small disks, as root")
	}
	const words = "train --resume --quick --size 8 --width 2 --epochs 10 --out disk/run"
	good := newPlace(t)
	log, err := program(t, good.dir, words).CombinedOutput()
	require.NoError(t, err, "%s", log)
	want := left(t, good.disk, []string{"run"})
	for name, c := range troubles {
		t.Run(name, func(t *testing.T) {
			p := newPlace(t)
			if c.disk != "" {
				p.mount(c.flags, c.disk)
			}
			process, under := program(t, p.dir, words), ""
			if c.before != nil {
				under = c.before(p)
			}
			if under != "" {
				process = exec.Command("sh", "-c", under+`; exec "$@"`, "sh", process.Path)
				process.Args, process.Dir = append(process.Args, strings.Fields(words)...), p.dir
			}
			var log bytes.Buffer
			waiter := &lineWaiter{text: "epoch 3/10  lr", do: func() {
				if c.within != nil {
					c.within(p)
				}
			}}
			process.Stderr = io.MultiWriter(&log, waiter)
			err := process.Run()
			require.Error(t, err, log.String())
			require.Equal(t, failed, process.ProcessState.ExitCode(), log.String())
			require.Contains(t, log.String(), "longtail: ")
			require.Contains(t, log.String(), c.told)
			require.Contains(t, log.String(), filepath.Join("disk", "run"), "the path")
			c.mend(p)
			text, err := program(t, p.dir, words).CombinedOutput()
			require.NoError(t, err, "%s", text)
			anew := strings.Contains(string(text), "epoch 1/10")
			if c.gone && !anew && c.within != nil {
				t.Skip("what was removed came back by a save at that moment")
			}
			require.Equal(t, c.gone, anew, "%s", text)
			require.Equal(t, want, left(t, p.disk, []string{"run"}))
			for _, path := range p.all() {
				require.NotContains(t, filepath.Base(path), ".tmp", "what a failed run began is removed")
			}
		})
	}
}

// Commands that write one file leave the one before as it was, and nothing else, where there is no room for it.
func TestNoRoomForAFile(t *testing.T) {
	if os.Getenv("LONGTAIL_FULL_DISK") == "" {
		t.Skip("set LONGTAIL_FULL_DISK=1 to mount small disks, as root")
	}
	run := filepath.Join(t.TempDir(), "run")
	data := photos(t)
	succeed(t, "train --data "+data+small+"--out", run)
	for _, words := range []string{"export " + run + " -o", "report " + run + " -o", "embed " + run + " " + filepath.Join(data, "test") + " -o",
		"compare --methods none --with " + run + " --json"} {
		for name, disk := range map[string]struct {
			flags   uintptr
			options string
			told    string
		}{
			"full":      {0, "size=8k", "no space left"},
			"no inodes": {0, "size=8m,nr_inodes=2", "no space left"},
			"read-only": {syscall.MS_RDONLY, "size=8m", "read-only file system"},
		} {
			t.Run(fmt.Sprintf("%s %s", strings.Fields(words)[0], name), func(t *testing.T) {
				p := newPlace(t)
				p.mount(0, disk.options)
				out := filepath.Join(p.disk, "out.safetensors")
				require.NoError(t, os.WriteFile(out, []byte("mine"), 0o666))
				if disk.flags != 0 {
					require.NoError(t, syscall.Mount("tmpfs", p.disk, "tmpfs", syscall.MS_REMOUNT|disk.flags, disk.options))
				}
				code, _, log := line(words, out)
				require.Contains(t, []int{failed, usage}, code, log) // usage, where it is seen before anything is done
				require.Contains(t, log, disk.told)
				require.Contains(t, log, out, "the path")
				require.Equal(t, "mine", read(t, out))
				require.Len(t, p.all(), 2)
			})
		}
	}
}
