package experiment

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/internal/describe"
	"github.com/longtail-ml/longtail/manifest"
	"github.com/longtail-ml/longtail/method"
	"github.com/longtail-ml/longtail/safetensors"
)

// teacherFolder is the folder of a teacher's run in that of the run which learns from it.
const teacherFolder = "teacher"

// teacherSeed sets a teacher apart: its weights and batches are others than those of the network that learns from it.
const teacherSeed = 1 << 62

// addTeacher gives a run the network of Settings.Teacher to learn from, or one that it trains first.
func (d *Data) addTeacher(r *Run, m method.Method, images int) error {
	if path := d.Settings.Teacher; path != "" {
		teacher, about, err := hybrid.Open(path)
		if err != nil {
			return fmt.Errorf("experiment: teacher: %w", err)
		}
		if own := d.Train.Classes(); about.Classes != nil && own != nil && !slices.Equal(about.Classes, own) {
			return fmt.Errorf("experiment: the teacher %s knows other classes than the data have, or has them in another order: %s, where they are %s", path,
				someOf(about.Classes), someOf(own))
		}
		if err := r.Network.CheckTeacher(teacher); err != nil {
			return fmt.Errorf("experiment: teacher %s: %w", path, err)
		}
		r.Trainer.Streams = r.Trainer.Streams.TaughtBy(teacher)
		if about.Method != "" {
			r.Trainer.Notes.Other = append(r.Trainer.Notes.Other, "learns from a network trained by "+about.Method)
		}
		return nil
	}
	if d.Ranks != nil && d.Ranks.Size() > 1 {
		return fmt.Errorf("experiment: %s trains its teacher first, which several ranks cannot: train it by %s, and give its run as the teacher", m.Name, m.Teacher.Name)
	}
	of := *d
	of.Seed ^= teacherSeed
	teacher, err := of.newRun(*m.Teacher, images)
	if err != nil {
		return err
	}
	r.Teacher, r.Trainer.Streams = teacher, r.Trainer.Streams.TaughtBy(teacher.Network)
	return nil
}

// someOf are the first of some names.
func someOf(names []string) string {
	if len(names) > 5 {
		return fmt.Sprintf("%q and %d more", names[:5], len(names)-5)
	}
	return fmt.Sprintf("%q", names)
}

// describeTeacher says in the manifest how the teacher is trained first, if it is, or what came of it.
func (r *Run) describeTeacher() {
	if r.Teacher == nil {
		return
	}
	sum := "" // of what is not trained yet
	if r.taught != nil {
		sum = describe.Sum(r.Teacher.Network)
	} else {
		r.Manifest.Training.ImagesSeen += r.Teacher.Manifest.Training.ImagesSeen
	}
	r.Manifest.Training.Streams = slices.Clone(r.Manifest.Training.Streams)
	for i := range r.Manifest.Training.Streams {
		if s := &r.Manifest.Training.Streams[i]; s.Teacher != "" {
			s.Teacher = fmt.Sprintf("%s, trained first by %s with seed %d", describe.Teacher(r.Teacher.Network), r.Teacher.Method, r.Teacher.Trainer.Seed)
			s.TeacherSHA256 = sum
		}
	}
}

// teach trains the teacher, if there is one to train and it is not trained yet.
func (r *Run) teach(ctx context.Context) error {
	t := r.Teacher
	if t == nil {
		return nil
	}
	t.Dir, t.Resume, t.HeldOnly, t.Override = r.teacherDir(), true, r.HeldOnly, r.Override
	from := r.Trainer.Checkpoints
	t.Trainer.Checkpoints.EverySteps, t.Trainer.Checkpoints.EveryEpochs, t.Trainer.Checkpoints.Keep = from.EverySteps, from.EveryEpochs, from.Keep
	if t.Trainer.OnWarning == nil {
		t.Trainer.OnWarning = r.Trainer.OnWarning
	}
	var err error
	if r.taught, err = r.taughtBefore(); r.taught == nil || r.Override == (manifest.Override{}) { // which is for what learns from it
		r.taught, err = t.Do(ctx)
	}
	if err == nil && t.Dir != "" {
		_, err = safetensors.Load(filepath.Join(t.Dir, ModelFile), t.Network)
	}
	if err != nil {
		return fmt.Errorf("training the teacher: %w", err)
	}
	r.describeTeacher()
	return nil
}

// teacherDir is the folder of the teacher's run.
func (r *Run) teacherDir() string {
	if r.Dir == "" {
		return ""
	}
	return filepath.Join(r.Dir, teacherFolder)
}

// taughtBefore returns the report of a teacher that was trained before; nil if it is to be trained.
func (r *Run) taughtBefore() (*Report, error) {
	if r.Dir == "" {
		return nil, nil
	}
	before := Run{Dir: r.teacherDir()}
	return before.finished()
}
