package train

import (
	"math"

	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/distributed"
	"github.com/longtail-ml/longtail/internal/batch"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/tensor"
)

// whole returns a stream's rows on all ranks, samples in the order of one process.
func (r *ranks) whole(part *batch.Rows, samples int) (*batch.Rows, error) {
	if !r.several() {
		return part, nil
	}
	const each = 3 // a row's label, its second label and its weight
	shards := distributed.Shards(samples, r.Size())
	mine := make([]int32, 0, each*len(part.Labels))
	for i, y := range part.Labels {
		second, weight := y, float32(1)
		if part.Mix != nil {
			second, weight = part.Mix.Labels[i], part.Mix.Weight[i]
		}
		mine = append(mine, int32(y), int32(second), int32(math.Float32bits(weight)))
	}
	all := make([]int32, each*part.Views*samples)
	if err := gatherRows(r, mine, all, shards, each); err != nil {
		return nil, err
	}
	w := *part
	w.Samples, w.Images = samples, part.Stream.Images()*samples
	w.Labels, w.Mix = make([]int, part.Views*samples), nil
	if part.Stream.Partner != nil || part.Stream.Mixer != nil {
		w.Mix = &loss.Mix{Labels: make([]int, len(w.Labels)), Weight: make([]float32, len(w.Labels))}
	}
	for i := range w.Labels {
		w.Labels[i] = int(all[each*i])
		if w.Mix != nil {
			w.Mix.Labels[i], w.Mix.Weight[i] = int(all[each*i+1]), math.Float32frombits(uint32(all[each*i+2]))
		}
	}
	return &w, nil
}

// gather puts the rows of all ranks on the tape, samples in the order of one process. The gradient of this rank's rows is taken times
// the number of ranks, see ranks.
func (r *ranks) gather(x *autograd.Var, samples int) (*autograd.Var, error) {
	if !r.several() || x == nil {
		return x, nil
	}
	shards := distributed.Shards(samples, r.Size())
	width := x.Value().Len() / x.Dim(0)
	views := x.Dim(0) / shards[r.Rank()]
	y := x.Tape().Scratch(append([]int{views * samples}, x.Shape()[1:]...)...)
	if err := gatherRows(r, x.Data(), y.Data(), shards, width); err != nil {
		return nil, err
	}
	from, to := distributed.Shard(samples, r.Rank(), r.Size())
	return autograd.Op("train.AllGather", y, []*autograd.Var{x}, func(gy *tensor.Tensor, gx []*tensor.Tensor) {
		d, g := gx[0].Data(), gy.Data()
		for v := range views {
			own := d[v*(to-from)*width : (v+1)*(to-from)*width]
			for i, gi := range g[(v*samples+from)*width : (v*samples+to)*width] {
				own[i] += float32(r.Size()) * gi
			}
		}
	}), nil
}

// gatherTensor is gather for what has no gradient.
func (r *ranks) gatherTensor(x *tensor.Tensor, samples int) (*tensor.Tensor, error) {
	if !r.several() || x == nil {
		return x, nil
	}
	shards := distributed.Shards(samples, r.Size())
	views := x.Dim(0) / shards[r.Rank()]
	y := tensor.New(append([]int{views * samples}, x.Shape()[1:]...)...)
	return y, gatherRows(r, x.Data(), y.Data(), shards, x.Len()/x.Dim(0))
}

// gatherRows fills all with the rows of all ranks, of each view those of rank 0, of rank 1 and so on.
func gatherRows[T distributed.Number](r *ranks, mine, all []T, shards []int, width int) error {
	views := len(mine) / (shards[r.Rank()] * width)
	counts, received, at := make([]int, len(shards)), make([]T, len(all)), 0
	for i, n := range shards {
		counts[i] = views * n * width
		if i == r.Rank() {
			copy(received[at:], mine)
		}
		at += counts[i]
	}
	if err := r.send(distributed.AllGather(r, received, counts)); err != nil {
		return err
	}
	at = 0
	first := 0
	rows := len(all) / views
	for _, n := range shards {
		for v := range views {
			at += copy(all[v*rows+first*width:v*rows+(first+n)*width], received[at:])
		}
		first += n
	}
	return nil
}
