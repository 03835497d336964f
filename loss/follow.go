package loss

import (
	"github.com/longtail-ml/longtail/prototype"
	"github.com/longtail-ml/longtail/schedule"
)

// What losses remember of a step, once it is kept.

// observeBank tells a bank that follows the embeddings of a training step.
func observeBank(bank prototype.Bank, in Input) {
	o, ok := bank.(prototype.Observer)
	if !ok || !in.Embedding.Tape().Mode().Train {
		return
	}
	z := in.Embedding.Value()
	in.Embedding.Tape().AfterStep(func() { o.Observe(z, in.Labels, lastOfEpoch(in.At)) })
}

// lastOfEpoch tells whether no step of the epoch follows.
func lastOfEpoch(p schedule.Progress) bool { return p.Step == p.Steps-1 }

// enqueue puts the keys of a training step into the queue: those of the momentum encoder, or else the embeddings of all
// views but the first, if there are others.
func enqueue(q *Queue, in Input) {
	if q == nil || !in.Embedding.Tape().Mode().Train {
		return
	}
	rows, labels, n := in.Keys, []int(nil), len(in.Labels)/in.Views
	if rows == nil {
		from := 0
		if in.Views > 1 {
			from = n
		}
		rows, labels = in.Embedding.Value().Rows(from, len(in.Labels)), in.Labels[from:]
	} else {
		for i := range rows.Dim(0) {
			labels = append(labels, in.Labels[i%n])
		}
	}
	in.Embedding.Tape().AfterStep(func() { q.Add(rows, labels) })
}
