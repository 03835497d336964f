package serve_test

import (
	"bytes"
	"fmt"
	"image/jpeg"
	"net/http"
	"testing"

	"github.com/longtail-ml/longtail/embedding"
	"github.com/longtail-ml/longtail/hybrid"
	"github.com/longtail-ml/longtail/serve"
	"github.com/longtail-ml/longtail/tensor"
	"github.com/stretchr/testify/require"
)

// indexed is the index of the first pictures that drawn gives, embedded by p.
func indexed(t testing.TB, p *hybrid.Predictor, n int) *embedding.Index {
	t.Helper()
	s := &embedding.Set{Classes: names, Vectors: tensor.New(n, p.EmbeddingDim())}
	var err error
	s.Probe, err = embedding.ProbeOf(p)
	require.NoError(t, err)
	for i := range n {
		copy(s.Vectors.Rows(i, i+1).Data(), vector(t, p, i))
		var b bytes.Buffer
		require.NoError(t, jpeg.Encode(&b, drawn(i), nil))
		s.Labels, s.Names, s.Thumbnails = append(s.Labels, i%len(names)), append(s.Names, fmt.Sprintf("/home/me/photos/train/%d.png", i)), append(s.Thumbnails, b.Bytes())
	}
	x, err := embedding.NewIndex(s)
	require.NoError(t, err)
	return x
}

func vector(t testing.TB, p *hybrid.Predictor, i int) []float32 {
	t.Helper()
	x, err := p.Prepare(drawn(i))
	require.NoError(t, err)
	v, err := p.EmbedPrepared(x)
	require.NoError(t, err)
	return v.Data()
}

func TestEmbeddingsAndNeighbours(t *testing.T) {
	p := predictor(t, 1)
	_, s := server(t, serve.Settings{Models: []serve.Model{{Name: "first one", Predictor: p, Index: indexed(t, p, 30)},
		{Name: "headless", Predictor: predictor(t, 2, hybrid.WithoutProjection())}}})
	body, kind := form(t, pictureFile(t, 4), []byte("none"), pictureFile(t, 21))
	var e serve.Embedded
	post(t, s.URL+"/v1/embed", kind, body).into(t, &e)
	require.Equal(t, 8, e.Dim)
	require.Equal(t, vector(t, p, 4), e.Images[0].Embedding)
	require.Equal(t, vector(t, p, 21), e.Images[2].Embedding, "bit for bit")
	require.NotEmpty(t, e.Images[1].Error)
	e = serve.Embedded{}
	post(t, s.URL+"/v1/embed?model=headless", "", pictureFile(t, 4)).into(t, &e)
	require.Equal(t, vector(t, predictor(t, 2, hybrid.WithoutProjection()), 4), e.Images[0].Embedding, "features of length one")

	var n serve.Neighbors
	post(t, s.URL+"/v1/neighbours?k=3", kind, body).into(t, &n)
	for at, i := range map[int]int{0: 4, 2: 21} {
		near := n.Images[at].Neighbours
		require.Len(t, near, 3)
		require.Equal(t, fmt.Sprintf("train/%d.png", i), near[0].Name)
		require.Equal(t, names[i%len(names)], near[0].Class)
		require.InDelta(t, 1, near[0].Cosine, 1e-5)
		require.GreaterOrEqual(t, near[1].Cosine, near[2].Cosine)
		small := get(t, s.URL+"/"+near[0].Thumbnail)
		require.Equal(t, "image/jpeg", small.header.Get("Content-Type"))
		_, err := jpeg.Decode(bytes.NewReader(small.body))
		require.NoError(t, err)
	}
	require.NotEmpty(t, n.Images[1].Error)
	n = serve.Neighbors{}
	post(t, s.URL+"/v1/neighbours?k=all", "", pictureFile(t, 4)).into(t, &n)
	require.Len(t, n.Images[0].Neighbours, 30)
	require.Contains(t, post(t, s.URL+"/v1/neighbours?model=headless", "", pictureFile(t, 4)).problem(t, http.StatusNotFound), "longtail embed")
	for _, row := range []string{"", "-1", "30", "x", "99999999999999999999"} {
		get(t, s.URL+"/v1/thumbnail?row="+row).problem(t, http.StatusNotFound)
	}
	_, err := serve.New(serve.Settings{Models: []serve.Model{{Name: "other", Predictor: predictor(t, 2), Index: indexed(t, p, 3)}}})
	require.ErrorContains(t, err, "of another model")
	_, err = serve.New(serve.Settings{Models: []serve.Model{{Name: "none", Predictor: p, Index: indexed(t, p, 0)}}})
	require.ErrorContains(t, err, "no images")
}
