package report

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/longtail-ml/longtail/backbone"
	"github.com/longtail-ml/longtail/dataset"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// clusters are unit rows around a direction for each label.
func clusters(n, classes, dim int, spread float64) (*tensor.Tensor, []int) {
	rng := rand.New(rand.NewPCG(3, 4))
	x, labels := tensor.New(n, dim), make([]int, n)
	for i := range n {
		labels[i] = i % classes
		row := x.Rows(i, i+1).Data()
		for j := range row {
			row[j] = float32(spread * rng.NormFloat64())
		}
		row[labels[i]]++
		length := norm(row)
		for j := range row {
			row[j] /= float32(length)
		}
	}
	return x, labels
}

// graph is a neighbor graph of x, laid out.
func graph(t *testing.T, x *tensor.Tensor, from [][2]float64) (edges []edge, laid [][2]float64) {
	edges, err := neighborGraph(context.Background(), x, 15)
	require.NoError(t, err)
	return edges, layOut(edges, from)
}

// Points of one cluster stay together in both maps, and the same rows give the same bits.
func TestMapsKeepNeighbors(t *testing.T) {
	x, labels := clusters(300, 3, 12, 0.1)
	pca, share, ok := principal(x)
	require.True(t, ok)
	require.Greater(t, share[0]+share[1], 0.6)
	edges, laid := graph(t, x, pca)
	_, again := graph(t, x, pca)
	require.Equal(t, laid, again)
	for _, at := range [][][2]float64{pca, laid} {
		right := 0
		for i := range at {
			nearest, distance := 0, math.Inf(1)
			for j := range at {
				if d := math.Hypot(at[i][0]-at[j][0], at[i][1]-at[j][1]); i != j && d < distance {
					nearest, distance = j, d
				}
			}
			if labels[nearest] == labels[i] {
				right++
			}
		}
		require.Greater(t, right, 290)
	}
	for _, e := range edges {
		require.True(t, e.a < e.b && e.weight > 0 && e.weight <= 1, e)
	}
}

func TestNoMapOfTooLittle(t *testing.T) {
	_, _, ok := principal(tensor.New(2, 5))
	require.False(t, ok)
	_, _, ok = principal(tensor.New(50, 1))
	require.False(t, ok)
	_, _, ok = principal(tensor.New(50, 5)) // all alike
	require.False(t, ok)
	line := tensor.New(50, 2)
	for i := range 50 {
		line.Data()[2*i] = float32(i)
	}
	_, _, ok = principal(line)
	require.False(t, ok)
	x, _ := clusters(3, 3, 3, 0.1)
	pca, _, ok := principal(x)
	require.True(t, ok)
	_, laid := graph(t, x, pca)
	for _, p := range laid {
		require.False(t, math.IsNaN(p[0]+p[1]))
	}
}

// The rarest third of the classes, one mistake of each before a second.
func TestRare(t *testing.T) {
	var outcomes []Outcome
	for i := range 30 {
		outcomes = append(outcomes, Outcome{Label: i % 6, Predicted: 0, Confidence: float32(i) / 30})
	}
	counts := []int{90, 80, 70, 60, 3, 5}
	picks := rare(outcomes, counts, 5)
	var labels []int
	for _, i := range picks {
		labels = append(labels, outcomes[i].Label)
	}
	require.Equal(t, []int{4, 5, 4, 5, 4}, labels)
	require.Equal(t, 28, picks[0]) // its surest
	require.Equal(t, 29, wrong(outcomes)[0])
}

func images(t *testing.T, side int, labels ...int) *dataset.Memory {
	rng := rand.New(rand.NewPCG(uint64(side), 9))
	pix := make([]uint8, side*side*3*len(labels))
	for i := range pix {
		pix[i] = uint8(rng.IntN(256))
	}
	m, err := dataset.FromPixels(dataset.Shape{Height: side, Width: side, Channels: 3}, []string{"a", "b"}, pix, labels)
	require.NoError(t, err)
	return m
}

func TestSample(t *testing.T) {
	labels := make([]int, 100)
	for i := 90; i < 100; i++ {
		labels[i] = 1
	}
	d := images(t, 2, labels...)
	some := sample(d, 30)
	require.Len(t, some, 30)
	require.Equal(t, []int{90, 91, 92, 93, 94, 95, 96, 97, 98, 99}, some[20:]) // all of the small class
	require.Len(t, sample(d, 1000), 100)
	require.Len(t, sample(d, 1), 2) // one of each at least
}

// Duplicates across the sets, and of two classes within the test set, are found with their pictures.
func TestDuplicates(t *testing.T) {
	train, test := images(t, 8, 0, 1, 0, 1), images(t, 8, 0, 1, 0, 1)
	both, err := dataset.Subset(test, []int{1, 2})
	require.NoError(t, err)
	net := small(t, 8)
	got, notes, err := Evaluate(context.Background(), net, Sets{Train: train, Test: both}, Settings{})
	require.NoError(t, err)
	require.Contains(t, strings.Join(notes, " "), "2 of width 16 do not span two dimensions")
	require.Len(t, got.Duplicates, 2)
	d := got.Duplicates[0]
	require.Equal(t, []int{0, 1}, []int{d.Image, d.Other})
	require.True(t, d.Trained)
	require.Contains(t, string(d.Again.Data), "data:image/png;base64,")

	ctx, cancel := context.WithCancelCause(context.Background())
	stopped := errors.New("stopped")
	cancel(stopped)
	require.Equal(t, stopped, (&look{}).noPicture(ctx, ctx.Err()), "what is stopped is no picture left out")

	none, notes, err := Evaluate(context.Background(), net, Sets{Test: both}, Settings{})
	require.NoError(t, err)
	require.Empty(t, none.Duplicates)
	require.Contains(t, strings.Join(notes, " "), "no training images")
}

func small(t *testing.T, side int) *hybrid.Network {
	body, err := backbone.NewCIFARResNet(backbone.CIFARResNetSettings{Depth: 8, Width: 4})
	require.NoError(t, err)
	net, err := hybrid.NewNetwork(body, 2, hybrid.WithInput(side, side, 3), hybrid.WithoutProjection())
	require.NoError(t, err)
	return net
}

// Large pictures come down to thumbnails; a class without images and a test set of one image are no trouble.
func TestEvaluateOfLittle(t *testing.T) {
	p, err := picture(images(t, 200, 0), 0)
	require.NoError(t, err)
	require.Contains(t, string(p.Data), "data:image/jpeg;base64,")
	require.Less(t, len(p.Data), 40000)
	one := images(t, 8, 0)
	got, notes, err := Evaluate(context.Background(), small(t, 8), Sets{Train: one, Test: one}, Settings{})
	require.NoError(t, err)
	require.Contains(t, strings.Join(notes, " "), "no map")
	r := &Run{Name: "little", Test: got, Notes: notes}
	r.Figures.TrainCounts = []int{1, 0}
	require.NotRegexp(t, `NaN|%!|Inf\b`, written(t, r))
	require.Contains(t, written(t, r), "No temperature was fitted")
	_, _, err = Evaluate(context.Background(), small(t, 8), Sets{}, Settings{})
	require.ErrorContains(t, err, "Sets.Test is nil")
}
