package train_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/augment"
	"github.com/longtail-ml/longtail/autograd"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/loss"
	"github.com/longtail-ml/longtail/nn"
	"github.com/longtail-ml/longtail/sampler"
	"github.com/longtail-ml/longtail/schedule"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/longtail-ml/longtail/train"
	"github.com/stretchr/testify/require"
)

var taught = loss.Needs{Logits: true, Teacher: true}

// teacherOfPixels normalises otherwise than the network of pixels: its first logit is (pixel/255 − 0.1)/std.
func teacherOfPixels(t *testing.T, n *hybrid.Network, std float64) *hybrid.Network {
	t.Helper()
	teacher, err := hybrid.NewNetwork(n.Backbone, 2, hybrid.WithInput(1, 1, 1), hybrid.WithoutProjection(),
		hybrid.WithClassifier(&nn.Linear{Weight: autograd.NewParam(n.Classifier.(*nn.Linear).Weight.Value.Clone())}),
		hybrid.WithNormalize(augment.Normalize{Mean: []float64{0.1}, Std: []float64{std}}))
	require.NoError(t, err)
	return teacher
}

// The teacher sees the rows that a loss sees, normalised in its own way, whole or in chunks, and is paid for.
func TestTeachersSeeTheRowsOfTheirLosses(t *testing.T) {
	for _, std := range []float64{0.5, 1. / 255} { // the second is that of the network
		teachersSeeTheRows(t, std)
	}
}

func teachersSeeTheRows(t *testing.T, std float64) {
	n, d := pixels(t, 8)
	teacher := teacherOfPixels(t, n, std)
	for _, chunk := range []int{0, 2} {
		for _, rho := range []float64{0, 0.05} {
			step, calls := 0, 0
			look := func(views []int, needs loss.Needs) hybrid.Term {
				return hybrid.Term{Name: string(rune('a' + len(views))), Views: views, Rho: rho, Loss: spy{needs, func(in loss.Input) {
					if rho == 0 { // or the weights are elsewhere in the second pass
						require.Equal(t, rowsOf(views, step, 4), seen(in.Logits))
					}
					if !needs.Teacher {
						require.Nil(t, in.Teacher)
						return
					}
					calls++
					require.Equal(t, in.Logits.Shape(), in.Teacher.Shape())
					for row, p := range rowsOf(views, step, 4) {
						require.InDeltaSlice(t, []float64{(float64(p)/255 - 0.1) / std, 0}, in.Teacher.Rows(row, row+1).Data(), 1e-5)
					}
				}}}
			}
			s := ordered(look([]int{2, 0}, taught), look([]int{1}, loss.Needs{Logits: true}), look([]int{2, 1, 3}, taught))
			s.Views = []augment.Transform{view(0), view(1), view(2), view(3)}
			streams := hybrid.Streams{s, ordered(hybrid.Term{Name: "other", Loss: &loss.CrossEntropy{}, Rho: rho})}.TaughtBy(teacher)
			require.Nil(t, streams[1].Teacher)
			require.Equal(t, 8, streams[0].Images(), "four views, and all of them once more")
			passes := streams.Passes()
			tr := train.Trainer{Streams: streams, Epochs: 1, Batch: 4, Chunk: chunk, LearningRate: schedule.Constant(0),
				OnStep: func(r train.StepReport) error { step++; require.Equal(t, 9*4*passes, r.Images); return nil }}
			fit(t, tr, n, d, nil)
			require.Equal(t, 2, step)
			require.Equal(t, 2*2*passes, calls)
		}
	}
}

// A teacher is what it was when training began, in evaluation, and takes no gradient; whoever trains it later changes nothing.
func TestTeachersStayAsTheyWere(t *testing.T) {
	trainSet, _ := generated(t, 9)
	teacher, n := resNet(t, 7), resNet(t, 3)
	before := autograd.Snapshot(nn.Tensors(teacher)...)
	var first *tensor.Tensor
	look := spy{taught, func(in loss.Input) {
		if first == nil {
			first = in.Teacher.Clone()
			for _, x := range nn.Tensors(teacher) {
				x.Data()[0] += 100
			}
		}
		require.Equal(t, first.Data(), in.Teacher.Data())
	}}
	tr := train.Trainer{Streams: hybrid.Streams{ordered(hybrid.Term{Name: "spy", Loss: look})}.TaughtBy(teacher), Epochs: 2, Batch: 8, LimitSteps: 1}
	fit(t, tr, n, trainSet, nil)
	for _, x := range nn.Tensors(teacher) {
		was := before.Of(x).Clone()
		was.Data()[0] += 100
		require.Equal(t, was.Data(), x.Data())
	}
	require.NotEqual(t, make([]float32, first.Len()), first.Data())
}

// Learning from a teacher leads to what it says, though no label says it.
func TestAStudentLearnsFromItsTeacher(t *testing.T) {
	trainSet, test := generated(t, 9)
	teacher, n := mlp(t), mlp(t)
	for _, x := range nn.Tensors(n) {
		for i := range x.Data() {
			x.Data()[i] *= 0.5
		}
	}
	s := hybrid.Stream{Sampler: sampler.Instance{}, Terms: []hybrid.Term{{Name: "kd", Loss: &loss.Distillation{Temperature: 1, Power: 1}}}}
	r := fit(t, train.Trainer{Streams: hybrid.Streams{s}.TaughtBy(teacher), Epochs: 60, Batch: 8, LearningRate: schedule.Constant(0.05)}, n, trainSet, nil)
	require.Less(t, r.Epochs[59].Total, r.Epochs[0].Total/5)
	evaluator := hybrid.Evaluator{}
	want, err := evaluator.Predictions(t.Context(), teacher, test)
	require.NoError(t, err)
	got, err := evaluator.Predictions(t.Context(), n, test)
	require.NoError(t, err)
	agree := 0
	for i := range want {
		if want[i] == got[i] {
			agree++
		}
	}
	require.Greater(t, agree, test.Len()/2, "a quarter would be chance")
}

func TestWhatCannotTeachIsAnError(t *testing.T) {
	trainSet, _ := generated(t, 9)
	n, teacher := resNet(t, 3), resNet(t, 4)
	distil := func() hybrid.Streams {
		return hybrid.Streams{{Name: "s", Sampler: sampler.Instance{}, Terms: []hybrid.Term{{Name: "kd", Loss: &loss.Distillation{}}}}}
	}
	fails := func(want string, streams hybrid.Streams, n *hybrid.Network) {
		t.Helper()
		_, err := train.Trainer{Streams: streams, Batch: 8, Epochs: 1, LimitSteps: 1}.Fit(context.Background(), n, trainSet, nil)
		require.ErrorContains(t, err, want)
	}
	fails("stream 0 (s): a loss learns from a teacher, and Teacher is nil", distil(), n)
	fails("Teacher is the network that is trained", distil().TaughtBy(n), n)
	plain := hybrid.CE()
	plain[0].Teacher = teacher
	fails("Teacher is set, but no loss learns from it", plain, n)
	fails("the teacher takes 16×16×3, the network that is trained 8×8×3", distil().TaughtBy(resNet(t, 4, hybrid.WithInput(16, 16, 3))), n)
	other, err := hybrid.NewNetwork(teacher.Backbone, classes+1, hybrid.WithInput(8, 8, 3))
	require.NoError(t, err)
	fails("the teacher knows 5 classes, the network that is trained 4", distil().TaughtBy(other), n)
	broken := resNet(t, 4)
	nn.Tensors(broken)[0].Data()[2] = float32(math.Inf(1))
	fails("[2] is +Inf: it cannot teach", distil().TaughtBy(broken), n)

	// While it is trained itself it is no teacher.
	tr := train.Trainer{Streams: hybrid.CE(), Batch: 8, Epochs: 1, LimitSteps: 1, OnStep: func(train.StepReport) error {
		fails("another run is training its Teacher", distil().TaughtBy(teacher), n)
		return nil
	}}
	fit(t, tr, teacher, trainSet, nil)
}

// A manifest tells the teacher by what it is and its weights, and a run does not go on with another.
func TestManifestsNameTeachers(t *testing.T) {
	trainSet, _ := generated(t, 9)
	begin := func(seed uint64, dir string) error {
		n := resNet(t, 3)
		s := hybrid.Streams{{Sampler: sampler.Instance{}, Terms: []hybrid.Term{{Name: "kd", Loss: &loss.Distillation{}}}}}.TaughtBy(resNet(t, seed))
		tr := train.Trainer{Streams: s, Batch: 8, Epochs: 1, LimitSteps: 1, Checkpoints: train.Checkpoints{Dir: dir, Resume: true}}
		m, err := tr.Manifest(context.Background(), n, trainSet, nil)
		require.NoError(t, err)
		stream := m.Training.Streams[0]
		require.Regexp(t, `ResNet-8.*, \d+ parameters`, stream.Teacher)
		require.Len(t, stream.TeacherSHA256, 64)
		_, err = tr.Fit(context.Background(), n, trainSet, nil)
		return err
	}
	dir := t.TempDir()
	require.NoError(t, begin(7, dir))
	require.NoError(t, begin(7, dir))
	err := begin(8, dir)
	require.ErrorContains(t, err, "it is another run: training.streams[0].teacher_sha256 was ")
	require.Equal(t, 1, strings.Count(err.Error(), " was "))
}
